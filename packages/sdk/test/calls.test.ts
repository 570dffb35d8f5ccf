import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import {
  AbortError,
  APIError,
  AuthenticationError,
  ConnectionError,
  Gateway,
  type GatewayOptions,
  type Middleware,
  ParseError,
  StreamError,
  TimeoutError,
} from '../src/index.ts'
import { fromJsonSchema } from '../src/schema.ts'
import { tool } from '../src/tools.ts'
import {
  answer,
  chunk,
  chunkedHead,
  delta,
  event,
  HELLO,
  inTurn,
  json,
  LAST_CHUNK,
  raw,
  scripted,
  silence,
  stream,
  thrown,
} from './support/scripted.ts'

const ASK = { model: 'm', messages: 'Hi' }
const AT_ONCE = { 'retry-after-ms': '0' }
const error = (status: number, headers: Record<string, string> = AT_ONCE) =>
  json({ error: 'No.', code: 'c' }, status, headers)

describe('what is sent', () => {
  test('is OpenAI’s request, with a text as the user’s message', async () => {
    await using it = await scripted(json(HELLO))
    await it.gw.chat({ ...ASK, seed: 7, something_new: { a: [1] } })
    const [request] = it.server.requests
    expect([request?.method, request?.target, request?.header('content-type')]).toEqual([
      'POST',
      '/v1/chat/completions',
      'application/json',
    ])
    expect(JSON.parse(request?.text ?? '')).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      seed: 7,
      something_new: { a: [1] },
      stream: false,
    })
  })

  test('asks a stream for its usage, unless the caller knows better', async () => {
    await using it = await scripted(stream([delta('x', 'stop'), event('[DONE]')]))
    await it.gw.chat.stream(ASK).final()
    await it.gw.chat.stream({ ...ASK, stream_options: { include_usage: false } }).final()
    const sent = it.server.requests.map(({ text }) => JSON.parse(text) as unknown)
    expect(sent).toMatchObject([
      { stream: true, stream_options: { include_usage: true } },
      { stream_options: { include_usage: false } },
    ])
  })

  test('carries the token, on streams and on everything else', async () => {
    await using it = await scripted(stream([delta('x', 'stop')]), { apiKey: 'token' })
    await it.gw.chat.stream(ASK).final()
    await it.gw.health()
    await it.gw.proxy('openai').fetch('models')
    expect(it.server.requests.map((request) => request.header('authorization'))).toEqual(Array(5).fill('Bearer token'))
  })

  test('carries what the options say', async () => {
    await using it = await scripted(json(HELLO), { headers: { 'x-team': 'blue', 'x-b': '1' }, provider: 'groq' })
    await it.gw.chat(ASK, { strict: true, fallback: ['a/b', 'c'], requestId: 'id', headers: { 'x-b': '2' } })
    const [request] = it.server.requests
    const names = ['x-team', 'x-b', 'x-gateway-strict', 'x-gateway-fallback', 'x-request-id']
    expect(names.map((name) => request?.header(name))).toEqual(['blue', '2', 'true', 'a/b, c', 'id'])
    expect(request?.target).toBe('/v1/chat/completions?provider=groq')
  })

  test('is no token where it is empty, nor another place', async () => {
    await using it = await scripted(json(HELLO))
    await it.gw.with({ apiKey: '' }).chat(ASK)
    expect(it.server.requests[0]?.header('authorization')).toBeUndefined()
    expect(new Gateway({ baseURL: '' }).baseURL).toBe(new Gateway().baseURL)
  })

  test('has to be JSON, and what is none is refused by the promise', async () => {
    const asked = new Gateway().chat({ ...ASK, seed_of_mine: 1n })
    expect(await thrown(asked)).toBeInstanceOf(TypeError)
  })

  test('has the client’s defaults under it', async () => {
    await using it = await scripted(json(HELLO), { defaults: { model: 'm', max_tokens: 5 } })
    await it.gw
      .with({ defaults: { temperature: 1 } })
      .chat({ messages: 'Hi', max_tokens: 6, temperature: undefined as never })
    expect(JSON.parse(it.server.requests[0]?.text ?? '')).toMatchObject({ model: 'm', max_tokens: 6, temperature: 1 })
  })

  test('embeddings are asked for as numbers', async () => {
    const list = { object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.5] }] }
    await using it = await scripted(json(list))
    const { data } = await it.gw.embeddings({ model: 'm', input: ['a'] })
    expect(data[0]?.embedding).toEqual([0.5])
    expect(JSON.parse(it.server.requests[0]?.text ?? '')).toMatchObject({ encoding_format: 'float', input: ['a'] })
  })
})

