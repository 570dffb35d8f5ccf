import { chunk, LAST_CHUNK } from '../support/wire.ts'

/** The head of a chunked stream of events. */
export const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

/** One event of a chat stream. */
export const event = (content: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'x', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`

export const DONE = 'data: [DONE]\n\n'

/** The last words of a stream that ends well. */
export const ENDING = event('', 'stop') + DONE

/** Text in one chunk. */
export const framed = (text: string): string => chunk(text).toString()

/** A whole answer in one piece. */
export const streamed = (text: string): string => STREAM_HEAD + framed(text) + LAST_CHUNK
