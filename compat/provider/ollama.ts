import { type Body, callsFor, DOG_TEXT, GREETING, type Refusal, type Streams } from './reply.ts'

/** Ollama's own API. */
export function ollama(route: string, body: Body, streams: Streams, refusal: Refusal | null): Response | null {
  if (refusal !== null) return Response.json({ error: refusal.message }, { status: refusal.status })
  switch (route) {
    case 'GET /api/tags':
      return Response.json({ models: [{ name: 'llama', model: 'llama', size: 1, digest: 'd', details: {} }] })
    case 'POST /api/embed':
      return Response.json({ model: 'llama', embeddings: [[0.5, 0.5]] })
    case 'POST /api/generate':
      return Response.json({ model: 'llama', created_at: '2025-01-01T00:00:00Z', response: GREETING, done: true })
    case 'POST /api/chat':
      return chat(body, streams)
    default:
      return null
  }
}

function chat(body: Body, streams: Streams): Response {
  const part = (message: object) => ({ model: body['model'], created_at: '2025-01-01T00:00:00Z', message, done: false })
  const text = { role: 'assistant', content: body['format'] === undefined ? GREETING : DOG_TEXT }
  const calls = callsFor(body).map((called) => ({ function: called }))
  const message = calls.length === 0 ? text : { ...text, content: '', tool_calls: calls }
  const whole = { ...part(message), done: true, done_reason: 'stop', prompt_eval_count: 7, eval_count: 9 }
  if (body['stream'] !== true) return Response.json(whole)
  if (body['model'] === 'endless') return streams.endless('application/x-ndjson', '', lines(part(text)))
  const last = { ...whole, message: { role: 'assistant', content: '' } }
  return new Response(lines(part(text), last), { headers: { 'content-type': 'application/x-ndjson' } })
}

const lines = (...values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')
