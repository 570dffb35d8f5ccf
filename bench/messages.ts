// What travels in the benchmark: the same request bytes to every server, the same answers from the provider.

const PROMPT = `Explain how a reverse proxy relays a response while it is still being written. ${'Be brief and exact. '.repeat(38)}`

/** Without `data: `: the role, this many pieces of content, the reason for the end, `[DONE]`. */
export const CONTENT_EVENTS = 200
export const EVENTS_PER_STREAM = CONTENT_EVENTS + 3

const model = 'gpt-4o-mini-2024-07-18'
const usage = {
  prompt_tokens: 214,
  completion_tokens: CONTENT_EVENTS,
  total_tokens: 214 + CONTENT_EVENTS,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
}

/** A chat request of about 1 KB. A stream does not ask for usage, as most clients do not. */
export function chatRequest(stream: boolean): string {
  const messages = [
    { role: 'system', content: 'You are a helpful assistant.' },
    { role: 'user', content: PROMPT },
  ]
  return postRequest('/v1/chat/completions', { model: 'openai/gpt-4o-mini', messages, ...(stream && { stream }) })
}

/** A request as it stands on the wire. */
export function postRequest(path: string, value: object): string {
  const body = JSON.stringify(value)
  // The host is the same for every server, so that the bytes are.
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: bench.localhost',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** A complete answer, about 1 KB. */
export const chatCompletion = JSON.stringify({
  id: 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012',
  object: 'chat.completion',
  created: 1_741_569_952,
  model,
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'It passes each piece on as soon as it has arrived. '.repeat(9),
        refusal: null,
        annotations: [],
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage,
  service_tier: 'default',
  system_fingerprint: 'fp_0123456789',
})

export const modelList = JSON.stringify({
  object: 'list',
  data: [{ id: 'gpt-4o-mini', object: 'model', created: 1_721_172_741, owned_by: 'system' }],
})

/** The data of each event of a stream, about 200 bytes each; the usage chunk only where it was asked for. */
export function streamEvents(includeUsage: boolean): string[] {
  const chunk = (fields: object) =>
    JSON.stringify({
      id: 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012',
      object: 'chat.completion.chunk',
      created: 1_741_569_952,
      model,
      ...fields,
      ...(includeUsage && !('usage' in fields) && { usage: null }),
    })
  const choice = (delta: object, finish_reason: string | null) =>
    chunk({ choices: [{ index: 0, delta, finish_reason }] })
  return [
    choice({ role: 'assistant', content: '' }, null),
    ...Array.from({ length: CONTENT_EVENTS }, (_, index) => choice({ content: ` piece ${index}` }, null)),
    choice({}, 'stop'),
    ...(includeUsage ? [chunk({ choices: [], usage })] : []),
    '[DONE]',
  ]
}
