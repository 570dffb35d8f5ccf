import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import { ask, connect, request } from './support/raw-client.ts'
import {
  answer,
  chunkedHead,
  json,
  raw,
  type Script,
  type ScriptedProvider,
  silence,
  startScriptedProvider,
  stream,
} from './support/scripted-provider.ts'
import { chunk, LAST_CHUNK } from './support/wire.ts'

const LINE = 'POST /v1/chat/completions'
const CHAT = JSON.stringify({ model: 'openai/x', messages: [{ role: 'user', content: 'Hi' }] })
const STREAMED_CHAT = CHAT.replace('}]}', '}],"stream":true}')
const OPENAI_SDK = { 'x-stainless-lang': 'js' }

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  gateway = await startGateway({
    providers: { openai: provider.origin, groq: 'http://127.0.0.1:1' },
    env: { CLIENT_RESPONSE_HEADER_TIMEOUT: '300ms', CLIENT_STREAM_IDLE_TIMEOUT: '200ms' },
  })
})
afterEach(() => provider.forget())
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

let count = 0
const newId = (): string => `broken-${(count += 1)}`
const afterBody =
  (act: (call: Parameters<Script>[0]) => Promise<void> | void): Script =>
  async (call) => {
    await call.bodyRead
    await act(call)
  }

describe('before the answer', () => {
  const cases: [behaviour: string, script: Script, status: number, code: string][] = [
    ['a connection that is closed', afterBody(({ end }) => end()), 502, 'connection_terminated'],
    ['a connection that is reset', afterBody(({ reset }) => reset()), 502, 'connection_terminated'],
    ['silence', silence, 504, 'http_response_timeout'],
    ['half a head', afterBody(({ write }) => write('HTTP/1.1 200 OK\r\ncontent-')), 504, 'http_response_timeout'],
    ['half a head, and the end', raw('HTTP/1.1 200 OK\r\ncontent-'), 502, 'http_protocol_error'],
    ['something that is not HTTP', raw('SSH-2.0-OpenSSH_9.6\r\n\r\n'), 502, 'http_protocol_error'],
    ['a status that is none', raw('HTTP/1.1 abc OK\r\ncontent-length: 0\r\n\r\n'), 502, 'http_protocol_error'],
    ['chunks that are none', raw('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n'), 502, 'http_'],
    [
      'half a body',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"choices":[]}'),
      502,
      'http_response_incomplete',
    ],
    [
      'half a body, and a reset',
      afterBody(async ({ write, reset }) => {
        await write('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"choices":[]}')
        reset()
      }),
      502,
      'http_response_incomplete',
    ],
    [
      'a body whose last chunk is missing, although it looks whole',
      raw(chunkedHead({ 'content-type': 'application/json' }) + chunk('{"choices":[]}').toString()),
      502,
      'http_response_incomplete',
    ],
    [
      'a body that stops in the middle',
      afterBody(({ write }) => write('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"choices":[]}')),
      504,
      'http_response_timeout',
    ],
    [
      'a body that is not JSON',
      answer(200, { 'content-type': 'text/html' }, '<html>Sign in</html>'),
      502,
      'invalid_response',
    ],
    ['a body that is half of JSON', answer(200, {}, '{"choices":['), 502, 'invalid_response'],
    ['an empty body', answer(200, {}, ''), 502, 'invalid_response'],
  ]

  const all = cases.flatMap(([name, ...rest]) => [
    [name, CHAT, ...rest] as const,
    [`${name}, where a stream was asked for`, STREAMED_CHAT, ...rest] as const,
  ])
  test.each(all)('%s', async (_, body, script, status, code) => {
    provider.play(script)
    const id = newId()
    const reply = await ask(gateway.url, LINE, { 'x-request-id': id }, body)
    expect(reply.status).toBe(status)
    expect(reply.isWhole).toBe(true)
    expect(reply.header('content-type')).toBe('application/json')
    expect(JSON.parse(reply.text)).toMatchObject({
      error: expect.any(String),
      code: expect.stringContaining(code),
      type: 'upstream_error',
      request_id: id,
    })
    expect(await gateway.finished(id)).toMatchObject({ status, outcome: 'failed', provider: 'openai' })
    if (code === 'http_response_timeout') await provider.requests.at(-1)?.closed
  })

  test('nobody at the address', async () => {
    const reply = await ask(gateway.url, LINE, {}, CHAT.replace('openai/', 'groq/'))
    expect(reply.status).toBe(502)
    expect(JSON.parse(reply.text)).toMatchObject({
      code: 'connection_refused',
      error: expect.stringContaining('GROQ_API_URL'),
    })
  })

  test.each([
    ['two lengths', 'content-length: 2\r\ncontent-length: 40'],
    ['a length and chunks', 'content-length: 2\r\ntransfer-encoding: chunked'],
    ['a length that is none', 'content-length: 0x2'],
  ])('%s: never an answer that looks good and is cut', async (_, headers) => {
    provider.play(raw(`HTTP/1.1 200 OK\r\n${headers}\r\n\r\n{"choices":[],"usage":null}`))
    expect((await ask(gateway.url, LINE, {}, CHAT)).status).toBe(502)
  })

  test('the next request works: nothing of a broken connection is used again', async () => {
    provider.play(raw('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"choices":[]}'))
    await ask(gateway.url, LINE, {}, CHAT)
    provider.play(json({ choices: [], id: 'second' }))
    expect((await ask(gateway.url, LINE, {}, CHAT)).text).toContain('second')
  })

  test('the error is told in the words of OpenAI’s SDKs to them', async () => {
    provider.play(({ end }) => end())
    const reply = await ask(gateway.url, LINE, OPENAI_SDK, CHAT)
    const { error } = JSON.parse(reply.text)
    expect(error).toEqual({
      message: expect.any(String),
      type: 'upstream_error',
      param: null,
      code: 'connection_terminated',
    })
  })
})

