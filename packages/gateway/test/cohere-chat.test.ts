import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import { answer, cut, json, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'

const CHAT = '/v1/chat/completions'

let gateway: TestGateway
let cohere: ScriptedProvider
beforeAll(async () => {
  cohere = await startScriptedProvider(json({}), { models: [] })
  gateway = await startGateway({ providers: { cohere: cohere.origin }, env: { COHERE_DIALECT: 'v2' } })
})
beforeEach(() => cohere.forget())
afterAll(async () => {
  await gateway.close()
  await cohere.close()
})

type Headers = Readonly<Record<string, string>>

const hello = { model: 'cohere/command-a', messages: [{ role: 'user', content: 'Hello' }] }
const post = (body: object, headers: Headers = {}, path = CHAT) =>
  fetch(gateway.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers,
    signal: AbortSignal.timeout(10_000),
  })
const streamed = { ...hello, stream: true }

const said = {
  id: 'a1',
  message: {
    role: 'assistant',
    content: [{ type: 'thinking', thinking: 'hm' }],
    tool_plan: 'I will look.',
    tool_calls: [{ id: 'f_1', type: 'function', function: { name: 'f', arguments: 'null' } }],
  },
  finish_reason: 'TOOL_CALL',
  usage: {
    billed_units: { input_tokens: 1, output_tokens: 1 },
    tokens: { input_tokens: 11, output_tokens: 3, reasoning_tokens: 2 },
    cached_tokens: 4,
  },
}

test('a chat is asked in Chat v2 and answered as a chat', async () => {
  cohere.play(json(said))
  const response = await post({ ...hello, top_p: 0.9, documents: [] })
  const [request] = cohere.requests
  expect(request?.target).toBe('/v2/chat')
  expect(request?.header('authorization')).toBe(`Bearer ${keyOf('cohere')}`)
  expect(JSON.parse(request?.text ?? '')).toEqual({
    model: 'command-a',
    messages: hello.messages,
    p: 0.9,
    documents: [],
  })
  expect(response.headers.get('x-gateway-changes')).toBe(
    'translated=openai-chat>cohere-chat; model=cohere/command-a>command-a',
  )
  const { model, choices, usage } = await response.json()
  expect(model).toBe('command-a')
  expect(choices[0].message).toEqual({
    role: 'assistant',
    content: null,
    reasoning_content: 'hmI will look.',
    tool_plan: 'I will look.',
    tool_calls: [{ id: 'f_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
  })
  expect(choices[0].finish_reason).toBe('tool_calls')
  expect(usage).toEqual({
    prompt_tokens: 11,
    completion_tokens: 3,
    total_tokens: 14,
    prompt_tokens_details: { cached_tokens: 4 },
    completion_tokens_details: { reasoning_tokens: 2 },
  })
  const { usage: told } = await gateway.finished(response.headers.get('x-request-id') ?? '')
  expect(told).toMatchObject({ input: 11, output: 3, cached: 4 })
})

test('a message that comes back goes on as it was', async () => {
  cohere.play(json(said))
  const { choices } = await (await post(hello)).json()
  const result = { role: 'tool', tool_call_id: 'f_1', content: 'done' }
  await post({ ...hello, messages: [...hello.messages, choices[0].message, result] })
  const { messages } = JSON.parse(cohere.requests.at(-1)?.text ?? '')
  const [call] = said.message.tool_calls
  const calls = [{ ...call, function: { name: 'f', arguments: '{}' } }]
  expect(messages.slice(1)).toEqual([{ ...said.message, tool_calls: calls }, result])
})

test('what Cohere has no words for is named, explained beforehand, or refused in strict mode', async () => {
  cohere.play(json(said))
  const body = { ...hello, user: 'u' }
  expect((await post(body)).headers.get('x-gateway-changes')).toEndWith('dropped=user')
  const { targets } = await (await post(body, {}, '/v1/route/explain')).json()
  expect(targets[0]).toMatchObject({
    changes: 'translated=openai-chat>cohere-chat; model=cohere/command-a>command-a; dropped=user',
    strict_refuses: ['dropped=user'],
    asks_usage: false,
  })
  const asked = cohere.requests.length
  const refused = await post(body, { 'x-gateway-strict': 'true' })
  expect(refused.status).toBe(400)
  expect(await refused.text()).toContain('`user`')
  expect((await post(hello, { 'x-gateway-strict': 'true' })).status).toBe(200)
  expect(cohere.requests.length).toBe(asked + 1)
})

test('without the setting, Cohere gets the bytes at its compatible endpoint', async () => {
  await using plain = await startGateway({ providers: { cohere: cohere.origin } })
  cohere.play(json({ id: 'c', object: 'chat.completion', choices: [] }))
  await fetch(plain.url + CHAT, { method: 'POST', body: JSON.stringify(hello) })
  expect(cohere.requests[0]?.target).toBe('/compatibility/v1/chat/completions')
})

describe('every recorded exchange', () => {
  const recorded = exchangesOf('chat').filter(({ endpoint }) => endpoint.endsWith('/v2/chat'))
  const table = (some: readonly Exchange[]) => some.map((exchange) => [exchange.name, exchange] as const)
  const isProper = ({ status, response }: Exchange) => status < 400 && !response.includes('"ERROR"')
  const wordsIn = (text: string) => [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''))

  test.each(table(recorded.filter(({ isStream, status }) => !isStream && status < 400)))('%s', async (_, exchange) => {
    cohere.play(answer(200, { 'content-type': exchange.contentType }, exchange.response))
    const completion = await (await post(hello)).json()
    const { id, message, usage } = JSON.parse(exchange.response.toString())
    const texts = (message.content ?? []).flatMap(({ text }: { text?: string }) => text ?? [])
    expect(completion).toMatchObject({ id, object: 'chat.completion' })
    expect(completion.choices[0].message.content).toBe(texts.length === 0 ? null : texts.join(''))
    expect(completion.usage.completion_tokens).toBe(usage.tokens.output_tokens)
  })

  test.each(table(recorded.filter(({ status }) => status >= 400)))('%s', async (_, exchange) => {
    cohere.play(answer(exchange.status, { 'content-type': exchange.contentType }, exchange.response))
    const response = await post(hello)
    const { message } = JSON.parse(exchange.response.toString())
    expect(response.status).toBe(exchange.status)
    expect((await response.json()).error).toContain(message)
  })

  test.each(table(recorded.filter((each) => each.isStream && isProper(each))))(
    '%s, cut anywhere',
    async (_, { response }) => {
      cohere.play(stream(cut(response, Math.ceil(response.byteLength / 60) | 1)))
      const text = await (await post(streamed)).text()
      expect(text).toEndWith('data: [DONE]\n\n')
      const chunks = wordsIn(text)
      expect(chunks[0].choices[0].delta.role).toBe('assistant')
      expect(chunks.filter(({ choices }) => choices[0]?.finish_reason !== null)).toHaveLength(1)
      // Nobody asked for usage.
      expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true)
      const told = wordsIn(response.toString()).map(({ delta }) => delta?.message?.content?.text ?? '')
      expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe(told.join(''))
    },
  )
})

