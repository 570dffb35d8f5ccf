/**
 * What a simulated model does with a request. The first line that matches answers; one with `times` is used up. Write it
 * down as data: it may have to travel to another process.
 */
export interface ScriptLine {
  /** What the user's last message has to hold; anything when absent. */
  readonly match?: RegExp | string
  /** What is answered. */
  readonly reply?: string
  /** The tools that are called, with their arguments. */
  readonly calls?: readonly { readonly name: string; readonly arguments: unknown }[]
  /** Answers with this status and an error. */
  readonly fail?: number
  /** Seconds, told with `fail`. */
  readonly retryAfter?: number
  /** Breaks the connection after so many words. */
  readonly cutAfter?: number
  /** How fast the words come; at once when absent. */
  readonly tokensPerSecond?: number
  /** How often the line answers before it is used up. */
  readonly times?: number
}

/** A script as JSON can carry it. */
export type WrittenScript = readonly (Omit<ScriptLine, 'match'> & {
  readonly pattern: { readonly source: string; readonly flags: string } | null
})[]

export const writeScript = (script: readonly ScriptLine[]): WrittenScript =>
  script.map(({ match, ...line }) => Object.assign(line, { pattern: patternOf(match) }))

function patternOf(match: ScriptLine['match']): { source: string; flags: string } | null {
  if (match === undefined) return null
  if (typeof match !== 'string') return { source: match.source, flags: match.flags.replaceAll(/[gy]/g, '') }
  return { source: match.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`), flags: '' }
}