describe('errors of the provider', () => {
  test.each([400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529])(
    'status %d is kept, streamed or not, and is JSON',
    async (status) => {
      provider.play(
        json({ error: { message: 'their words', type: 'their_type', code: 'their_code', param: 'p' } }, status),
      )
      for (const body of [CHAT, STREAMED_CHAT]) {
        const reply = await ask(gateway.url, LINE, {}, body)
        expect(reply.status).toBe(status)
        expect(reply.header('content-type')).toBe('application/json')
        expect(JSON.parse(reply.text)).toMatchObject({
          error: expect.stringMatching(/^their words/),
          type: 'their_type',
          code: 'their_code',
          param: 'p',
        })
      }
    },
  )

  test('are asked for once', async () => {
    provider.play(json({ error: { message: 'down' } }, 503))
    await ask(gateway.url, LINE, {}, CHAT)
    expect(provider.requests).toHaveLength(1)
  })

  test.each([
    ['a web page', '<html><head><title>502 Bad Gateway</title></head></html>', '502 Bad Gateway'],
    ['plain text', 'upstream connect error', 'upstream connect error'],
    ['nothing', '', 'empty body'],
    ['an array', '[{"error":{"message":"in an array"}}]', 'in an array'],
    ['five MiB', 'x'.repeat(5 * 1024 * 1024), 'xxx'],
    ['half of JSON', '{"error":{"mess', '{"error"'],
    ['an object in the place of the text', '{"error":{"message":{"a":1}}}', 'without saying why'],
  ])('%s for a body becomes a readable message', async (_, body, says) => {
    provider.play(answer(502, {}, body))
    const reply = await ask(gateway.url, LINE, {}, CHAT)
    expect(reply.status).toBe(502)
    expect(reply.body.byteLength).toBeLessThan(10_000)
    expect(JSON.parse(reply.text).error).toContain(says)
  })
})

