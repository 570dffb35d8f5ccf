import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { AbortError, GatewayError } from '../errors.ts'

const encoder = new TextEncoder()

const event = (data: string) => encoder.encode(`data: ${data}\n\n`)

/** Writes the next chunk as an event of OpenAI's. What breaks is told as their error, and the stream breaks as well. */
export async function passOn(
  chunks: AsyncIterator<ChatChunk>,
  controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  try {
    const { done, value } = await chunks.next()
    if (done !== true) return controller.enqueue(event(JSON.stringify(value)))
    controller.enqueue(event('[DONE]'))
    controller.close()
  } catch (error) {
    const { message, type, code } = GatewayError.is(error) ? error : new AbortError(error)
    controller.enqueue(event(JSON.stringify({ error: { message, type, code } })))
    controller.error(error)
  }
}
