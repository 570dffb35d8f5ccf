import { lastEventEnd, parseEvents, type ServerSentEvent } from '@inference-gateway/protocol/sse'
import { APIError } from '../errors.ts'

/** No event of a chat is that long: something endless would only fill the memory. */
const LIMIT_BYTES = 16 * 1024 * 1024

/** Server-sent events out of bytes, however these are cut. Throws APIError for an event beyond all measure. */
export async function* eventsOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder() // leaves a byte order mark out; whole events hold whole characters
  let rest: Uint8Array = new Uint8Array()
  for await (const part of parts) {
    const bytes = rest.byteLength === 0 ? part : joined(rest, part)
    const end = lastEventEnd(bytes, rest.byteLength)
    if (end > 0) yield* parseEvents(decoder.decode(bytes.subarray(0, end), { stream: true }))
    rest = bytes.slice(end)
    if (rest.byteLength > LIMIT_BYTES)
      throw new APIError(`An event is over ${LIMIT_BYTES} bytes.`, { code: 'invalid_response' })
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.byteLength + other.byteLength)
  all.set(one)
  all.set(other, one.byteLength)
  return all
}
