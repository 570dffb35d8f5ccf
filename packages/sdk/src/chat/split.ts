import { AbortError } from '../errors.ts'
import { aborted } from '../http/send.ts'

/** One of two readers. The signal makes it leave, also while it waits. */
type Part<T> = (signal: AbortSignal) => AsyncIterable<T>

interface Link<T> {
  result?: Promise<IteratorResult<T>>
  next?: Link<T>
}

/** Two readers of one source, each at its own pace. `leave` is called when the second of them stops. */
export function split<T>(source: AsyncIterator<T>, leave: () => void): [Part<T>, Part<T>] {
  let readers = 2
  // A chain of what has come: its beginning is let go of once both are past it.
  const part = (first: Link<T>): Part<T> =>
    async function* (signal) {
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
        if (--readers === 0) leave()
      }
    }
  const first: Link<T> = {}
  return [part(first), part(first)]
}
