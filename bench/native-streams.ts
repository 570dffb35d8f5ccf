// The same answer as in messages.ts, as providers with dialects of their own stream it.
import { CONTENT_EVENTS } from './messages.ts'

const pieces = Array.from({ length: CONTENT_EVENTS }, (_, index) => ` piece ${index}`)

const named = (type: string, members: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`

/** Anthropic's Messages, each event as it stands on the wire. */
export const anthropicEvents: readonly string[] = [
  named('message_start', {
    message: {
      id: 'msg_01AbCdEfGhIjKlMnOpQrStUv',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 214, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
    },
  }),
  named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  ...pieces.map((text) => named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
  named('content_block_stop', { index: 0 }),
  named('message_delta', {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { input_tokens: 214, output_tokens: CONTENT_EVENTS },
  }),
  named('message_stop', {}),
]

/** Cohere's Chat v2, each event as it stands on the wire. */
export const cohereEvents: readonly string[] = [
  named('message-start', {
    id: '33a164cc-25f6-4777-82ba-8bcb1c67e936',
    delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
  }),
  named('content-start', { index: 0, delta: { message: { content: { type: 'text', text: '' } } } }),
  ...pieces.map((text) => named('content-delta', { index: 0, delta: { message: { content: { text } } } })),
  named('content-end', { index: 0 }),
  named('message-end', {
    delta: {
      finish_reason: 'COMPLETE',
      usage: {
        billed_units: { input_tokens: 214, output_tokens: CONTENT_EVENTS },
        tokens: { input_tokens: 714, output_tokens: CONTENT_EVENTS },
        cached_tokens: 448,
      },
    },
  }),
  'data: [DONE]\n\n',
]

/** Google's answers: the counts are in every one, and nothing stands behind the last. */
export const googleEvents: readonly string[] = pieces.map((text, index) => {
  const isLast = index === pieces.length - 1
  const candidate = { content: { parts: [{ text }], role: 'model' }, ...(isLast && { finishReason: 'STOP' }), index: 0 }
  const counts = { promptTokenCount: 214, candidatesTokenCount: index + 1, totalTokenCount: 215 + index }
  const usageMetadata = { ...counts, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 214 }] }
  const answer = {
    candidates: [candidate],
    usageMetadata,
    modelVersion: 'gemini-2.5-flash',
    responseId: 'AbCdEfGhIjKl',
  }
  return `data: ${JSON.stringify(answer)}\r\n\r\n`
})
