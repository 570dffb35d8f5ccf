import type { Emit } from '../kernel/events.ts'
import type { RequestBody, Step } from '../kernel/exchange.ts'

/** More of a body is not told: one image could fill a log. */
const LIMIT_BYTES = 64 * 1024

/** Tells what callers ask and what they are answered: prompts and all. For operators who have asked for it. */
export function content(emit: Emit): Step {
  return (next) => async (exchange) => {
    const { id, route } = exchange
    const told = (direction: 'request' | 'answer') => (text: string) =>
      emit({ type: 'content', id, route, direction, text })
    const response = await next({
      ...exchange,
      signal: exchange.signal,
      body: overheard(exchange.body, told('request')),
    })
    const { body, status, statusText, headers } = response
    return body === null ? response : new Response(tapped(body, told('answer')), { status, statusText, headers })
  }
}

type Tell = (text: string) => void

function overheard(body: RequestBody, tell: Tell): RequestBody {
  return {
    async bytes() {
      const bytes = await body.bytes()
      tell(textOf([bytes]))
      return bytes
    },
    stream() {
      const stream = body.stream()
      return stream === null ? null : tapped(stream, tell)
    },
  }
}

/** The same bytes; what has passed is told once, however it ends. */
function tapped(stream: ReadableStream<Uint8Array>, tell: Tell): ReadableStream<Uint8Array> {
  // Not locked before somebody reads: a body that was looked at as a stream may still be taken as a whole.
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  const passed: Uint8Array[] = []
  let size = 0
  const end = () => {
    if (size > 0) tell(textOf(passed))
    size = 0
  }
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await (reader ??= stream.getReader()).read()
          if (done) {
            end()
            return controller.close()
          }
          if (size < LIMIT_BYTES) passed.push(value)
          size += value.byteLength
          controller.enqueue(value)
        } catch (error) {
          end()
          throw error
        }
      },
      cancel(reason) {
        end()
        return (reader ?? stream).cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

function textOf(parts: readonly Uint8Array[]): string {
  const text = new TextDecoder()
  const written = parts.map((part) => text.decode(part, { stream: true })).join('')
  return written.length <= LIMIT_BYTES ? written : `${written.slice(0, LIMIT_BYTES)}…`
}