const event = (content: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'x', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`

describe('a stream that breaks never looks complete', () => {
  const begun = chunkedHead() + chunk(event('Hel')).toString()
  /** Settles when the client has seen the beginning: bytes that the end overtakes would be lost in the sockets. */
  let seen = Promise.withResolvers<void>()
  const thenBreaks = (breakOff: Script): Script =>
    afterBody(async (call) => {
      await call.write(begun)
      await seen.promise
      await breakOff(call)
    })
  const writeAndEnd =
    (bytes: string): Script =>
    async ({ write, end }) => {
      await write(bytes)
      end()
    }
  const cases: [behaviour: string, breakOff: Script, code: string][] = [
    ['by a closed connection', ({ end }) => end(), 'http_response_incomplete'],
    ['by a reset', ({ reset }) => reset(), 'http_response_incomplete'],
    ['by a connection closed within a chunk', writeAndEnd('ff\r\ndata: {"ch'), 'http_response_incomplete'],
    ['by a connection closed within an event', writeAndEnd(chunk('data: {"ch').toString()), 'http_response_incomplete'],
    ['by an end within an event', ({ write }) => write(chunk('data: {"ch') + LAST_CHUNK), 'http_response_incomplete'],
    ['by a chunk that is none', ({ write }) => write('zz\r\n'), 'http_response_incomplete'],
    ['by an end without the terminal event', ({ write }) => write(LAST_CHUNK), 'http_response_incomplete'],
    ['by silence', () => {}, 'http_response_timeout'],
  ]

  /** What the client gets behind the first event. */
  async function rest(breakOff: Script, line: string, headers: Readonly<Record<string, string>>): Promise<string> {
    seen = Promise.withResolvers()
    provider.play(thenBreaks(breakOff))
    const connection = await connect(gateway.url)
    await connection.send(request(line, headers, STREAMED_CHAT))
    await connection.saw('Hel')
    seen.resolve()
    await connection.closed
    const reply = await connection.answer()
    expect(reply.status).toBe(200)
    expect(reply.isWhole).toBe(false)
    expect(connection.received.toString()).not.toContain(LAST_CHUNK)
    expect(reply.text).not.toContain('[DONE]')
    expect(reply.text).not.toContain('"finish_reason":"')
    expect(reply.text.startsWith(event('Hel'))).toBe(true)
    return reply.text.slice(event('Hel').length)
  }

  test.each(cases)('%s', async (_, breakOff, code) => {
    const id = newId()
    const told = await rest(breakOff, LINE, { 'x-request-id': id })
    expect(told).toMatch(/^event: error\ndata: \{.*\}\n\n$/)
    expect(JSON.parse(told.slice('event: error\ndata: '.length))).toMatchObject({
      error: expect.any(String),
      code,
      request_id: id,
    })
    expect(await gateway.finished(id)).toMatchObject({ status: 200, outcome: 'failed', code })
    if (code === 'http_response_timeout') await provider.requests.at(-1)?.closed
  })

  test.each(cases)('%s, in the words of OpenAI’s SDKs', async (_, breakOff, code) => {
    const told = await rest(breakOff, LINE, OPENAI_SDK)
    expect(told).toMatch(/^data: \{.*\}\n\n$/)
    expect(JSON.parse(told.slice('data: '.length)).error).toMatchObject({
      message: expect.any(String),
      type: 'upstream_error',
      code,
    })
  })

  // Bodies on /proxy are nobody's business: an end as HTTP has it is an end.
  test.each(cases.filter(([name]) => !name.includes('by an end')))('%s, on /proxy', async (_, breakOff) => {
    expect(await rest(breakOff, 'POST /proxy/openai/chat/completions', {})).not.toContain('error')
  })

  test.each([
    ['a stream', begun],
    ['an answer with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"choices":[]}'],
  ])('%s that breaks with its first bytes does not look complete either', async (_, bytes) => {
    provider.play(raw(bytes))
    for (const path of ['/v1/chat/completions', '/proxy/openai/chat/completions']) {
      const connection = await connect(gateway.url)
      await connection.send(request(`POST ${path}`, {}, STREAMED_CHAT))
      const reply = await connection.answer().catch(() => null)
      expect(reply === null || !reply.isWhole || reply.status === 502).toBe(true)
      connection.cut()
    }
  })
})

describe('a stream that ends well', () => {
  test.each([
    ['with [DONE]', `${event('Hi', 'stop')}data: [DONE]\n\n`],
    ['with a finish reason and no [DONE]', event('Hi', 'stop')],
    ['with [DONE] and no finish reason', `${event('Hi')}data: [DONE]\n\n`],
    ['without a blank line behind the last event', `${event('Hi', 'stop')}data: [DONE]`],
    [
      'with an error that its provider tells',
      `${event('Hi')}event: error\ndata: {"error":{"message":"tool failed"}}\n\n`,
    ],
  ])('%s is complete, and nothing is added', async (_, events) => {
    provider.play(stream([events]))
    const reply = await ask(gateway.url, LINE, {}, STREAMED_CHAT)
    expect(reply.isWhole).toBe(true)
    expect(reply.text).toBe(events)
  })

  test('has headers that keep proxies from holding it back', async () => {
    provider.play(stream([`${event('Hi', 'stop')}data: [DONE]\n\n`]))
    const reply = await ask(gateway.url, LINE, {}, STREAMED_CHAT)
    expect(reply.header('content-type')).toBe('text/event-stream')
    expect(reply.header('cache-control')).toBe('no-cache, no-transform')
    expect(reply.header('x-accel-buffering')).toBe('no')
    expect(reply.header('content-encoding')).toBeUndefined()
  })

  test('forwards each event before the next exists', async () => {
    const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    provider.play(
      afterBody(async ({ write }) => {
        await write(chunkedHead() + chunk(event('one')).toString())
        await steps[0]?.promise
        await write(chunk(event('two')))
        await steps[1]?.promise
        await write(chunk(event('', 'stop')).toString() + LAST_CHUNK)
      }),
    )
    const connection = await connect(gateway.url)
    await connection.send(request(LINE, {}, STREAMED_CHAT))
    await connection.saw('one')
    steps[0]?.resolve()
    await connection.saw('two')
    steps[1]?.resolve()
    expect((await connection.answer()).isWhole).toBe(true)
    connection.cut()
  })

  test.each([
    ['a byte order mark', '\ufeff'],
    ['comments', ': OPENROUTER PROCESSING\n\n'],
    ['names, ids and retry', 'event: message\nid: 1\nretry: 10\n'],
    ['carriage returns', ': a\r\r: b\r\n\r\n'],
    ['text beyond ASCII and half a surrogate pair', `${event('é😀')}data: {"choices":[],"x":"\\ud800"}\n\n`],
    ['bytes that are not UTF-8', Buffer.from('data: \xff\xfe\n\n', 'latin1')],
  ])('%s pass beside a usage event that is taken out', async (_, before) => {
    const usage = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n'
    const rest = `${event('Hi', 'stop')}${usage}data: [DONE]\n\n`
    const sent = Buffer.concat([Buffer.from(before), Buffer.from(rest)])
    const wanted = Buffer.concat([Buffer.from(before), Buffer.from(rest.replace(usage, ''))])
    provider.play(stream([sent]))
    const reply = await ask(gateway.url, LINE, {}, STREAMED_CHAT)
    expect(reply.body.toString('latin1')).toBe(wanted.toString('latin1'))
  })
})

describe('a client that leaves', () => {
  const begins = afterBody(({ write }) => write(chunkedHead() + chunk(event('Hel')).toString()))
  const leaving: [behaviour: string, how: 'cut' | 'end', script: Script, body: string, until: string | null][] = [
    ['before the head, by RST,', 'cut', silence, CHAT, null],
    ['before the head, by FIN,', 'end', silence, CHAT, null],
    ['before the head of a stream, by RST,', 'cut', silence, STREAMED_CHAT, null],
    ['before the head of a stream, by FIN,', 'end', silence, STREAMED_CHAT, null],
    ['in the middle of a stream, by RST,', 'cut', begins, STREAMED_CHAT, 'Hel'],
    ['in the middle of a stream, by FIN,', 'end', begins, STREAMED_CHAT, 'Hel'],
  ]
  test.each(leaving)('%s ends the call to the provider', async (_, how, script, body, until) => {
    const arrived = Promise.withResolvers<void>()
    provider.play(async (call) => {
      arrived.resolve()
      await script(call)
    })
    const id = newId()
    const connection = await connect(gateway.url)
    await connection.send(request(LINE, { 'x-request-id': id }, body))
    await (until === null ? arrived.promise : connection.saw(until))
    const before = performance.now()
    connection[how]()
    await provider.requests[0]?.closed
    expect(performance.now() - before).toBeLessThan(3000)
    // Not by one of the time limits: those are told as failures.
    expect(await gateway.finished(id)).toMatchObject({ status: 499, outcome: 'left' })
  })

  test('after the last event has had its answer', async () => {
    const id = newId()
    provider.play(
      afterBody(({ write }) => write(chunkedHead() + chunk(`${event('Hi', 'stop')}data: [DONE]\n\n`).toString())),
    )
    const connection = await connect(gateway.url)
    await connection.send(request(LINE, { 'x-request-id': id }, STREAMED_CHAT))
    await connection.saw('[DONE]')
    connection.cut()
    expect(await gateway.finished(id)).toMatchObject({ status: 200, outcome: 'complete' })
  })
})

describe('quiet streams', () => {
  test('are kept alive by comments, between events only', async () => {
    const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const first = event('one')
    provider.play(
      afterBody(async ({ write }) => {
        await write(chunkedHead() + chunk(first.slice(0, 20)).toString())
        await steps[0]?.promise
        await write(chunk(first.slice(20)))
        await steps[1]?.promise
        await write(chunk(event('', 'stop')).toString() + LAST_CHUNK)
      }),
    )
    await using patient = await startGateway({
      providers: { openai: provider.origin },
      env: { STREAM_KEEPALIVE_INTERVAL: '20ms' },
    })
    const connection = await connect(patient.url)
    await connection.send(request(LINE, {}, STREAMED_CHAT))
    await connection.saw(': keep-alive\n')
    steps[0]?.resolve()
    await connection.saw('one')
    steps[1]?.resolve()
    const { text } = await connection.answer()
    expect(text.replaceAll(': keep-alive\n', '')).toBe(first + event('', 'stop'))
    expect(text).toContain(first)
    connection.cut()
  })
})

describe('a client that reads nothing', () => {
  /** The value once it stands still. */
  async function settled(read: () => number): Promise<number> {
    for (let before = 0; ;) {
      const now = read()
      if (now > 0 && now === before) return now
      before = now
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  test('holds the provider back instead of filling the memory', async () => {
    const sent = { bytes: 0 }
    const piece = chunk(event('x'.repeat(60_000)))
    provider.play(
      afterBody(async ({ write, request }) => {
        const gone = request.closed.then(() => true)
        await write(chunkedHead())
        do sent.bytes += piece.byteLength
        while (!(await Promise.race([write(piece).then(() => false), gone])))
      }),
    )
    const connection = await connect(gateway.url)
    connection.pause()
    await connection.send(request(LINE, {}, STREAMED_CHAT))
    expect(await settled(() => sent.bytes)).toBeLessThan(64 * 1024 * 1024) // what two pairs of sockets hold
    connection.cut()
    await provider.requests[0]?.closed
  })
})

test('no key is in what is told of all this', () => {
  expect(gateway.events.length).toBeGreaterThan(100)
  expect(Bun.inspect(gateway.events, { depth: 10 })).not.toContain(keyOf('openai'))
})
