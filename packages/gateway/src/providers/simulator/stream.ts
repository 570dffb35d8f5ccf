import { formatEvent } from '@inference-gateway/protocol/sse'
import type { Step } from './chunks.ts'
import { breakOff, type Break } from './faults.ts'

/** Waits `ms` milliseconds. Rejects with the signal's reason as soon as that aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

export interface Pace {
  /** Milliseconds before the first token. */
  readonly firstTokenMs: number
  /** 0: as fast as the reader reads. */
  readonly tokensPerSecond: number
}

/** Timers are no finer: what is owed is saved up until a wait of this many milliseconds is worth it. */
const TICK_MS = 15

/** Early enough that every answer is broken in its midst. */
const TOKENS_BEFORE_BREAK = 5

/** Tells the steps as server-sent events at the given pace, or until they break off. */
export async function* pacedEvents(
  steps: Iterable<Step>,
  pace: Pace,
  breaks: Break | null,
  sleep: Sleep,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const tokenMs = pace.tokensPerSecond === 0 ? 0 : 1000 / pace.tokensPerSecond
  let owedMs = pace.firstTokenMs
  let told = 0
  for (const { data, tokens } of steps) {
    if (owedMs >= TICK_MS) {
      await sleep(owedMs, signal)
      owedMs = 0
    }
    if (breaks !== null && told >= TOKENS_BEFORE_BREAK) await breakOff(breaks, signal)
    yield formatEvent({ data })
    owedMs += tokens * tokenMs
    told += tokens
  }
}

/**
 * A body that is made while it is read: one text per pull and none ahead, so a reader that stops stops the making. It
 * fails with the reason of `signal` at once, read or not; a reader that cancels ends what `texts` waits for.
 */
export function bodyOf(texts: (signal: AbortSignal) => AsyncGenerator<string>, signal: AbortSignal): ReadableStream {
  const cancelled = new AbortController()
  const ended = AbortSignal.any([signal, cancelled.signal])
  const made = texts(ended)
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // Without effect on a body that is closed or cancelled.
        ended.addEventListener('abort', () => controller.error(ended.reason), { once: true })
      },
      async pull(controller) {
        const { done, value } = await made.next()
        if (ended.aborted) return
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      cancel(reason) {
        cancelled.abort(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
