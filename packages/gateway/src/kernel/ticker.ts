/** Something that must notice silence. */
export interface Watcher {
  /** Called at every tick. May take itself and others off the ticker. */
  look(): void
}

/**
 * One coarse timer for everything that must notice silence. A timer per stream and event would cost more than relaying
 * the event; looking at all streams a few times a second costs nothing.
 */
export interface Ticker {
  add(watcher: Watcher): void
  remove(watcher: Watcher): void
  /** Looks at everything at once, out of turn. */
  lookNow(): void
}

export type StartTimer = (tick: () => void, everyMs: number) => () => void

/** The timer stops at the first tick with nothing to look at, so an idle process sleeps and a busy one never restarts it. */
export function createTicker(everyMs: number, startTimer: StartTimer): Ticker {
  const watchers = new Set<Watcher>()
  let stop: (() => void) | null = null
  const lookNow = (): void => {
    for (const watcher of watchers) watcher.look()
  }
  const tick = (): void => {
    lookNow()
    if (watchers.size > 0) return
    stop?.()
    stop = null
  }
  return {
    lookNow,
    add(watcher) {
      watchers.add(watcher)
      stop ??= startTimer(tick, everyMs)
    },
    remove: (watcher) => void watchers.delete(watcher),
  }
}
