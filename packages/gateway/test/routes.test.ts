import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { ask, connect, request } from './support/raw-client.ts'
import { json, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json({ choices: [] }), { models: ['gpt-4o'] })
  gateway = await startGateway({ providers: { openai: provider.origin } })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const CHAT = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] })

describe('a route answers with any base URL somebody may have set', () => {
  const routes: [line: string, body: string][] = [
    ['GET /health', ''],
    ['GET /ready', ''],
    ['GET /models', ''],
    ['GET /models/gpt-4o', ''],
    ['POST /chat/completions', CHAT],
    ['POST /route/explain', CHAT],
    ['GET /proxy/openai/files', ''],
    ['GET /openapi.json', ''],
    ['GET /', ''],
  ]
  const prefixes = ['', '/v1', '/v1/v1', '/openai/v1']
  const all = routes.flatMap(([line, body]) =>
    prefixes.map((prefix) => [line.replace(' /', ` ${prefix}/`), body] as const),
  )

  test.each(all)('%s', async (line, body) => {
    const answer = await ask(gateway.url, line, {}, body)
    expect(answer.status).toBe(200)
    expect(answer.header('content-type')).toMatch(/^application\/json/)
    expect(answer.header('x-request-id')).toBeDefined()
  })
})

test('a route has one name in logs and metrics, whatever stands before it', async () => {
  for (const prefix of ['', '/v1', '/v1/v1', '/openai/v1']) {
    const id = `named${prefix}`
    await ask(gateway.url, `GET ${prefix}/models/gpt-4o`, { 'x-request-id': id })
    expect((await gateway.finished(id)).route).toBe('/v1/models/{id}')
  }
})

describe('what is not there', () => {
  test.each([
    '/nope',
    '/v1/v1/v1/models',
    '/openai/models',
    '/openai/v1/v1/models',
    '/v1/openai/v1/models',
    '/v2/models',
    '/MODELS',
    '/v1/Models',
    '/v1/models/',
    '//health',
    '/health/',
    '/health;x',
    '/health%2f',
    '/v1/chat',
    '/v1/chat/completions/x',
    '/proxy',
    '/favicon.ico',
  ])('%s is 404 in JSON', async (path) => {
    const answer = await ask(gateway.url, `GET ${path}`)
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.text)).toMatchObject({
      error: expect.stringContaining('not'),
      type: 'not_found_error',
      request_id: answer.header('x-request-id'),
    })
  })

  test('a slash at the end is pointed at', async () => {
    const { status, text } = await ask(gateway.url, 'POST /v1/chat/completions/', {}, '{}')
    expect(status).toBe(404)
    expect(JSON.parse(text).error).toContain('leave it out')
  })

  const wrong: [line: string, allow: string][] = [
    ['POST /health', 'GET, HEAD'],
    ['DELETE /v1/models', 'GET, HEAD'],
    ['POST /v1/models/gpt-4o', 'GET, HEAD'],
    ['GET /v1/chat/completions', 'POST'],
    ['HEAD /v1/chat/completions', 'POST'],
    ['PUT /v1/chat/completions', 'POST'],
    ['GET /v1/route/explain', 'POST'],
    ['OPTIONS /v1/chat/completions', 'POST'],
    ['PROPFIND /v1/models', 'GET, HEAD'],
    ['POST /', 'GET, HEAD'],
    ['OPTIONS /proxy/openai/files', 'GET, POST, PUT, PATCH, DELETE, HEAD'],
  ]
  test.each(wrong)('%s is 405 and tells what is allowed', async (line, allow) => {
    const answer = await ask(gateway.url, line)
    expect(answer.status).toBe(405)
    expect(answer.header('allow')).toBe(allow)
    if (!line.startsWith('HEAD')) expect(JSON.parse(answer.text).code).toBe('method_not_allowed')
  })

  test.each(['TRACE /v1/models', 'CONNECT gateway:80'])(
    '%s is answered with an error and echoes nothing',
    async (line) => {
      const answer = await ask(gateway.url, line, { 'x-canary': 'canary' })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.text).not.toContain('canary')
    },
  )
})

describe('HEAD', () => {
  test.each(['/health', '/v1/models', '/v1/models/gpt-4o', '/', '/openapi.json', '/proxy/openai/files'])(
    '%s has the headers of GET and no body, and the connection goes on',
    async (path) => {
      const length = (await ask(gateway.url, `GET ${path}`)).header('content-length')
      const connection = await connect(gateway.url)
      await connection.send(request(`HEAD ${path}`))
      const answer = await connection.answer('HEAD')
      expect(answer.header('content-length')).toBe(length)
      expect(answer.status).toBe(200)
      expect(answer.header('content-type')).toMatch(/^application\/json/)
      await connection.send(request('GET /health'))
      expect((await connection.answer()).text).toBe('{"message":"OK"}')
      connection.cut()
    },
  )
})

