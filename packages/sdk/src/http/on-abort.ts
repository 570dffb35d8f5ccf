const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `leave` when the signal fires; what is returned takes that back. A signal of many calls is listened to once: of
 * more than ten listeners Node warns that they leak.
 */
export function onAbort(signal: AbortSignal, leave: () => void): () => void {
  const known = waiting.get(signal)
  const all = known ?? new Set()
  if (!known) {
    waiting.set(signal, all)
    signal.addEventListener('abort', () => all.forEach((each) => each()))
  }
  all.add(leave)
  return () => all.delete(leave)
}
