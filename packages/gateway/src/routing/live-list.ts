import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../kernel/events.ts'

/** Runs `run` once after a delay, unless the returned function is called first. */
export type After = (delayMs: number, run: () => void) => () => void

export interface LiveListTiming {
  readonly clock: Clock
  readonly after: After
  /** How long a list is fresh. An older one is still served, while a new one is read. */
  readonly ttlMs: number
  /** The longest anyone waits for a list that was never read; 2000 by default. */
  readonly waitMs?: number
  /** The longest a list may take in the background; 30000 by default. */
  readonly limitMs?: number
  /** How long a list that could not be read is left alone; 30000 by default. */
  readonly pauseMs?: number
}

/** One model list of one provider by model id, kept in memory and renewed in the background. */
export interface LiveList<Model> {
  /** What is known now. Asks nobody. */
  peek(): ReadonlyMap<string, Model>
  /** Whether it was ever read. What was read once is kept, however long its provider fails afterwards. */
  isRead(): boolean
  /** Renews the list if it is due, without waiting. */
  refresh(): void
  /** What to wait for before peeking: `null` unless the list was never read. Renews like `refresh`. Never rejects. */
  ready(): Promise<void> | null
  close(): void
}

export type ReadList<Model> = (signal: AbortSignal) => Promise<ReadonlyMap<string, Model>>

/**
 * Keeps what `read` gives. One reading at a time, started on demand and only when due, so that neither a crowd of
 * callers nor a dead provider makes more than one request. A failed reading leaves the last list as it is.
 */
export function createLiveList<Model>(
  provider: string,
  read: ReadList<Model>,
  timing: LiveListTiming,
  emit: Emit,
): LiveList<Model> {
  const { clock, after, ttlMs, waitMs = 2_000, limitMs = 30_000, pauseMs = 30_000 } = timing
  const closed = new AbortController()
  const none: ReadonlyMap<string, Model> = new Map()
  let models: ReadonlyMap<string, Model> | null = null
  let dueAt = -Infinity
  let isFailing = false
  /** Once it kept callers waiting in vain, nobody waits for it again. */
  let isSlow = false
  /** While a reading is under way: settles with it, or before when its callers have waited long enough. */
  let arrival: Promise<void> | null = null

  function refresh(): void {
    if (arrival !== null || closed.signal.aborted || clock.elapsed() < dueAt) return
    const { promise, resolve } = Promise.withResolvers<void>()
    arrival = promise
    const stopWaiting = after(waitMs, () => {
      isSlow = true
      resolve()
    })
    void renew().finally(() => {
      stopWaiting()
      arrival = null
      resolve()
    })
  }

  async function renew(): Promise<void> {
    try {
      const found = await withLimit(read, limitMs, after, closed.signal)
      models = found
      dueAt = clock.elapsed() + ttlMs
      if (isFailing) emit({ type: 'models.available', provider, count: found.size })
      isFailing = false
    } catch (error) {
      if (closed.signal.aborted) return
      dueAt = clock.elapsed() + pauseMs
      if (!isFailing) emit({ type: 'models.unavailable', provider, error })
      isFailing = true
    }
  }

  return {
    peek: () => models ?? none,
    isRead: () => models !== null,
    refresh,
    ready() {
      refresh()
      return models === null && !isSlow ? arrival : null
    },
    close: () => closed.abort(new Error('the gateway is closing')),
  }
}

/** Ends with the limit and with `closed`, even if the reading does not heed its signal. */
async function withLimit<Model>(read: ReadList<Model>, limitMs: number, after: After, closed: AbortSignal) {
  const limit = new AbortController()
  const cancel = after(limitMs, () => limit.abort(new Error(`the model list did not arrive within ${limitMs} ms`)))
  const signal = AbortSignal.any([limit.signal, closed])
  const { promise: ended, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  try {
    return await Promise.race([read(signal), ended])
  } finally {
    cancel()
  }
}
