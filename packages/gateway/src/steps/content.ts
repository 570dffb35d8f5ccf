import type { Emit } from '../kernel/events.ts'
import type { RequestBody, Step } from '../kernel/exchange.ts'

/** More of a body is not told: one image could fill a log. */
const LIMIT_BYTES = 64 * 1024

/** Tells what callers ask and what they are answered: prompts and all. For operators who have asked for it. */
export function content(emit: Emit): Step {
  return (next) => async (exchange) => {
    const { id, route } = exchange
    const told = (direction: 'request' | 'answer') =>
      teller((text) => emit({ type: 'content', id, route, direction, text }))
    const response = await next({
      ...exchange,
      signal: exchange.signal,
      body: overheard(exchange.body, told('request')),
    })
    const { body, status, statusText, headers } = response
    return body === null ? response : new Response(tapped(body, told('answer')), { status, statusText, headers })
  }
}

/** Hears bytes pass. */
export interface Listener {
  readonly part: (bytes: Uint8Array) => void
  /** Nothing follows, however it ended. */
  readonly end: () => void
}

/** Tells what has passed once, at its end. */
function teller(tell: (text: string) => void): Listener {
  const passed: Uint8Array[] = []
  let size = 0
  return {
    part(bytes) {
      if (size < LIMIT_BYTES) passed.push(bytes)
      size += bytes.byteLength
    },
    end() {
      if (size > 0) tell(textOf(passed))
      size = 0
    },
  }
}

/** The same body; whoever takes it is heard. */
export function overheard(body: RequestBody, listener: Listener): RequestBody {
  return {
    async bytes() {
      const bytes = await body.bytes()
      listener.part(bytes)
      listener.end()
      return bytes
    },
    stream() {
      const stream = body.stream()
      return stream === null ? null : tapped(stream, listener)
    },
  }
}

/** The same bytes, heard as they pass. */
export function tapped(stream: ReadableStream<Uint8Array>, { part, end }: Listener): ReadableStream<Uint8Array> {
  // Not locked before somebody reads: a body that was looked at as a stream may still be taken as a whole.
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await (reader ??= stream.getReader()).read()
          if (done) {
            end()
            return controller.close()
          }
          part(value)
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