describe('the token', () => {
  test('is not seen when the client is printed', () => {
    const gw = new Gateway({ apiKey: 'secret-token' })
    expect(inspect(gw, { depth: 9, showHidden: true }) + Bun.inspect(gw) + JSON.stringify(gw)).not.toContain('secret')
  })

  test.each(['secret\nx', 'secret…'])('%p, which no header can carry, is not told by the error', async (apiKey) => {
    const lines: unknown[] = []
    const gw = new Gateway({ apiKey, log: (...line) => void lines.push(...line) })
    const error = await thrown(gw.chat(ASK))
    expect(error).toMatchObject({ name: 'TypeError', message: 'The header authorization cannot be sent as it is.' })
    expect(inspect([error, lines])).not.toContain('secret')
  })

  test('may come from a function, which is asked once more when it is refused', async () => {
    await using it = await scripted(inTurn(error(401), json(HELLO)), { maxRetries: 0, apiKey: keys('old', 'new') })
    await it.gw.chat(ASK)
    expect(it.server.requests.map((request) => request.header('authorization'))).toEqual(['Bearer old', 'Bearer new'])
  })

  test('that stays refused is an error', async () => {
    await using it = await scripted(error(401), { apiKey: keys('old', 'new') })
    expect(await thrown(it.gw.chat(ASK))).toBeInstanceOf(AuthenticationError)
    expect(it.server.requests).toHaveLength(2)
  })

  test('of a provider is refused in a page', () => {
    const page = globalThis as { document?: unknown }
    page.document = {}
    try {
      expect(() => new Gateway({ apiKey: 'sk-ant-x' })).toThrow(/not into a page/)
    } finally {
      delete page.document
    }
  })

  const keys =
    (...each: string[]) =>
    () =>
      each.shift() ?? ''
})

describe('a call is tried again', () => {
  test.each([408, 409, 429, 500, 503, 529])('after %d', async (status) => {
    await using it = await scripted(inTurn(error(status), json(HELLO)))
    expect((await it.gw.chat(ASK)).text).toBe('Hello')
    expect(it.server.requests).toHaveLength(2)
  })

  test('after a connection that broke before the answer', async () => {
    await using it = await scripted(inTurn(({ reset }) => reset(), json(HELLO)))
    expect((await it.gw.chat(ASK)).text).toBe('Hello')
  })

  test('for a stream too, before it begins', async () => {
    await using it = await scripted(inTurn(error(503), stream([delta('Hello', 'stop')])))
    expect((await it.gw.chat.stream(ASK).final()).text).toBe('Hello')
  })

  test('twice, not more', async () => {
    await using it = await scripted(error(500))
    expect(await thrown(it.gw.chat(ASK))).toMatchObject({ status: 500 })
    expect(it.server.requests).toHaveLength(3)
  })

  test('as often as said', async () => {
    await using it = await scripted(error(500))
    await thrown(it.gw.chat(ASK, { maxRetries: 4 }))
    expect(it.server.requests).toHaveLength(5)
  })

  test.each([400, 401, 403, 404, 422])('but not after %d', async (status) => {
    await using it = await scripted(error(status))
    await thrown(it.gw.chat(ASK))
    expect(it.server.requests).toHaveLength(1)
  })

  test('but not as often as something that is no number', async () => {
    await using it = await scripted(json({ error: 'No.' }, 500, { 'retry-after-ms': '1' }))
    await thrown(it.gw.chat(ASK, { maxRetries: Number.NaN }))
    expect(it.server.requests).toHaveLength(1)
  })

  test('but not when the gateway has tried enough', async () => {
    await using it = await scripted(error(503, { 'x-should-retry': 'false' }))
    await thrown(it.gw.chat(ASK))
    expect(it.server.requests).toHaveLength(1)
  })

  test('but not once a byte of the answer has come', async () => {
    await using it = await scripted(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead() + chunk(delta('Hel')).toString())
      call.reset()
    })
    const error = await thrown(it.gw.chat.stream(ASK).final())
    expect(error).toBeInstanceOf(StreamError)
    expect(error).toMatchObject({ message: expect.stringMatching(/^The answer of http.* broke off: /) })
    expect(it.server.requests).toHaveLength(1)
  })

  test('after half a second when nobody says when', async () => {
    await using it = await scripted(inTurn(error(500, {}), json(HELLO)))
    const before = performance.now()
    await it.gw.chat(ASK)
    expect(performance.now() - before).toBeGreaterThan(370)
  })
})

