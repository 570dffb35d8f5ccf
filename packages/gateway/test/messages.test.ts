import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { accumulateMessage } from '../src/providers/dialects/anthropic-messages/testing.ts'
import { objectsIn } from '../src/providers/dialects/json.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import {
  answer,
  chunkedHead,
  cut,
  json,
  type ScriptedProvider,
  startScriptedProvider,
  stream,
} from './support/scripted-provider.ts'
import { chunk } from './support/wire.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  const at = `${provider.origin}/v1`
  gateway = await startGateway({
    providers: { anthropic: at, groq: at, openai: at, deepseek: at },
    env: { SIMULATOR_ENABLED: 'true', STREAM_KEEPALIVE_INTERVAL: '50ms', CLIENT_STREAM_IDLE_TIMEOUT: '2s' },
  })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const table = (some: readonly Exchange[]) => some.map((exchange) => [exchange.name, exchange] as const)

type Headers = Readonly<Record<string, string>>

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Headers = {}): Promise<Response> =>
  fetch(`${gateway.url}${path}`, { method: 'POST', body, headers, signal: AbortSignal.timeout(10_000) })

const ask = (body: object, headers: Headers = {}, path = '/v1/messages') => post(path, JSON.stringify(body), headers)

const hello = { model: 'groq/llama', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }

const sent = () => provider.requests.at(-1) ?? Promise.reject(new Error('nothing was sent'))
const sentBody = async () => JSON.parse((await sent()).text)

