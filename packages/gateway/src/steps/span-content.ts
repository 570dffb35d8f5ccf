import type { Step } from '../kernel/exchange.ts'
import { type Listener, overheard, tapped } from './content.ts'

/** What is longer is not kept. */
const LIMIT_BYTES = 1024 * 1024

/** The routes whose words the GenAI conventions have a form for. */
const CONVERSATIONS = new Set(['/v1/chat/completions', '/v1/messages', '/v1/responses'])

/** Keeps what recorded exchanges ask and are answered until their spans are written. For operators who have asked for it. */
export const spanContent: Step = (next) => async (exchange) => {
  if (exchange.trace?.isSampled !== true || !CONVERSATIONS.has(exchange.route)) return next(exchange)
  const request = recorder()
  const answer = recorder()
  exchange.tell({ type: 'content', content: { request: request.text, answer: answer.text } })
  const { signal } = exchange
  const response = await next({ ...exchange, signal, body: overheard(exchange.body, request) })
  const { body, status, statusText, headers } = response
  if (body === null) return response
  if (headers.get('content-type')?.includes('event-stream') === true)
    return new Response(tapped(body, answer), { status, statusText, headers })
  // The exchange is over when this is handed on: then nobody waits for what has not been read.
  const bytes = await response.bytes()
  answer.part(bytes)
  return new Response(bytes, { status, statusText, headers })
}

interface Recorder extends Listener {
  readonly text: () => string | null
}

function recorder(): Recorder {
  const passed: Uint8Array[] = []
  let size = 0
  return {
    part(bytes) {
      size += bytes.byteLength
      if (size <= LIMIT_BYTES) passed.push(bytes)
    },
    end() {},
    text() {
      if (size > LIMIT_BYTES) return null
      const decoder = new TextDecoder()
      return passed.map((part) => decoder.decode(part, { stream: true })).join('')
    },
  }
}