describe('a call takes no longer than allowed', () => {
  const phaseOf = (error: unknown) => error instanceof TimeoutError && error.phase

  test('until the answer begins', async () => {
    await using it = await scripted(silence, { maxRetries: 0, timeouts: { firstByte: 30 } })
    const error = await thrown(it.gw.chat(ASK))
    expect(phaseOf(error)).toBe('firstByte')
    expect(error).toMatchObject({ code: 'timeout', retryable: true, message: expect.stringContaining('firstByte') })
  })

  test('until the answer goes on', async () => {
    await using it = await scripted(halfAnAnswer, { timeouts: { idle: 30 } })
    expect(phaseOf(await thrown(it.gw.chat(ASK)))).toBe('idle')
  })

  test('until a stream goes on, which tells what had arrived', async () => {
    await using it = await scripted(
      async (call) => {
        await call.bodyRead
        await call.write(chunkedHead() + chunk(delta('Hel')).toString())
      },
      { timeouts: { idle: 30 } },
    )
    const error = await thrown(it.gw.chat.stream(ASK).final())
    expect(error).toMatchObject({ name: 'StreamError', code: 'timeout', partial: { text: 'Hel' } })
    expect(phaseOf(error instanceof Error && error.cause)).toBe('idle')
  })

  test('in total, with its retries and pauses', async () => {
    await using it = await scripted(error(500, { 'retry-after': '30' }), { timeouts: { total: 50 } })
    expect(phaseOf(await thrown(it.gw.chat(ASK)))).toBe('total')
  })

  test.each([Infinity, Number.MAX_SAFE_INTEGER])('and %d is as long as it likes', async (ms) => {
    await using it = await scripted(json(HELLO))
    expect((await it.gw.chat(ASK, { timeouts: { firstByte: ms, idle: ms, total: ms } })).text).toBe('Hello')
  })

  test('also where a fetch heeds no signal', async () => {
    const deaf = () => new Promise<Response>(() => {})
    const gw = new Gateway({ fetch: deaf, maxRetries: 0, timeouts: { firstByte: 20 } })
    expect(phaseOf(await thrown(gw.chat(ASK)))).toBe('firstByte')
  })

  test('also where the token does not come', async () => {
    const gw = new Gateway({ apiKey: () => new Promise(() => {}), maxRetries: 0, timeouts: { firstByte: 20 } })
    expect(phaseOf(await thrown(gw.chat(ASK)))).toBe('firstByte')
    expect(await thrown(gw.chat(ASK, { signal: AbortSignal.timeout(5) }))).toBeInstanceOf(AbortError)
  })

  test('also where its body heeds none', async () => {
    const deaf = async () => new Response(new ReadableStream())
    const gw = new Gateway({ fetch: deaf, timeouts: { idle: 20 } })
    expect(phaseOf(await thrown(gw.chat(ASK)))).toBe('idle')
  })

  const halfAnAnswer: Parameters<typeof scripted>[0] = async (call) => {
    await call.bodyRead
    await call.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"id"')
  }
})

