import type { Clock } from '../../kernel/clock.ts'
import type { Sleep } from '../sleep.ts'

export interface VirtualTime {
  readonly clock: Clock
  readonly sleep: Sleep
  /** Moves both the wall and the monotonic clock on, and wakes who is due. */
  advance(ms: number): void
  /** How many wait for time to pass. */
  sleeping(): number
}

/** Time that stands still until a test moves it. */
export function virtualTime(startMs = Date.UTC(2030, 0, 1)): VirtualTime {
  const sleepers = new Set<{ readonly due: number; readonly wake: () => void }>()
  let elapsed = 0
  return {
    clock: { now: () => startMs + elapsed, elapsed: () => elapsed },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          due: elapsed + ms,
          wake: () => {
            sleepers.delete(sleeper)
            resolve()
          },
        }
        sleepers.add(sleeper)
        signal.addEventListener('abort', sleeper.wake)
        if (signal.aborted) sleeper.wake()
      }),
    sleeping: () => sleepers.size,
    advance(ms) {
      elapsed += ms
      for (const sleeper of sleepers) if (sleeper.due <= elapsed) sleeper.wake()
    },
  }
}

/** Settles when the condition holds; rejects after 5 s of real time, so that a broken promise fails its test. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never became true: ${condition.toString()}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