describe('to Anthropic', () => {
  const exchanges = exchangesOf('messages')
  const requestOf = ({ request, isStream }: Exchange) =>
    new Uint8Array(request ?? Buffer.from(JSON.stringify({ ...hello, model: 'claude-x', stream: isStream })))

  const limitsOf = ({ headers }: Exchange): Headers =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('anthropic-ratelimit-')))

  test.each(table(exchanges.filter(({ status, isStream }) => status < 400 && !isStream)))(
    '%s goes and comes byte for byte',
    async (_, exchange) => {
      provider.play(
        answer(exchange.status, { ...limitsOf(exchange), 'content-type': exchange.contentType }, exchange.response),
      )
      const response = await post('/v1/messages?provider=anthropic', requestOf(exchange))
      expect(Buffer.from(await response.arrayBuffer()).equals(exchange.response)).toBe(true)
      expect((await sent()).body.equals(Buffer.from(requestOf(exchange)))).toBe(true)
      expect(response.headers.get('x-gateway-changes')).toBeNull()
      for (const [name, value] of Object.entries(limitsOf(exchange))) expect(response.headers.get(name)).toBe(value)
      const { usage } = JSON.parse(exchange.response.toString())
      const { usage: told } = await gateway.finished(response.headers.get('x-request-id') ?? '')
      const { input_tokens: input, cache_read_input_tokens: read = 0, cache_creation_input_tokens: written = 0 } = usage
      expect(told).toMatchObject({ input: input + read + written, output: usage.output_tokens, cached: read })
    },
  )

  test.each(table(exchanges.filter(({ isStream }) => isStream)))('%s streams byte for byte', async (name, exchange) => {
    provider.play(stream(cut(exchange.response, Math.ceil(exchange.response.byteLength / 60) | 1)))
    const response = await post('/v1/messages?provider=anthropic', requestOf(exchange))
    expect(await response.text()).toBe(exchange.response.toString())
    const { usage, outcome } = await gateway.finished(response.headers.get('x-request-id') ?? '')
    const counts = [...exchange.response.toString().matchAll(/"output_tokens": ?(\d+)/g)].map(([, count]) =>
      Number(count),
    )
    // A message that broke has told only what went in: what came out is guessed.
    if (usage?.isEstimated === true) expect(usage.output).toBeGreaterThan(counts.at(-1) ?? 0)
    else if (!name.includes('builtin')) expect(usage?.output).toBe(counts.at(-1))
    expect(outcome).toBe(name.includes('midstream') ? 'failed' : 'complete')
  })

  test.each(table(exchanges.filter(({ status }) => status >= 400)))(
    '%s is told as Anthropic tells it',
    async (_, exchange) => {
      provider.play(answer(exchange.status, { 'content-type': exchange.contentType }, exchange.response))
      const response = await post('/v1/messages?provider=anthropic', requestOf(exchange))
      expect(response.status).toBe(exchange.status)
      const { error } = JSON.parse(exchange.response.toString())
      expect(await response.json()).toEqual({
        type: 'error',
        error: { ...error, message: expect.stringContaining(error.message) },
        request_id: response.headers.get('x-request-id') ?? '',
      })
    },
  )

  test('a prefix is taken off the model, and nothing else is touched', async () => {
    provider.play(json({ type: 'message', content: [] }))
    const body =
      '{ "max_tokens" : 1.0, "model":"anthropic/claude-x", "x":12345678901234567890, "messages":[{"role":"user","content":"é"}]}'
    const response = await post('/v1/messages', body)
    expect((await sent()).text).toBe(body.replace('anthropic/', ''))
    expect(response.headers.get('x-gateway-changes')).toBe('model=anthropic/claude-x>claude-x')
  })

  describe('a conversation that other makers have left their marks on', () => {
    const THOUGHT = '{"type":"thinking","thinking":"Hm","signature":""}'
    const SIGNED = '{"type":"thinking","thinking":"Ah", "signature":"c2ln"}'
    const called = (id: string, more = '') =>
      `{"type":"tool_use","id":"${id}","name":"f","input":{"extra_content":1.0,"id":"a.b"}${more}}`
    const result = (id: string) =>
      `{"role":"user","content":[{"type":"tool_result","tool_use_id":"${id}","content":"x"}]}`
    const say = (...blocks: readonly string[]) => `{"role":"assistant", "content":[${blocks.join(',')}]}`
    const body = (...messages: readonly string[]) =>
      `{"model":"claude-x","max_tokens":1.0,"messages":[${messages.join(',')}]}`
    const HELLO = '{"role":"user","content":"Hello"}'
    const GOOGLE = ',"extra_content":{"google":{"thought_signature":"c2ln"}}'

    test.each([
      [
        'thinking that nobody signed',
        [say(THOUGHT, SIGNED, called('a'))],
        [say(SIGNED, called('a'))],
        'dropped=messages.thinking',
      ],
      ['a message of nothing else', [say(THOUGHT), HELLO], [HELLO], 'dropped=messages.thinking'],
      [
        'signatures of Google',
        [say(called('a', GOOGLE))],
        [say(called('a'))],
        'dropped=messages.tool_use.extra_content',
      ],
      [
        'ids that Anthropic does not take',
        [say(called('functions.f:0')), result('functions.f:0')],
        [say(called('functions_46_f_58_0')), result('functions_46_f_58_0')],
        'replaced=messages.tool_use.id',
      ],
      [
        'ids that Anthropic does not take, and they stay apart',
        [say(called('call:1'), called('call.1')), result('call:1'), result('call.1')],
        [say(called('call_58_1'), called('call_46_1')), result('call_58_1'), result('call_46_1')],
        'replaced=messages.tool_use.id',
      ],
      [
        'nothing',
        [say(SIGNED, called('toolu_01-A')), result('toolu_01-A')],
        [say(SIGNED, called('toolu_01-A')), result('toolu_01-A')],
        null,
      ],
    ])('reaches it without %s', async (_, written, expected, changes) => {
      provider.play(json({ type: 'message', content: [] }))
      const response = await post('/v1/messages?provider=anthropic', body(HELLO, ...written))
      expect((await sent()).text).toBe(body(HELLO, ...expected))
      expect(response.headers.get('x-gateway-changes')).toBe(changes)
    })

    test('is refused in strict mode', async () => {
      const response = await post('/v1/messages?provider=anthropic', body(say(THOUGHT)), { 'x-gateway-strict': 'true' })
      expect([response.status, (await response.json()).error.message]).toEqual([
        400,
        expect.stringContaining('does not accept `messages.thinking`'),
      ])
    })
  })

  test('the client says which version and which betas; the key is ours', async () => {
    provider.play(json({ type: 'message', content: [] }))
    const headers = { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a-1,b-2', 'x-api-key': 'theirs' }
    await ask({ ...hello, model: 'claude-x' }, headers, '/v1/messages?beta=true&provider=anthropic')
    const request = await sent()
    expect(request.target).toBe('/v1/messages?beta=true')
    expect(request.header('anthropic-version')).toBe('2026-10-21')
    expect(request.header('anthropic-beta')).toBe('a-1,b-2')
    expect(request.header('x-api-key')).toBe(keyOf('anthropic'))
    await ask({ ...hello, model: 'claude-x' })
    expect((await sent()).header('anthropic-version')).toBe('2023-06-01')
  })

  test('a stream that breaks ends with an error event and a broken connection', async () => {
    provider.play(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead())
      await call.write(chunk('event: message_start\ndata: {"type":"message_start","message":{"id":"m"}}\n\n'))
      call.reset()
    })
    const response = await ask({ ...hello, model: 'claude-x', stream: true })
    const { text, isBroken } = await readAll(response)
    expect(text).toContain('event: error\ndata: {"type":"error","error":{"type":"api_error"')
    expect(isBroken).toBe(true)
  })
})

