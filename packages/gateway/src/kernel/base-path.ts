/**
 * What may stand before a route. A wrong base URL is the most common first mistake: `/v1` may be there, be missing or be
 * there twice. Groq's clients put `/openai/v1` before every path by themselves.
 */
export const basePaths = ['', '/v1', '/v1/v1', '/openai/v1'] as const

/** A path as the route table writes it. */
export function withoutBasePath(path: string): string {
  const base = basePaths.findLast((base) => path.startsWith(`${base}/`)) ?? ''
  return path.slice(base.length)
}
