import type { UpstreamAnswer } from '../providers/provider.ts'

/** What comes next of an answer's body; `null` at its end. Throws what it broke off with. */
export function nextPart({ body }: UpstreamAnswer): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return Promise.resolve(null)
  return new Promise((resolve, reject) => body.next({ part: resolve, end: () => resolve(null), fault: reject }))
}
