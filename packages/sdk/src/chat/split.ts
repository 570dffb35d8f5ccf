import { AbortError } from '../errors.ts'
import { aborted } from '../http/on-abort.ts'

interface Link<T> {
  result?: Promise<IteratorResult<T>>
  next?: Link<T>
}

/**
 * Two readers of one source, each at its own pace. A signal makes its reader leave, also while it waits, or before it has
 * begun. `leave` is called when the second of them stops.
 */
export function split<T>(
  source: AsyncIterator<T>,
  signals: readonly [AbortSignal, AbortSignal],
  leave: () => void,
): AsyncGenerator<T>[] {
  const readers = new Set(signals)
  const stop = (signal: AbortSignal) => {
    if (readers.delete(signal) && readers.size === 0) leave()
  }
  // A chain of what has come: its beginning is let go of once both are past it.
  async function* part(signal: AbortSignal, first: Link<T>): AsyncGenerator<T> {
    const gone = aborted(signal)
    try {
      for (let link = first; ; link = link.next ??= {}) {
        const { done, value } = await Promise.race([(link.result ??= source.next()), gone])
        if (done === true) return
        yield value
      }
    } catch (error) {
      throw signal.aborted ? new AbortError(signal.reason) : error
    } finally {
      stop(signal)
    }
  }
  const first: Link<T> = {}
  return signals.map((signal) => {
    if (signal.aborted) stop(signal)
    signal.addEventListener('abort', () => stop(signal))
    return part(signal, first)
  })
}