describe('a stream', () => {
  const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
  const start = event('message-start', { id: 's1', delta: { message: { role: 'assistant' } } })
  const words = event('content-delta', { index: 0, delta: { message: { content: { text: 'Hi' } } } })
  const tokens = { input_tokens: 5, output_tokens: 2 }
  const end = event('message-end', { delta: { finish_reason: 'COMPLETE', usage: { tokens, cached_tokens: 1 } } })

  test('ends with its usage for those who ask', async () => {
    cohere.play(stream([start, words, end, 'data: [DONE]\n\n']))
    const response = await post({ ...streamed, stream_options: { include_usage: true } })
    const text = await response.text()
    expect(text).toMatch(/"choices":\[\],"usage":\{"prompt_tokens":5,.*\}\n\ndata: \[DONE\]\n\n$/)
    expect(text.split('[DONE]')).toHaveLength(2)
    const { usage } = await gateway.finished(response.headers.get('x-request-id') ?? '')
    expect(usage).toMatchObject({ input: 5, output: 2, cached: 1 })
  })

  test('is counted also for those who do not', async () => {
    cohere.play(stream([start, words, end]))
    const response = await post(streamed)
    expect(await response.text()).not.toContain('"usage"')
    const { usage } = await gateway.finished(response.headers.get('x-request-id') ?? '')
    expect(usage).toMatchObject({ input: 5, output: 2 })
  })

  const failed = event('message-end', { delta: { finish_reason: 'ERROR', error: 'no such luck', error_type: 'LUCK' } })
  const ends: [string, readonly string[], string, boolean][] = [
    ['the provider gives up', [start, words, failed, 'data: [DONE]\n\n'], 'no such luck', false],
    [
      'it takes too long',
      [start, words, event('message-end', { delta: { finish_reason: 'TIMEOUT' } })],
      'TIMEOUT',
      false,
    ],
    ['it breaks off', [start, words], 'ended', true],
    ['it breaks off and says that it has not', [start, words, 'data: [DONE]\n\n'], 'ended', true],
  ]
  test.each(ends)('ends with an error when %s, and with nothing made up', async (_, pieces, message, breaks) => {
    cohere.play(stream(pieces))
    const { text, isBroken } = await readAll(await post({ ...streamed, stream_options: { include_usage: true } }))
    expect(text).toContain('"content":"Hi"')
    expect(text).toContain(message)
    expect(text).not.toContain('[DONE]')
    expect(text).not.toMatch(/"finish_reason":"/)
    expect(text).not.toContain('"usage":{')
    expect(isBroken).toBe(breaks)
  })

  test('fails over as long as it has said nothing', async () => {
    cohere.play(async (call) => {
      const isFirst = cohere.requests.length === 1
      return stream(isFirst ? [start, failed] : [start, words, end])(call)
    })
    const response = await post({ ...streamed, model: ['cohere/one', 'cohere/two'] })
    expect(await response.text()).toContain('"content":"Hi"')
    expect(cohere.requests.map(({ text }) => JSON.parse(text).model)).toEqual(['one', 'two'])
  })
})

test('an answer that gave up is an error, not an answer', async () => {
  cohere.play(json({ ...said, finish_reason: 'ERROR', error: 'no such luck' }))
  const response = await post(hello)
  expect(response.status).toBe(502)
  expect(await response.text()).toContain('no such luck')
  cohere.play(json({ ...said, finish_reason: 'TIMEOUT' }))
  expect((await post(hello)).status).toBe(504)
})

async function readAll(response: Response): Promise<{ readonly text: string; readonly isBroken: boolean }> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true })
    return { text, isBroken: false }
  } catch {
    return { text, isBroken: true }
  }
}