describe('a call ends when nobody wants it any more', () => {
  test('before the answer', async () => {
    await using it = await scripted(silence)
    const controller = new AbortController()
    const answer = thrown(it.gw.chat(ASK, { signal: controller.signal }))
    while (it.server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    controller.abort('enough')
    expect(await answer).toMatchObject({ name: 'AbortError', code: 'aborted', cause: 'enough' })
    await it.server.requests[0]?.closed
  })

  test('with a signal that has fired before', async () => {
    await using it = await scripted(json(HELLO))
    expect(await thrown(it.gw.chat(ASK, { signal: AbortSignal.abort() }))).toBeInstanceOf(AbortError)
    expect(it.server.requests).toHaveLength(0)
  })

  test('while it waits to try again', async () => {
    await using it = await scripted(error(500, { 'retry-after': '30' }))
    const controller = new AbortController()
    const answer = thrown(it.gw.chat(ASK, { signal: controller.signal }))
    while (it.server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    controller.abort()
    expect(await answer).toBeInstanceOf(AbortError)
  })

  const endless: Parameters<typeof scripted>[0] = async (call) => {
    await call.bodyRead
    await call.write(chunkedHead() + chunk(delta('Hel')).toString())
  }

  test('by leaving the loop', async () => {
    await using it = await scripted(endless)
    const stream = it.gw.chat.stream(ASK)
    for await (const _ of stream) break
    await it.server.requests[0]?.closed
    expect(await thrown(stream.final())).toBeInstanceOf(AbortError)
  })

  test('by a signal in the middle of a stream, which is no broken stream', async () => {
    await using it = await scripted(endless)
    const controller = new AbortController()
    const read = async () => {
      for await (const _ of it.gw.chat.stream(ASK, { signal: controller.signal })) controller.abort()
    }
    expect(await thrown(read())).toBeInstanceOf(AbortError)
    await it.server.requests[0]?.closed
  })

  test('by cancelling the web stream it became, though nothing comes', async () => {
    await using it = await scripted(endless)
    const reader = it.gw.chat.stream(ASK).toReadableStream().getReader()
    await reader.read()
    await reader.cancel()
    await it.server.requests[0]?.closed
  })

  test('by abort()', async () => {
    await using it = await scripted(silence)
    const stream = it.gw.chat.stream(ASK)
    const final = thrown(stream.final())
    stream.abort('enough')
    expect(await final).toMatchObject({ name: 'AbortError', cause: 'enough' })
  })
})

describe('a stream is not taken for whole when it is not', () => {
  const broken: [string, string[], object][] = [
    [
      'OpenAI’s error',
      [delta('Hel'), event({ error: { message: 'No.', type: 't', code: 'c' } })],
      { message: 'No.', code: 'c', type: 't' },
    ],
    [
      'the gateway’s error',
      [delta('Hel'), 'event: error\ndata: {"error":"No.","code":"c"}\n\n'],
      { message: 'No.', code: 'c' },
    ],
    [
      'an error in words',
      [delta('Hel'), 'event: error\ndata: oh dear\n\n'],
      { message: 'oh dear', code: 'stream_error' },
    ],
    ['what is no JSON', [delta('Hel'), event('{oh')], { code: 'invalid_response' }],
    ['an end before the end', [delta('Hel')], { code: 'stream_incomplete' }],
  ]
  test.each(broken)('%s', async (_name, pieces, expected) => {
    await using it = await scripted(stream(pieces))
    const error = await thrown(it.gw.chat.stream(ASK).final())
    expect(error).toBeInstanceOf(StreamError)
    expect(error).toMatchObject({ ...expected, partial: { text: 'Hel', finishReason: null } })
  })

  test('an error as the first event', async () => {
    await using it = await scripted(stream([event({ error: { message: 'No.' } })]))
    expect(await thrown(it.gw.chat.stream(ASK).final())).toMatchObject({ name: 'StreamError', partial: { text: '' } })
  })

  test('an answer that is no stream', async () => {
    await using it = await scripted(json(HELLO))
    expect(await thrown(it.gw.chat.stream(ASK).final())).toMatchObject({ code: 'invalid_response' })
  })

  test('but one that goes on after its end is whole', async () => {
    await using it = await scripted(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead() + chunk(delta('Hello', 'stop') + event('[DONE]')).toString())
    })
    expect((await it.gw.chat.stream(ASK).final()).text).toBe('Hello')
  })

  test('and its connection is used again', async () => {
    await using it = await scripted(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead() + chunk(delta('Hello', 'stop') + event('[DONE]')).toString() + LAST_CHUNK)
    })
    for (let times = 0; times < 3; times++) await it.gw.chat.stream(ASK).final()
    expect(it.server.connections).toBe(1)
  })
})

