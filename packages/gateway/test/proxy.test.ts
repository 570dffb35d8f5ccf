import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import { ask, connect, request } from './support/raw-client.ts'
import {
  answer,
  chunkedHead,
  json,
  raw,
  type ScriptedProvider,
  startScriptedProvider,
  stream,
} from './support/scripted-provider.ts'
import { chunk, LAST_CHUNK, until } from './support/wire.ts'

const OK = json({ ok: true })
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(OK, { models: null })
  const { origin } = provider
  gateway = await startGateway({
    providers: { openai: `${origin}/v1`, anthropic: `${origin}/v1`, groq: `${origin}/openai/v1`, cohere: origin },
    env: { BY_QUERY_API_KEY: keyOf('by-query') },
    config: `providers:\n  - {id: by-query, base_url: "${origin}/base", auth: {query: key}, headers: {x-team: blue}}\n`,
  })
  await fetch(`${gateway.url}/v1/models`) // the lists have been asked for: what arrives from now on is a test's
  provider.forget()
})
afterEach(() => {
  provider.forget()
  provider.play(OK)
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const proxied = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${gateway.url}/proxy/${path}`, { redirect: 'manual', ...init })
const arrived = () => provider.requests.at(-1)

describe('requests', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s passes', async (method) => {
    const response = await proxied('openai/files/file-1', { method })
    expect(response.status).toBe(200)
    expect(arrived()?.firstLine).toBe(`${method} /v1/files/file-1 HTTP/1.1`)
  })

  test.each([
    ['openai/files?limit=2&after=a%20b&x=1&x=2', '/v1/files?limit=2&after=a%20b&x=1&x=2'],
    ['openai/files?', '/v1/files?'],
    ['openai/files?q=a+b%2Bc&empty=&flag', '/v1/files?q=a+b%2Bc&empty=&flag'],
    ['openai/models/meta%2Fllama', '/v1/models/meta%2Fllama'],
    ['openai/models/ft:gpt-4o:org::id', '/v1/models/ft:gpt-4o:org::id'],
    ["openai/a(b)'c,d;e=@$!*~", "/v1/a(b)'c,d;e=@$!*~"],
    ['openai/%252e%252e/x', '/v1/%252e%252e/x'],
    ['openai/files/', '/v1/files/'],
    ['openai', '/v1/'],
    ['openai/v1/files', '/v1/files'],
    ['openai/v1', '/v1/v1'],
    ['openai/v1beta/files', '/v1/v1beta/files'],
    ['groq/files', '/openai/v1/files'],
    ['groq/v1/files', '/openai/v1/files'],
    ['cohere/v1/files', '/v1/files'],
    ['OpenAI/files', '/v1/files'],
  ])('%s goes to %s', async (path, target) => {
    const { status } = await ask(gateway.url, `GET /proxy/${path}`)
    expect(status).toBe(200)
    expect(arrived()?.target).toBe(target)
  })

  test('a version that is written twice is said to be one', async () => {
    const response = await proxied('openai/v1/files')
    expect(response.headers.get('x-gateway-changes')).toBe('path=/v1/files>/files')
    expect((await proxied('openai/files')).headers.has('x-gateway-changes')).toBe(false)
  })

  test.each(['/proxy/openai/files', '/v1/proxy/openai/files', '/v1/v1/proxy/openai/files'])(
    '%s is meant',
    async (path) => {
      expect((await fetch(gateway.url + path)).status).toBe(200)
      expect(arrived()?.target).toBe('/v1/files')
    },
  )

  const bodies: [behaviour: string, type: string, body: Buffer][] = [
    ['bytes of any value', 'application/octet-stream', EVERY_BYTE],
    ['JSON that no parser would write so', 'application/json', Buffer.from('{"a":1.0, "a":1e400}\n')],
    ['text that is no UTF-8', 'application/json', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    [
      'a form of many parts',
      'multipart/form-data; boundary=x-y',
      Buffer.from(
        '--x-y\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n\0\xff\r\n--x-y--\r\n',
        'latin1',
      ),
    ],
  ]
  test.each(bodies)('%s arrive as they are', async (_, type, body) => {
    const response = await proxied('openai/files', {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(body),
    })
    expect(response.status).toBe(200)
    expect(arrived()?.header('content-type')).toBe(type)
    expect(arrived()?.header('content-length')).toBe(String(body.byteLength))
    expect(arrived()?.body.equals(body)).toBe(true)
  })

  test('a large body is not kept: it passes while it comes', async () => {
    const connection = await connect(gateway.url)
    const half = Buffer.alloc(3 * 1024 * 1024, 'x')
    await connection.send(request('POST /proxy/openai/files', { 'content-length': String(2 * half.byteLength) }))
    await connection.send(half)
    await until(() => (arrived()?.body.byteLength ?? 0) > 0)
    expect(arrived()?.isWhole).toBe(false)
    await connection.send(half)
    expect((await connection.answer()).status).toBe(200)
    expect(arrived()?.body.byteLength).toBe(2 * half.byteLength)
    connection.cut()
  })

  test('a body over the limit of JSON endpoints passes: files are large', async () => {
    const body = new Uint8Array(11 * 1024 * 1024)
    const response = await proxied('openai/files', { method: 'POST', body })
    expect(response.status).toBe(200)
    expect(arrived()?.body.byteLength).toBe(body.byteLength)
  })

  test('a compressed body stays compressed', async () => {
    const body = gzipSync('{"a":1}')
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
    expect((await proxied('openai/files', { method: 'POST', headers, body })).status).toBe(200)
    expect(arrived()?.header('content-encoding')).toBe('gzip')
    expect(arrived()?.body.equals(body)).toBe(true)
  })

  test('a chunked body arrives whole', async () => {
    const connection = await connect(gateway.url)
    await connection.send(request('POST /proxy/openai/files', { 'transfer-encoding': 'chunked' }))
    for (const part of ['a', EVERY_BYTE, 'z']) await connection.send(chunk(part))
    await connection.send(LAST_CHUNK)
    expect((await connection.answer()).status).toBe(200)
    expect(arrived()?.body.equals(Buffer.concat([Buffer.from('a'), EVERY_BYTE, Buffer.from('z')]))).toBe(true)
    connection.cut()
  })

  test('a GET with a body is refused: nobody agrees on what it means', async () => {
    const { status, text } = await ask(gateway.url, 'GET /proxy/openai/files', {}, '{"a":1}')
    expect(status).toBe(400)
    expect(JSON.parse(text).code).toBe('invalid_request')
    expect(provider.requests).toEqual([])
  })

  test('an answer that comes before the body has gone is passed on', async () => {
    provider.play(({ write }) => write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}'))
    const connection = await connect(gateway.url)
    await connection.send(request('POST /proxy/openai/files', { 'content-length': '9000000' }, Buffer.alloc(2_000_000)))
    const answer = await connection.answer()
    expect([answer.status, answer.text]).toEqual([413, '{}'])
    connection.cut()
    await arrived()?.closed
  })

  test('a body that breaks off is never completed', async () => {
    const connection = await connect(gateway.url)
    await connection.send(request('POST /proxy/openai/files', { 'content-length': '5000000' }, Buffer.alloc(2_000_000)))
    await until(() => (arrived()?.body.byteLength ?? 0) > 0)
    connection.cut()
    await arrived()?.closed
    expect(arrived()?.isWhole).toBe(false)
  })
})

describe('answers', () => {
  test.each([200, 201, 202, 400, 401, 403, 404, 409, 418, 429, 500, 503, 529])(
    'status %d comes back with its body as it is',
    async (status) => {
      const body = '{"error" : {"message":"as it is", "n":1.0}}'
      provider.play(answer(status, { 'content-type': 'application/problem+json; charset=utf-8' }, body))
      const response = await proxied('openai/files')
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      expect(await response.text()).toBe(body)
    },
  )

  test('bytes of any value come back', async () => {
    provider.play(answer(200, { 'content-type': 'audio/mpeg' }, EVERY_BYTE))
    const response = await proxied('openai/audio/speech', { method: 'POST', body: '{}' })
    expect(response.headers.get('content-type')).toBe('audio/mpeg')
    expect(Buffer.from(await response.arrayBuffer()).equals(EVERY_BYTE)).toBe(true)
  })

  test('a compressed answer stays compressed for who asked for it', async () => {
    const body = gzipSync('{"a":1}')
    provider.play(answer(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body))
    const response = await ask(gateway.url, 'GET /proxy/openai/files', { 'accept-encoding': 'gzip' })
    expect(arrived()?.header('accept-encoding')).toBe('gzip')
    expect(response.header('content-encoding')).toBe('gzip')
    expect(response.body.equals(body)).toBe(true)
  })

  test('who does not ask for compression gets none', async () => {
    await ask(gateway.url, 'GET /proxy/openai/files')
    expect(arrived()?.header('accept-encoding')).toBe('identity')
  })

  test('streams of any dialect come out byte for byte, with no terminal event known', async () => {
    const events = 'event: message_start\ndata: {"type":"message_start"}\n\nevent: message_stop\ndata: {}\n\n'
    provider.play(stream(events.split(/(?<=\n)/)))
    const response = await proxied('anthropic/messages', { method: 'POST', body: '{"stream":true}' })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(await response.text()).toBe(events)
  })

  test('the first bytes do not wait for the last', async () => {
    const { promise: seen, resolve } = Promise.withResolvers<void>()
    provider.play(async (call) => {
      await call.write(chunkedHead() + chunk('data: 1\n\n').toString())
      await seen
      await call.write(chunk('data: 2\n\n').toString() + LAST_CHUNK)
    })
    const connection = await connect(gateway.url)
    await connection.send(request('GET /proxy/openai/events'))
    await connection.saw('data: 1\n\n')
    resolve()
    expect((await connection.answer()).text).toBe('data: 1\n\ndata: 2\n\n')
    connection.cut()
  })

  test.each([
    [204, 'HTTP/1.1 204 No Content\r\n\r\n'],
    [304, 'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n'],
  ])('%d has no body, and the connection goes on', async (status, bytes) => {
    provider.play(raw(bytes))
    const connection = await connect(gateway.url)
    await connection.send(request('GET /proxy/openai/files'))
    const first = await connection.answer()
    expect(first.status).toBe(status)
    await connection.send(request('GET /health'))
    expect((await connection.answer()).text).toBe('{"message":"OK"}')
    connection.cut()
  })

  test.each([301, 302, 303, 307, 308])('a redirect (%d) is relayed, not followed', async (status) => {
    await using elsewhere = await startScriptedProvider(OK, { models: null })
    provider.play(answer(status, { location: `${elsewhere.origin}/x` }, ''))
    const response = await proxied('openai/files')
    expect(response.status).toBe(status)
    expect(response.headers.get('location')).toBe(`${elsewhere.origin}/x`)
    expect(elsewhere.connections).toBe(0)
  })
})

describe('headers', () => {
  test('the credentials and traces of the caller stay here, the key of the provider goes', async () => {
    await ask(gateway.url, 'POST /proxy/openai/files', {
      authorization: 'Bearer caller-token',
      'x-api-key': 'caller-token',
      'api-key': 'caller-token',
      'x-goog-api-key': 'caller-token',
      'proxy-authorization': 'Basic caller-token',
      cookie: 'session=caller-token',
      'x-forwarded-for': '10.1.2.3',
      'x-forwarded-host': 'inside.example',
      'x-real-ip': '10.1.2.3',
      forwarded: 'for=10.1.2.3',
      'cf-connecting-ip': '10.1.2.3',
      connection: 'keep-alive, x-hop',
      'x-hop': 'hop',
      'keep-alive': 'timeout=5',
      te: 'trailers',
      'openai-organization': 'org-1',
      'x-unknown': 'caller',
    })
    const head =
      arrived()
        ?.headers.map(([name, value]) => `${name}: ${value}`.toLowerCase())
        .join('\n') ?? ''
    expect(head).toContain(`authorization: bearer ${keyOf('openai')}`)
    for (const leak of ['caller', '10.1.2.3', 'inside.example', 'x-hop', 'keep-alive: timeout'])
      expect(head).not.toContain(leak)
    expect(arrived()?.header('host')).toBe(new URL(provider.origin).host)
    expect(arrived()?.headers.filter(([name]) => name.toLowerCase() === 'authorization')).toHaveLength(1)
  })

  test('what tells a provider how to answer goes', async () => {
    const headers = {
      accept: 'text/event-stream',
      'openai-beta': 'assistants=v2',
      'anthropic-beta': 'files-api',
      'idempotency-key': 'once',
      'user-agent': 'my-app/1',
      range: 'bytes=0-9',
    }
    await proxied('openai/files', { headers })
    for (const [name, value] of Object.entries(headers)) expect(arrived()?.header(name)).toBe(value)
  })

  test('of an answer only what is listed comes back', async () => {
    const listed = {
      'content-type': 'application/json',
      'retry-after': '3',
      'x-ratelimit-remaining-requests': '9',
      'openai-processing-ms': '12',
      'content-disposition': 'attachment; filename="a.bin"',
      etag: '"tag"',
    }
    const unlisted = {
      'set-cookie': 'session=1',
      'alt-svc': 'h3=":443"',
      server: 'secret-server',
      'strict-transport-security': 'max-age=1',
      'www-authenticate': 'Bearer realm="them"',
      'access-control-allow-origin': '*',
      'openai-organization': 'org-of-the-key',
      'x-powered-by': 'them',
    }
    provider.play(json({}, 401, { ...listed, ...unlisted }))
    const response = await proxied('openai/files')
    for (const [name, value] of Object.entries(listed)) expect(response.headers.get(name)).toBe(value)
    for (const name of Object.keys(unlisted)) expect(response.headers.get(name)).toBeNull()
  })

  test('who answered is said', async () => {
    const response = await proxied('openai/files')
    expect(response.headers.get('x-gateway-provider')).toBe('openai')
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
  })
})

describe('keys', () => {
  test("Anthropic's own API gets the key and the version in its headers", async () => {
    await proxied('anthropic/messages', { method: 'POST', body: '{}', headers: { authorization: 'Bearer caller' } })
    expect(arrived()?.header('x-api-key')).toBe(keyOf('anthropic'))
    expect(arrived()?.header('anthropic-version')).toBe('2023-06-01')
    expect(arrived()?.header('authorization')).toBeUndefined()
  })

  test("Anthropic's OpenAI-compatible endpoint gets a bearer", async () => {
    await proxied('anthropic/chat/completions', { method: 'POST', body: '{}' })
    expect(arrived()?.header('authorization')).toBe(`Bearer ${keyOf('anthropic')}`)
    expect(arrived()?.header('x-api-key')).toBeUndefined()
  })

  test('a client that names a version of the API gets that one', async () => {
    await proxied('anthropic/messages', { method: 'POST', body: '{}', headers: { 'anthropic-version': '2024-01-01' } })
    expect(arrived()?.header('anthropic-version')).toBe('2024-01-01')
  })

  test('a key that belongs into the query is there once, and it is ours', async () => {
    await proxied('by-query/files?key=caller&a=1&key=other')
    const { searchParams, pathname } = new URL(arrived()?.target ?? '', provider.origin)
    expect(pathname).toBe('/base/files')
    expect(searchParams.getAll('key')).toEqual([keyOf('by-query')])
    expect(searchParams.get('a')).toBe('1')
    expect(arrived()?.header('x-team')).toBe('blue')
    expect(arrived()?.header('authorization')).toBeUndefined()
  })

  test.each(['key', 'api_key', 'api-key', 'access_token'])("the caller's %s stays here", async (name) => {
    await proxied(`openai/files?a=1&${name}=caller&b=%2F`)
    expect(arrived()?.target).toEndWith('/files?a=1&b=%2F')
  })

  test('a key is never in a URL otherwise', async () => {
    for (const id of ['openai', 'anthropic', 'groq', 'cohere']) await proxied(`${id}/files`)
    expect(provider.requests.map(({ target }) => target).join()).not.toContain('key-of')
  })

  test.each([
    ['nope/files', 400, 'provider_not_found'],
    ['mistral/files', 400, 'provider_not_configured'],
  ])('%s is refused', async (path, status, code) => {
    const response = await proxied(path)
    expect(response.status).toBe(status)
    expect((await response.json()).code).toBe(code)
  })
})

describe('paths that would leave the base URL are refused', () => {
  test.each([
    '/proxy/openai/../anthropic/x',
    '/proxy/openai/%2e%2e/x',
    '/proxy/openai/.%2e/x',
    '/proxy/openai/%2E%2E/x',
    '/proxy/openai/..%2fx',
    '/proxy/openai/..%2Fx',
    '/proxy/openai/..%5cx',
    '/proxy/openai/..\\x',
    '/proxy/openai/..;/x',
    '/proxy/openai/a/..',
    '/proxy/openai/a/%2e%2e%2f%2e%2e%2fx',
    '/proxy/openai/a/./b',
    '/proxy/openai/%00',
    '/proxy/openai/a%0d%0ahost:%20evil',
    '/proxy/openai/%zz',
    '/proxy/openai/%',
    '/proxy/openai/a b',
    '/proxy/openai/é',
    '/proxy/openai/a#b',
    '/proxy/..%2f..%2fetc/x',
    '/proxy//evil.example/x',
    '//evil.example/proxy/openai/x',
  ])('%s', async (target) => {
    const connection = await connect(gateway.url)
    await connection.send(`GET ${target} HTTP/1.1\r\nhost: gateway\r\n\r\n`)
    const { status } = await connection.answer()
    const asked = provider.requests.map((request) => request.target)
    // The runtime may have resolved `..` before anybody looks: then one reading of the path is all there is.
    const isResolved = status === 200 || status === 404 || status === 405
    if (isResolved) for (const path of asked) expect(path).toMatch(/^\/(openai\/)?v1\/(?!.*(\.\.|%2e))/i)
    else expect([[400, 505], asked]).toEqual([expect.arrayContaining([status]), []])
    connection.cut()
  })
})
