const EVERY_MS = 500

/** Fifteen seconds: as long as Prometheus usually waits between two looks. */
const SAMPLES = 30

/** Measures by how much a timer is late. `worstMs` tells the longest delay of the last fifteen seconds. */
export function watchEventLoop(elapsed: () => number): { readonly worstMs: () => number; readonly stop: () => void } {
  const late: number[] = []
  let expectedAt = elapsed() + EVERY_MS
  const timer = setInterval(() => {
    late.push(Math.max(0, elapsed() - expectedAt))
    if (late.length > SAMPLES) late.shift()
    expectedAt = elapsed() + EVERY_MS
  }, EVERY_MS)
  timer.unref()
  return { worstMs: () => Math.max(0, ...late), stop: () => clearInterval(timer) }
}