describe('what is no gateway is named', () => {
  test('a web page', async () => {
    await using it = await scripted(answer(200, { 'content-type': 'text/html' }, '<h1>Welcome</h1>'))
    const error = await thrown(it.gw.models.list())
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ message: expect.stringContaining('/v1/models answered with text/html that no') })
  })

  test('nobody', async () => {
    const gw = new Gateway({ baseURL: 'http://127.0.0.1:1', maxRetries: 0 })
    const error = await thrown(gw.chat(ASK))
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ code: 'connection_error', message: expect.stringContaining('http://127.0.0.1:1') })
    expect(await thrown(gw.health())).toBeInstanceOf(ConnectionError)
  })

  test('what speaks no HTTP', async () => {
    await using it = await scripted(raw('hello?\r\n\r\n'), { maxRetries: 0 })
    expect(await thrown(it.gw.chat(ASK))).toBeInstanceOf(ConnectionError)
  })
})

describe('middleware', () => {
  test('sees every try, from the outside in', async () => {
    const seen: string[] = []
    const named =
      (name: string): Middleware =>
      async (request, next, { attempt, path }) => {
        seen.push(`${name} ${attempt} ${path}`)
        const response = await next(request)
        seen.push(`${name} ${response.status}`)
        return response
      }
    await using it = await scripted(inTurn(error(500), json(HELLO)), { middleware: [named('out')] })
    await it.gw.chat(ASK, { middleware: [named('in')] })
    const path = '/v1/chat/completions'
    expect(seen).toEqual([
      `out 0 ${path}`,
      `in 0 ${path}`,
      'in 500',
      'out 500',
      `out 1 ${path}`,
      `in 1 ${path}`,
      'in 200',
      'out 200',
    ])
  })

  test('changes what is sent and what comes back', async () => {
    const changing: Middleware = async (request, next) => {
      const headers = new Headers(request.headers)
      headers.set('x-signed', 'yes')
      await next({ ...request, headers })
      return Response.json({ ...HELLO, choices: [] })
    }
    await using it = await scripted(json(HELLO), { middleware: [changing] })
    expect((await it.gw.chat(ASK)).text).toBe('')
    expect(it.server.requests[0]?.header('x-signed')).toBe('yes')
  })
})

describe('a fault of the caller’s own is thrown as it is, and once', () => {
  const fault = new Error('mine')
  const cases: [string, GatewayOptions][] = [
    ['in the function for the token', { apiKey: () => Promise.reject(fault) }],
    ['in middleware', { middleware: [() => Promise.reject(fault)] }],
  ]
  test.each(cases)('%s', async (_name, options) => {
    await using it = await scripted(json(HELLO), options)
    expect(await thrown(it.gw.chat(ASK))).toBe(fault)
    expect(it.server.requests).toHaveLength(0)
  })
})

describe('the proxy', () => {
  test('has a base URL for the vendor’s own client', () => {
    expect(new Gateway({ baseURL: 'http://gw/v1' }).proxy('anthropic').baseURL).toBe('http://gw/proxy/anthropic')
  })

  test('passes method, body and headers, and answers errors as answers', async () => {
    await using it = await scripted(error(503), { apiKey: 'token' })
    const { fetch } = it.gw.proxy('anthropic')
    const response = await fetch('/v1/messages?beta=true', {
      method: 'POST',
      body: '{}',
      headers: { 'anthropic-version': '1' },
    })
    expect([response.status, it.server.requests.length]).toEqual([503, 1])
    const [request] = it.server.requests
    expect([request?.target, request?.text]).toEqual(['/proxy/anthropic/v1/messages?beta=true', '{}'])
    expect([request?.header('anthropic-version'), request?.header('authorization')]).toEqual(['1', 'Bearer token'])
  })

  test('is a fetch for whoever takes one', async () => {
    await using it = await scripted(json({}))
    const { baseURL, fetch } = it.gw.proxy('openai')
    await fetch(new Request(`${baseURL}/models`, { method: 'PUT', body: 'x' }))
    await fetch(new URL(`${baseURL}/models`))
    expect(it.server.requests.map(({ method, text }) => method + text)).toEqual(['PUTx', 'GET'])
  })

  test('goes nowhere else', async () => {
    const { fetch } = new Gateway({ baseURL: 'http://gw' }).proxy('openai')
    expect(await thrown(fetch('https://api.openai.com/v1/models'))).toBeInstanceOf(TypeError)
    expect(await thrown(fetch('http://gw/proxy/openai2/models'))).toBeInstanceOf(TypeError)
  })
})

