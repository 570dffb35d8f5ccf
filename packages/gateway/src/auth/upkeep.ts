import { MAX_AGE_MS } from './key-set.ts'
import type { Sleep } from './sleep.ts'
import { VERDICT_TTL_MS } from './verdict-cache.ts'

/** Below 5 s even at its longest, so that an issuer that is back is noticed within 5 s. */
const LONGEST_RETRY_MS = 4000
const FIRST_RETRY_MS = 500
const REFRESH_JITTER_MS = 60_000

export interface UpkeepParts {
  /** Reads what must be fresh. */
  readonly read: () => Promise<void>
  /** How long it must not be read again. */
  readonly coolDownMs: () => number
  /** Hears of every reading: `null` when it went well, else the error. */
  readonly outcome: (error: unknown) => void
  readonly sleep: Sleep
  readonly random: () => number
  /** Fires when the gateway closes. */
  readonly closed: AbortSignal
}

/**
 * Reads again and again until the gateway closes: well before the age limit, so that requests never wait for it, and
 * after a failure with growing, jittered pauses. Never rejects.
 */
export async function keepFresh({ read, coolDownMs, outcome, sleep, random, closed }: UpkeepParts): Promise<void> {
  let failures = 0
  while (!closed.aborted) {
    const error = await read().then(
      () => null,
      (error: unknown) => error,
    )
    if (closed.aborted) return
    outcome(error)
    failures = error === null ? 0 : failures + 1
    await sleep(
      error === null ? refreshPauseMs(random) : Math.max(retryPauseMs(failures, random), coolDownMs()),
      closed,
    )
  }
}

/** Early by a verdict's lifetime: then no token outlives its key's removal by more than the key set's maximum age. */
function refreshPauseMs(random: () => number): number {
  return MAX_AGE_MS - VERDICT_TTL_MS - REFRESH_JITTER_MS * random()
}

function retryPauseMs(failures: number, random: () => number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)) * (0.5 + random() / 2)
}
