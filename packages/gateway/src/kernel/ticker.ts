/**
 * One coarse timer for everything that must notice silence. A timer per stream and event would cost more than relaying
 * the event; looking at all streams a few times a second costs nothing.
 */
export interface Ticker {
  /** Calls `look` at every tick until the answer is called. */
  add(look: () => void): () => unknown
  /** Looks at everything at once, out of turn. */
  lookNow(): void
}

export type StartTimer = (tick: () => void, everyMs: number) => () => void

/** The timer stops at the first tick with nothing to look at, so an idle process sleeps and a busy one never restarts it. */
export function createTicker(everyMs: number, startTimer: StartTimer): Ticker {
  const looks = new Set<() => void>()
  let stop: (() => void) | null = null
  return {
    lookNow() {
      for (const each of looks) each()
    },
    add(look) {
      looks.add(look)
      stop ??= startTimer(() => {
        for (const each of looks) each()
        if (looks.size > 0) return
        stop?.()
        stop = null
      }, everyMs)
      return () => looks.delete(look)
    },
  }
}
