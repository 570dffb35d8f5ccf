import type { Clock } from '../kernel/clock.ts'
import type { FetchDocument } from './document.ts'
import { verificationKeys, type VerificationKey } from './verification-keys.ts'

const MINUTE_MS = 60_000

/** How old keys may become while the identity provider answers. */
export const MAX_AGE_MS = 10 * MINUTE_MS

/** How long they serve beyond that while it does not. */
const STALE_IF_ERROR_MS = 60 * MINUTE_MS

const COOL_DOWN_MS = 5000
const UNKNOWN_KID_PAUSE_MS = 30_000

export interface KeySet {
  /** The keys at hand; `null` before the first were read, and once they are too old to be trusted. */
  current(): readonly VerificationKey[] | null
  /**
   * Reads the keys anew, once however many ask at the same time. Rejects with the reason, and without asking during the
   * cool-down after a failure; the keys at hand stay.
   */
  refresh(jwksUri: string): Promise<void>
  /** How long the cool-down still lasts. */
  coolDownMs(): number
  /** Reads the keys anew if none has this id: it may be younger than they are. Never rejects. */
  seek(kid: string): Promise<void>
}

/** The issuer's keys, as a cache that a flood of made-up key ids can neither empty nor turn into a flood of fetches. */
export function createKeySet(fetchDocument: FetchDocument, clock: Clock): KeySet {
  let keys: readonly VerificationKey[] = []
  let source: string | null = null
  let readAt = -Infinity
  let failure: { readonly error: unknown; readonly until: number } | null = null
  let soughtAt = -Infinity
  let flight: Promise<void> | null = null

  const read = async (jwksUri: string): Promise<void> => {
    try {
      keys = await verificationKeys(await fetchDocument(jwksUri))
      readAt = clock.elapsed()
    } catch (error) {
      failure = { error, until: clock.elapsed() + COOL_DOWN_MS }
      throw error
    } finally {
      flight = null
    }
  }

  const coolDownMs = (): number => Math.max(0, (failure?.until ?? 0) - clock.elapsed())

  const refresh = (jwksUri: string): Promise<void> => {
    source = jwksUri
    if (flight === null && failure !== null && coolDownMs() > 0) return Promise.reject(failure.error)
    return (flight ??= read(jwksUri))
  }

  return {
    refresh,
    coolDownMs,
    current: () => (clock.elapsed() - readAt < MAX_AGE_MS + STALE_IF_ERROR_MS ? keys : null),
    async seek(kid) {
      if (source === null || keys.some((key) => key.kid === kid)) return
      if (flight === null) {
        if (coolDownMs() > 0 || clock.elapsed() - soughtAt < UNKNOWN_KID_PAUSE_MS) return
        soughtAt = clock.elapsed()
      }
      // A failure changes nothing for this token: its key is unknown either way, and the upkeep tells of outages.
      await refresh(source).catch(() => undefined)
    },
  }
}
