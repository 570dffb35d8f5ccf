/** Repeats until the answer is called. */
export function startTimer(tick: () => void, everyMs: number): () => void {
  const timer = setInterval(tick, everyMs)
  return () => clearInterval(timer)
}

/** Runs once, unless the answer is called before. */
export function runAfter(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}

/** Rejects with the signal's reason when it fires first. */
export const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
