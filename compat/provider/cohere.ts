import { type Body, callsFor, DOG_TEXT, eventsOf, eventStream, GREETING, type Refusal, type Streams } from './reply.ts'

/** Cohere's own API, version 2. */
export function cohere(route: string, body: Body, streams: Streams, refusal: Refusal | null): Response | null {
  if (refusal !== null) return Response.json({ message: refusal.message }, { status: refusal.status })
  switch (route) {
    case 'GET /v1/models':
      return Response.json({ models: [{ name: 'command', endpoints: ['chat'] }] })
    case 'POST /v2/embed':
      return Response.json({ id: '1', embeddings: { float: [[0.5, 0.5]] }, texts: [], meta: {} })
    case 'POST /v2/chat':
      return chat(body, streams)
    default:
      return null
  }
}

const USAGE = { billed_units: { input_tokens: 7, output_tokens: 9 }, tokens: { input_tokens: 7, output_tokens: 9 } }

const START = { type: 'message-start', id: '1', delta: { message: { role: 'assistant', content: [] } } }
const DELTA = { type: 'content-delta', index: 0, delta: { message: { content: { text: GREETING } } } }
const END = { type: 'message-end', id: '1', delta: { finish_reason: 'COMPLETE', usage: USAGE } }

function chat(body: Body, streams: Streams): Response {
  if (body['model'] === 'endless') return streams.endless('text/event-stream', eventsOf([START]), eventsOf([DELTA]))
  if (body['stream'] === true) return eventStream(eventsOf([START, DELTA, END]))
  const calls = callsFor(body).map(({ name, arguments: input }) => ({
    id: `call_${name}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }))
  const text = body['response_format'] === undefined ? GREETING : DOG_TEXT
  const message =
    calls.length === 0
      ? { role: 'assistant', content: [{ type: 'text', text }] }
      : { role: 'assistant', tool_calls: calls }
  return Response.json({ id: '1', finish_reason: 'COMPLETE', message, usage: USAGE })
}