async function readAll(response: Response): Promise<{ readonly text: string; readonly isBroken: boolean }> {
  let text = ''
  try {
    for await (const part of response.body ?? []) text += Buffer.from(part).toString()
    return { text, isBroken: false }
  } catch {
    return { text, isBroken: true }
  }
}

const completion = {
  id: 'chatcmpl-1',
  model: 'llama',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11, prompt_tokens_details: { cached_tokens: 4 } },
}

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`
const delta = (value: object, finish: string | null = null): string =>
  event({ id: 'c', model: 'llama', choices: [{ index: 0, delta: value, finish_reason: finish }] })

describe('to everybody else', () => {
  test('it is asked in chat, and answered as a message', async () => {
    provider.play(json(completion))
    const response = await ask({ ...hello, system: 'Be kind.', stop_sequences: ['x'] })
    expect(await response.json()).toEqual({
      id: 'chatcmpl-1',
      type: 'message',
      role: 'assistant',
      model: 'llama',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 5, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 2 },
    })
    expect((await sent()).target).toBe('/v1/chat/completions')
    expect(await sentBody()).toEqual({
      model: 'llama',
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Hello' },
      ],
      max_tokens: 10,
      stop: ['x'],
    })
    expect(response.headers.get('x-gateway-changes')).toBe(
      'translated=anthropic-messages>openai-chat; model=groq/llama>llama',
    )
    const { usage } = await gateway.finished(response.headers.get('x-request-id') ?? '')
    expect(usage).toMatchObject({ input: 9, output: 2, cached: 4 })
  })

  test('what chat has no words for is named, or refused in strict mode', async () => {
    provider.play(json(completion))
    const body = { ...hello, top_k: 3, container: 'c', thinking: { type: 'enabled', budget_tokens: 2000 } }
    const response = await ask(body)
    expect(response.headers.get('x-gateway-changes')).toEndWith('dropped=container; dropped=top_k; dropped=thinking')
    const strict = await ask(body, { 'x-gateway-strict': 'true' })
    expect(strict.status).toBe(400)
    expect(await strict.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', code: 'unsupported_parameter' },
      request_id: strict.headers.get('x-request-id'),
    })
    const plain = await ask(hello, { 'x-gateway-strict': 'true' })
    expect(plain.status).toBe(200)
  })

  test('it streams as it comes, and usage is asked for', async () => {
    provider.play(
      stream([delta({ role: 'assistant', content: 'H' }) + delta({ content: 'i' }, 'stop') + 'data: [DONE]\n\n']),
    )
    const response = await ask({ ...hello, stream: true })
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    const text = await response.text()
    expect(text).toStartWith('event: message_start\ndata: {"type":"message_start"')
    expect(text).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')
    expect((await sentBody()).stream_options).toEqual({ include_usage: true })
  })

  test('a whole answer to a client that wants a stream becomes one', async () => {
    provider.play(json(completion))
    const response = await ask({ ...hello, stream: true })
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    expect(await response.text()).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')
  })

  test('a stream that ends early gives an error event and a broken connection, never a proper end', async () => {
    provider.play(stream([delta({ content: 'H' })]))
    const { text, isBroken } = await readAll(await ask({ ...hello, stream: true }))
    expect(isBroken).toBe(true)
    expect(text).toContain('"text":"H"')
    expect(text).toContain('event: error\ndata: {"type":"error"')
    expect(text).not.toContain('message_stop')
  })

  test('an error inside the stream is told in its words', async () => {
    provider.play(
      stream([
        delta({ content: 'H' }),
        event({ error: { message: 'no more', code: 429, status: 'RESOURCE_EXHAUSTED' } }),
      ]),
    )
    const { text } = await readAll(await ask({ ...hello, stream: true }))
    expect(text).toContain(
      '"error":{"message":"no more","code":429,"status":"RESOURCE_EXHAUSTED","type":"rate_limit_error"',
    )
    expect(text).not.toContain('message_stop')
  })

  test('a finish reason that says the provider gave up is an error, streamed and not', async () => {
    provider.play(stream([delta({ content: 'H' }) + delta({}, 'error') + 'data: [DONE]\n\n']))
    const { text } = await readAll(await ask({ ...hello, stream: true }))
    expect(text).toContain('event: error\ndata: {"type":"error","error":{"code":"server_error"')
    expect(text).not.toContain('message_stop')
    provider.play(json({ ...completion, choices: [{ message: { content: 'H' }, finish_reason: 'error' }] }))
    const response = await ask(hello)
    expect([response.status, (await response.json()).error.code]).toEqual([502, 'server_error'])
  })

  test("a refusal of MiniMax's is no answer of status 200", async () => {
    provider.play(json({ choices: null, base_resp: { status_code: 1002, status_msg: 'slow down' } }))
    const response = await ask(hello)
    expect([response.status, (await response.json()).error.type]).toEqual([429, 'rate_limit_error'])
  })

  test('pings keep a quiet stream alive', async () => {
    const pinged = Promise.withResolvers<void>()
    provider.play(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead() + chunk(delta({ content: 'H' })).toString())
      await pinged.promise
      await call.write(chunk(delta({}, 'stop') + 'data: [DONE]\n\n'))
      await call.write('0\r\n\r\n')
    })
    const { body } = await ask({ ...hello, stream: true })
    let text = ''
    for await (const bytes of body ?? []) {
      text += new TextDecoder().decode(bytes)
      // The first comes with the first block, as Anthropic sends it.
      if (text.split('event: ping\n').length > 2) pinged.resolve()
    }
    expect(text).toContain('message_stop')
    expect(text).not.toContain(': keep-alive')
  })

  test("a provider's error keeps its status and is told in Anthropic's envelope", async () => {
    provider.play(
      json({ error: { message: 'slow down', type: 'tokens', code: 'rate_limit_exceeded' } }, 429, {
        'retry-after': '7',
      }),
    )
    const response = await ask(hello)
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'slow down' },
    })
  })

  test('the simulator calls a tool, streamed and not', async () => {
    const tools = [
      {
        name: 'get_weather',
        input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    ]
    const body = { ...hello, model: 'simulator/tools', max_tokens: 500, tools, tool_choice: { type: 'any' } }
    const whole = await (await ask(body)).json()
    expect(whole.stop_reason).toBe('tool_use')
    expect(whole.content.at(-1)).toMatchObject({
      type: 'tool_use',
      name: 'get_weather',
      input: { city: expect.any(String) },
    })
    expect(await (await ask({ ...body, stream: true })).text()).toContain('"stop_reason":"tool_use"')
  })

  test('another provider takes over, in its own dialect, while nothing has left', async () => {
    provider.play((call) =>
      call.request.target.endsWith('/messages')
        ? json({ type: 'error', error: { type: 'overloaded_error', message: 'busy' } }, 529)(call)
        : json(completion)(call),
    )
    const response = await ask({ ...hello, model: 'claude-x' }, { 'x-gateway-fallback': 'groq/llama' })
    expect(response.headers.get('x-gateway-provider')).toBe('groq')
    expect((await response.json()).content).toEqual([{ type: 'text', text: 'Hi' }])
  })
})

describe('the errors of the gateway itself', () => {
  const cases: [string, string, string, number, string][] = [
    ['no JSON', '/v1/messages', '{', 400, 'invalid_request_error'],
    ['no messages', '/v1/messages', '{"model":"groq/x"}', 400, 'invalid_request_error'],
    ['a model nobody knows', '/v1/messages', '{"model":"zzz","messages":[{}]}', 400, 'invalid_request_error'],
    ['a route below', '/v1/messages/count_tokens', '{', 400, 'invalid_request_error'],
  ]
  test.each(cases)("%s is told in Anthropic's envelope", async (_, path, body, status, type) => {
    const response = await post(path, body)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type, message: expect.any(String) },
      request_id: response.headers.get('request-id') ?? '',
    })
  })

  test('also to a GET', async () => {
    const response = await fetch(`${gateway.url}/v1/messages`)
    expect(response.status).toBe(405)
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  })
})

describe('counting tokens', () => {
  test("is Anthropic's where Anthropic answers", async () => {
    provider.play(json({ input_tokens: 17 }))
    const response = await ask({ ...hello, model: 'anthropic/claude-x' }, {}, '/v1/messages/count_tokens?beta=true')
    expect(await response.json()).toEqual({ input_tokens: 17 })
    expect(response.headers.get('x-gateway-estimated')).toBeNull()
    expect((await sent()).target).toBe('/v1/messages/count_tokens?beta=true')
    expect((await sentBody()).model).toBe('claude-x')
  })

  test('is an estimate that says so for everybody else, and nobody is asked', async () => {
    provider.forget()
    const response = await ask(
      { ...hello, messages: [{ role: 'user', content: 'word '.repeat(1000) }] },
      {},
      '/v1/messages/count_tokens',
    )
    expect(response.headers.get('x-gateway-estimated')).toBe('true')
    expect(response.headers.get('x-gateway-provider')).toBe('groq')
    const { input_tokens: count } = await response.json()
    expect(count).toBeGreaterThan(900)
    expect(count).toBeLessThan(2000)
    expect(provider.requests).toHaveLength(0)
  })
})

describe('with ANTHROPIC_DIALECT=messages', () => {
  const CHAT = '/v1/chat/completions'
  let native: TestGateway
  let anthropic: ScriptedProvider
  beforeAll(async () => {
    anthropic = await startScriptedProvider(json({}), { models: null })
    anthropic.play(json({ data: [{ id: 'claude-x', type: 'model', max_tokens: 64_000 }], has_more: false }))
    native = await startGateway({
      providers: { anthropic: `${anthropic.origin}/v1` },
      env: { ANTHROPIC_DIALECT: 'messages' },
    })
    await fetch(`${native.url}/v1/models`)
  })
  afterAll(async () => {
    await native.close()
    await anthropic.close()
  })
  const chat = { model: 'anthropic/claude-x', messages: [{ role: 'user', content: 'Hello' }] }
  const complete = (body: object, headers: Headers = {}) =>
    fetch(native.url + CHAT, { method: 'POST', body: JSON.stringify(body), headers })
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
      { type: 'text', text: 'Hi' },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: { x: 1 } },
    ],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: 5, cache_read_input_tokens: 4, cache_creation_input_tokens: 2, output_tokens: 3 },
  }

  test('a chat is asked as a message, as long as the model can, and answered as a chat', async () => {
    anthropic.play(json(message))
    const response = await complete(chat)
    const request = anthropic.requests.at(-1)
    expect(request?.target).toBe('/v1/messages')
    expect(request?.header('x-api-key')).toBe(keyOf('anthropic'))
    expect(JSON.parse(request?.text ?? '')).toEqual({
      model: 'claude-x',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      max_tokens: 64_000,
    })
    expect(response.headers.get('x-gateway-changes')).toBe(
      'translated=openai-chat>anthropic-messages; model=anthropic/claude-x>claude-x; added=max_tokens',
    )
    const { choices, usage } = await response.json()
    expect(choices[0].message).toMatchObject({ content: 'Hi', reasoning_content: 'hm' })
    expect(choices[0].finish_reason).toBe('tool_calls')
    expect(usage).toMatchObject({
      prompt_tokens: 11,
      completion_tokens: 3,
      prompt_tokens_details: { cached_tokens: 4 },
    })
    const { usage: told } = await native.finished(response.headers.get('x-request-id') ?? '')
    expect(told).toMatchObject({ input: 11, output: 3, cached: 4 })
  })

  test('signed thinking comes back to Anthropic unchanged', async () => {
    anthropic.play(json(message))
    const { choices } = await (await complete(chat)).json()
    const result = { role: 'tool', tool_call_id: 'toolu_1', content: 'done' }
    await complete({ ...chat, messages: [...chat.messages, choices[0].message, result] })
    const { messages } = JSON.parse(anthropic.requests.at(-1)?.text ?? '')
    expect(messages[1].content).toEqual(message.content)
    expect(messages[2].content).toEqual([{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' }])
  })

  test('what Anthropic has no words for is named, or refused in strict mode', async () => {
    anthropic.play(json(message))
    const response = await complete({ ...chat, seed: 1 })
    expect(response.headers.get('x-gateway-changes')).toEndWith('dropped=seed')
    expect((await complete({ ...chat, seed: 1 }, { 'x-gateway-strict': 'true' })).status).toBe(400)
  })

  const streams = exchangesOf('messages').filter(
    ({ isStream, response }) => isStream && response.includes('message_stop'),
  )
  test.each(table(streams))('%s streams as a chat, cut anywhere', async (_, { response: recorded }) => {
    anthropic.play(stream(cut(recorded, Math.ceil(recorded.byteLength / 60) | 1)))
    const text = await (await complete({ ...chat, stream: true })).text()
    expect(text).toEndWith('data: [DONE]\n\n')
    const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''))
    expect(chunks[0].choices[0].delta.role).toBe('assistant')
    const finished = chunks.filter(({ choices }) => choices[0]?.finish_reason !== null)
    expect(finished).toHaveLength(1)
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true)
    const words = [...recorded.toString().matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''))
    const said = words.flatMap(({ delta }) => (delta?.type === 'text_delta' ? [delta.text] : [])).join('')
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe(said)
    // Signed thoughts come whole, as they have to go back.
    const blocks = accumulateMessage(words.filter(({ type }, index) => type !== 'message_start' || index === 0))
    const signed = objectsIn(blocks['content']).filter(({ type }) => String(type).endsWith('thinking'))
    expect(chunks.flatMap(({ choices }) => choices[0].delta.thinking_blocks ?? [])).toEqual(signed)
  })

  test('the usage chunk comes to those who ask for it', async () => {
    const said = (type: string, rest: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
    anthropic.play(
      stream([
        said('message_start', { message: { ...message, content: [], stop_reason: null } }),
        said('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
        said('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hi' } }),
        said('content_block_stop', { index: 0 }),
        said('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } }),
        said('message_stop', {}),
      ]),
    )
    const body = { ...chat, stream: true, stream_options: { include_usage: true } }
    const text = await (await complete(body)).text()
    expect(text).toMatch(/"choices":\[\],"usage":\{"prompt_tokens":11,"completion_tokens":3.*\n\ndata: \[DONE\]\n\n$/)
  })

  test('an error in the stream is an error to the client, and nothing ends properly', async () => {
    const start = 'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"c"}}\n\n'
    const busy = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
    anthropic.play(stream([start, busy]))
    const { text } = await readAll(await complete({ ...chat, stream: true }))
    expect(text).toContain('busy')
    expect(text).not.toContain('[DONE]')
  })
})
