import { type Body, callsFor, DOG_TEXT, eventsOf, eventStream, GREETING, type Refusal, type Streams } from './reply.ts'

/** Anthropic's Messages, as far as its clients are asked to go. */
export function anthropic(route: string, body: Body, streams: Streams, refusal: Refusal | null): Response | null {
  if (route === 'GET /v1/models')
    return Response.json({ data: [MODEL], has_more: false, first_id: null, last_id: null })
  if (route !== 'POST /v1/messages') return null
  if (refusal !== null) {
    const error = { type: ERROR_TYPES[refusal.status], message: refusal.message }
    return Response.json({ type: 'error', error, request_id: 'req_1' }, { status: refusal.status })
  }
  const answer = messageFor(body)
  if (body['stream'] !== true) return Response.json(answer)
  if (body['model'] === 'endless')
    return streams.endless('text/event-stream', eventsOf(opening(answer)), eventsOf([DELTA]))
  const end = [
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ]
  return eventStream(eventsOf([...opening(answer), DELTA, ...end]))
}

const MODEL = { type: 'model', id: 'claude', display_name: 'Claude', created_at: '2025-01-01T00:00:00Z' }

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  500: 'api_error',
}

const DELTA = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: GREETING } }

const opening = (answer: object) => [
  { type: 'message_start', message: { ...answer, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
]

function messageFor(body: Body) {
  const calls = callsFor(body)
  const text = body['output_config'] === undefined ? GREETING : DOG_TEXT
  const blocks = calls.map(({ name, arguments: input }) => ({ type: 'tool_use', id: `toolu_${name}`, name, input }))
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: body['model'],
    content: blocks.length > 0 ? blocks : [{ type: 'text', text }],
    stop_reason: blocks.length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 7, output_tokens: 9 },
  }
}