describe('/health and /ready', () => {
  test('say OK', async () => {
    for (const path of ['/health', '/v1/health', '/ready']) {
      const response = await fetch(gateway.url + path)
      expect(await response.json()).toEqual({ message: 'OK' })
    }
  })

  test('ask nobody', async () => {
    const before = provider.connections
    await Promise.all(Array.from({ length: 20 }, () => fetch(`${gateway.url}/health`)))
    expect(provider.connections).toBe(before)
    expect(provider.requests.filter(({ target }) => target.includes('health'))).toEqual([])
  })

  test('need no token; while the identity provider is away, ready is not, and nobody else gets in', async () => {
    await using away = await startScriptedProvider(json({}, 500), { models: null })
    await using guarded = await startGateway({
      providers: { openai: provider.origin },
      env: { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: away.origin },
    })
    const statusOf = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(guarded.url + path, { headers })).status
    expect(await statusOf('/health')).toBe(200)
    expect(await statusOf('/health', { authorization: 'Bearer nonsense' })).toBe(200)
    expect(await statusOf('/ready')).toBe(503)
    for (const path of [
      '/v1/models',
      '/v1/models/x',
      '/',
      '/openapi.json',
      '/nope',
      '/proxy/openai/files',
      '/HEALTH',
      '/health/',
    ])
      expect(await statusOf(path)).toBe(401)
  })
})

describe('GET /', () => {
  test('tells a browser what this is', async () => {
    const response = await fetch(gateway.url, { headers: { accept: 'text/html,*/*' } })
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const page = await response.text()
    expect(page).toContain('/v1/chat/completions')
    expect(page).toContain(`<pre>curl -s ${gateway.url}/v1/models</pre>`)
  })

  test('names the host it was asked at, as text', async () => {
    const headers = { accept: 'text/html', host: 'gateway.localhost:81' }
    expect((await ask(gateway.url, 'GET /', headers)).text).toContain('http://gateway.localhost:81/v1')
    const odd = await ask(gateway.url, 'GET /', { ...headers, host: '<b>' })
    expect(odd.text).not.toContain('<b>')
  })

  test('tells a program what this is', async () => {
    expect(await (await fetch(gateway.url)).json()).toMatchObject({
      name: 'inference-gateway',
      version: '0.0.0',
      contract: '/openapi.json',
      providers: expect.any(Array),
      routes: expect.arrayContaining(['POST /v1/chat/completions']),
    })
  })
})

describe('x-request-id', () => {
  const idOf = async (id?: string, path = '/health') =>
    (await ask(gateway.url, `GET ${path}`, id === undefined ? {} : { 'x-request-id': id })).header('x-request-id')

  test('is the client’s own when it is well-formed', async () => {
    expect(await idOf('my-id/1.2:3=+')).toBe('my-id/1.2:3=+')
  })

  test.each(['a b', 'x'.repeat(129), '{"a":1}', '<script>', 'é'])(
    'is ours when the client’s is not: %s',
    async (id) => {
      expect(await idOf(id)).toMatch(/^[0-9a-f-]{36}$/)
    },
  )

  test('is new for every request', async () => {
    expect(await idOf()).not.toBe(await idOf())
  })

  test('is the provider’s when the client has none: its support asks for it', async () => {
    provider.play(json({ choices: [] }, 200, { 'x-request-id': 'req_of_provider' }))
    const body = new TextEncoder().encode(CHAT)
    const none = await ask(gateway.url, 'POST /v1/chat/completions', {}, body)
    expect(none.header('x-request-id')).toBe('req_of_provider')
    const own = await ask(gateway.url, 'POST /v1/chat/completions', { 'x-request-id': 'mine' }, body)
    expect(own.header('x-request-id')).toBe('mine')
    expect((await gateway.finished('mine')).upstreamRequestId).toBe('req_of_provider')
  })
})

describe('targets and hosts', () => {
  test('an absolute target is answered here, whatever host it names', async () => {
    const connection = await connect(gateway.url)
    await connection.send('GET http://evil.example/health HTTP/1.1\r\nhost: gateway\r\n\r\n')
    expect((await connection.answer()).text).toBe('{"message":"OK"}')
    connection.cut()
  })

  test.each([
    ['no host', 'GET /health HTTP/1.1\r\n\r\n'],
    [
      'two lengths',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd',
    ],
    [
      'a length and chunks',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a length that is none', 'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 0x3\r\n\r\nabc'],
    ['an unknown coding', 'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n'],
    ['a blank before the colon', 'GET /health HTTP/1.1\r\nhost : a\r\n\r\n'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
  ])('%s is refused and the connection closed', async (_, bytes) => {
    const connection = await connect(gateway.url)
    await connection.send(bytes)
    await connection.closed
    expect(connection.received.toString('latin1')).toMatch(/^(HTTP\/1.1 (400|411|501|505)|$)/)
  })
})
