/** Settles after `ms`, or as soon as the signal fires; it never rejects. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

export const timerSleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const wake = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    signal.addEventListener('abort', wake)
  })
