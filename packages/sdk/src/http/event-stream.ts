import { lastEventEnd, parseEvents, type ServerSentEvent } from '@inference-gateway/protocol/sse'
import { APIError } from '../errors.ts'

/** No event of a chat is that long: something endless would only fill the memory. */
const LIMIT_BYTES = 16 * 1024 * 1024

/** Server-sent events out of bytes, however these are cut. Throws APIError for an event beyond all measure. */
export async function* eventsOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder() // leaves a byte order mark out; whole events hold whole characters
  let kept = new Uint8Array(0) // what has come of the next events, with room for more
  let length = 0
  for await (const part of parts) {
    const before = length
    length += part.byteLength
    if (length > kept.byteLength) kept = withRoom(kept, 2 * length) // twice: an event in many pieces is copied seldom
    kept.set(part, before)
    const end = lastEventEnd(kept.subarray(0, length), before)
    if (end > 0) yield* parseEvents(decoder.decode(kept.subarray(0, end), { stream: true }))
    kept.copyWithin(0, end, length)
    length -= end
    if (length > LIMIT_BYTES) throw new APIError(`An event is over ${LIMIT_BYTES} bytes.`, { code: 'invalid_response' })
  }
}

function withRoom(bytes: Uint8Array, length: number) {
  const larger = new Uint8Array(length)
  larger.set(bytes)
  return larger
}
