import { type Body, callsFor, eventStream, GREETING, type Refusal, type Streams } from './reply.ts'

/** In OpenAI's words what the simulator has not: streams that never end, legacy completions, and a provider's own name. */
export function openai(route: string, body: Body, streams: Streams, refusal: Refusal | null): Response | null {
  if (refusal !== null) return Response.json({ error: { message: refusal.message } }, { status: refusal.status })
  switch (route) {
    case 'GET /models':
      return Response.json({ object: 'list', data: MODELS })
    case 'POST /completions':
      return completion(body)
    case 'POST /chat/completions':
      return chat(body, streams)
    default:
      return null
  }
}

const MODELS = ['plain', 'endless', 'silent'].map((id) => ({ id, object: 'model' }))
const USAGE = { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 }

const about = ({ model }: Body, object: string) => ({ id: 'chatcmpl-1', object, created: 1, model })

const dataOf = (value: object) => `data: ${JSON.stringify(value)}\n\n`

function completion(body: Body): Response {
  const choices = [{ index: 0, text: GREETING, logprobs: null, finish_reason: 'stop' }]
  const whole = { ...about(body, 'text_completion'), choices, usage: USAGE }
  return body['stream'] === true ? eventStream(`${dataOf(whole)}data: [DONE]\n\n`) : Response.json(whole)
}

function chat(body: Body, streams: Streams): Response {
  const part = (delta: object, finish_reason: string | null) =>
    dataOf({ ...about(body, 'chat.completion.chunk'), choices: [{ index: 0, delta, finish_reason }] })
  if (body['model'] === 'endless')
    return streams.endless('text/event-stream', '', part({ role: 'assistant', content: 'on and ' }, null))
  const text = { role: 'assistant', content: GREETING }
  if (body['stream'] === true) return eventStream(`${part(text, null)}${part({}, 'stop')}data: [DONE]\n\n`)
  const tool_calls = callsFor(body).map(({ name, arguments: input }) => ({
    id: `call_${name}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }))
  const isCall = tool_calls.length > 0
  const message = isCall ? { ...text, content: '', tool_calls } : text
  const choices = [{ index: 0, message, finish_reason: isCall ? 'tool_calls' : 'stop' }]
  return Response.json({ ...about(body, 'chat.completion'), choices, usage: USAGE })
}
