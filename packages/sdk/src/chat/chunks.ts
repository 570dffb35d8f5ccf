import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { APIError, type GatewayError, StreamError } from '../errors.ts'
import { eventsOf } from '../http/event-stream.ts'
import { factsOf, notAnAnswer, wordsOf } from '../http/api-error.ts'
import { bytesOf, textOf } from '../http/body.ts'
import type { Sent } from '../http/send.ts'
import { isObject, parseJson } from '../json.ts'

/**
 * The chunks of a streamed chat. Ends at `[DONE]`, or with the answer. Throws APIError for an error within the stream and
 * for what is no stream, ConnectionError when it breaks.
 */
export async function* chunksOf(sent: Sent): AsyncGenerator<ChatChunk> {
  if (!sent.response.headers.get('content-type')?.includes('event-stream'))
    throw notAnAnswer(sent.response, await textOf(sent))
  const events = eventsOf(bytesOf(sent))
  let isOver = false
  try {
    for (let next = await events.next(); next.done !== true; next = await events.next()) {
      const { event, data } = next.value
      if (data === '[DONE]') {
        isOver = true
        void drain(events)
        return
      }
      yield chunkOf(event, data, sent)
    }
  } finally {
    if (!isOver) await events.return(undefined)
  }
}

function chunkOf(event: string, data: string, { meta }: Sent): ChatChunk {
  const chunk = parseJson(data)
  if (event === 'error' || (isObject(chunk) && chunk['error'])) {
    const words = wordsOf(chunk)
    const facts = { ...factsOf(words, meta, 'stream_error'), status: undefined, body: chunk ?? data }
    throw new APIError(words?.message ?? data, facts)
  }
  if (!isObject(chunk))
    throw new APIError('The stream holds an event that is not JSON.', { ...meta, code: 'invalid_response', body: data })
  return chunk
}

/** Reads what follows the end, mostly nothing, so that the connection can be used again. */
async function drain(events: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of events);
  } catch {
    // The answer was whole: nobody misses what breaks behind it.
  }
}

/** A failure after the beginning, with what had arrived. */
export function streamError<Partial>(error: GatewayError, { meta }: Sent, partial: Partial): StreamError<Partial> {
  const { code, type, provider = meta.provider } = error
  return new StreamError(error.message, { ...meta, code, type, provider, status: undefined, cause: error }, partial)
}
