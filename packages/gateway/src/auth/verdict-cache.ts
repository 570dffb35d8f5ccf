import type { Caller } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'

/** How long a good token is believed without a second look. */
export const VERDICT_TTL_MS = 60_000

export interface Verdict {
  readonly caller: Caller
  /** When the token expires, in ms since 1970. */
  readonly expiresAt: number
}

/** The caller behind a token: remembered, or examined. Rejects with what `examine` rejects with. */
export type VerdictCache = (token: string, examine: () => Promise<Verdict>) => Promise<Caller>

interface CacheOptions {
  readonly clock: Clock
  readonly limit?: number
}

/**
 * Remembers good verdicts only: whoever floods us with bad tokens cannot push out the good ones. The key is a hash of the
 * whole token, so that nothing shorter than the token finds its verdict and no token lies in memory. The same
 * token asked for many times at once is examined once.
 */
export function createVerdictCache({ clock, limit = 10_000 }: CacheOptions): VerdictCache {
  const known = new Map<string, { readonly caller: Caller; readonly until: number }>()
  const underway = new Map<string, Promise<Verdict>>()

  const remember = (key: string, { caller, expiresAt }: Verdict): void => {
    known.delete(key)
    known.set(key, { caller, until: clock.elapsed() + Math.min(VERDICT_TTL_MS, expiresAt - clock.now()) })
    const [leastRecentlyUsed] = known.keys()
    if (known.size > limit && leastRecentlyUsed !== undefined) known.delete(leastRecentlyUsed)
  }

  const recall = (key: string): Caller | null => {
    const verdict = known.get(key)
    if (verdict === undefined) return null
    // A Map keeps the order of insertion: taken out and put back, the entry is the youngest.
    known.delete(key)
    if (verdict.until <= clock.elapsed()) return null
    known.set(key, verdict)
    return verdict.caller
  }

  return async (token, examine) => {
    const key = await sha256(token)
    const caller = recall(key)
    if (caller !== null) return caller
    const examination = underway.get(key) ?? examine().finally(() => underway.delete(key))
    underway.set(key, examination)
    const verdict = await examination
    remember(key, verdict)
    return verdict.caller
  }
}

async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toHex()
}
