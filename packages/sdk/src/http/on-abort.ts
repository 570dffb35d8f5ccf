type Leave = (reason: unknown) => void

const waiting = new WeakMap<AbortSignal, Set<Leave>>()

/**
 * Calls `leave` when the signal fires, at once when it has; what is returned takes that back. A signal of many calls is
 * listened to once: of more than ten listeners Node warns that they leak.
 */
export function onAbort(signal: AbortSignal, leave: Leave): () => void {
  if (signal.aborted) leave(signal.reason)
  const known = waiting.get(signal)
  const all = known ?? new Set()
  if (!known) {
    waiting.set(signal, all)
    signal.addEventListener('abort', () => all.forEach((each) => each(signal.reason)))
  }
  all.add(leave)
  return () => all.delete(leave)
}

/** Rejects when the signal fires: not everything that is given one heeds it. */
export const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => onAbort(signal, reject))
