import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { AbortError, GatewayError } from '../errors.ts'

const encoder = new TextEncoder()

const event = (data: string) => encoder.encode(`data: ${data}\n\n`)

/**
 * The chunks as events of OpenAI's. What breaks is told as their error, and then breaks this as well: not before the event
 * has been fetched, since a web stream that fails forgets what nobody has fetched yet.
 */
export async function* passOn(chunks: AsyncIterable<ChatChunk>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for await (const chunk of chunks) yield event(JSON.stringify(chunk))
    yield event('[DONE]')
  } catch (error) {
    const { message, type, code } = GatewayError.is(error) ? error : new AbortError(error)
    yield event(JSON.stringify({ error: { message, type, code } }))
    throw error
  }
}