describe('what a model does wrong', () => {
  const say = (content: string, more: object = {}, reason = 'stop') =>
    json({ ...HELLO, choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason: reason }] })
  const schema = fromJsonSchema<{ a: number }>({
    type: 'object',
    properties: { a: { type: 'number' } },
    required: ['a'],
  })

  const wrong: [string, ReturnType<typeof say>, RegExp][] = [
    ['prose instead of JSON', say('Sure!'), /did not write JSON/],
    ['an answer cut off', say('{"a":', {}, 'length'), /cut off by max_tokens/],
    ['a refusal', say('', { refusal: 'I will not.' }), /refused: I will not\./],
  ]
  test.each(wrong)('%s is a ParseError', async (_name, script, message) => {
    await using it = await scripted(script)
    const error = await thrown(it.gw.chat.parse({ ...ASK, schema }))
    expect(error).toBeInstanceOf(ParseError)
    expect(error).toMatchObject({ message: expect.stringMatching(message) })
  })

  test('is shown to it once, when that is asked for', async () => {
    await using it = await scripted(inTurn(say('Sure!'), say('{"a":1}')))
    const { parsed } = await it.gw.chat.parse({ ...ASK, schema, repairs: 1 })
    expect(parsed).toEqual({ a: 1 })
    const sent = JSON.parse(it.server.requests[1]?.text ?? '') as { messages: { role: string; content: string }[] }
    expect(sent.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(sent).not.toHaveProperty('repairs')
  })

  test('is asked strictly where the schema allows it', async () => {
    await using it = await scripted(say('{"a":1}'))
    await it.gw.chat.parse({ ...ASK, schema, name: 'thing' })
    expect(JSON.parse(it.server.requests[0]?.text ?? '')).toMatchObject({
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'thing', strict: true, schema: { additionalProperties: false } },
      },
    })
  })

  test('a tool is forced upon it once, and none where there is none', async () => {
    const calls = { tool_calls: [{ id: '1', type: 'function', function: { name: 'add', arguments: '{}' } }] }
    await using it = await scripted(inTurn(say('', calls, 'tool_calls'), say('3'), say('Hi')))
    const add = tool({ name: 'add', input: fromJsonSchema({ type: 'object' }), run: () => 3 })
    await it.gw.chat.run({ ...ASK, tools: [add], tool_choice: 'required' })
    await it.gw.chat.run({ ...ASK, tools: [] })
    const sent = it.server.requests.map(({ text }) => JSON.parse(text) as Record<string, unknown>)
    expect(sent.map(({ tool_choice: choice }) => choice)).toEqual(['required', 'auto', undefined])
    expect(sent[2]).not.toHaveProperty('tools')
  })

  test('a tool that is not there, or arguments that are wrong, are told to it', async () => {
    const call = (id: string, name: string, text: string) => ({
      id,
      type: 'function',
      function: { name, arguments: text },
    })
    const calls = { tool_calls: [call('1', 'nope', '{}'), call('2', 'add', 'two'), call('3', 'add', '')] }
    await using it = await scripted(inTurn(say('', calls, 'tool_calls'), say('Sorry.')))
    const add = tool({ name: 'add', input: fromJsonSchema({ type: 'object' }), run: () => 'added' })
    const { steps } = await it.gw.chat.run({ ...ASK, tools: [add] })
    expect(steps[0]?.results.map(({ tool_call_id: id, content }) => [id, content])).toEqual([
      ['1', '{"error":"There is no tool nope. There are: add."}'],
      ['2', '{"error":"The model did not write JSON."}'],
      ['3', 'added'],
    ])
  })
})
