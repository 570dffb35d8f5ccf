import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { CHAT, CHAT_LINE, codeOf, COMPLETION, STREAMED_CHAT } from '../faults/scene.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { ask } from '../support/raw-client.ts'
import { json, type ScriptedProvider, startScriptedProvider, stream } from '../support/scripted-provider.ts'

const APP = 'https://app.example.com'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json(JSON.parse(COMPLETION)))
  gateway = await startOf({ CORS_ALLOWED_ORIGINS: `${APP}, tauri://localhost` })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const startOf = (env: Readonly<Record<string, string>>): Promise<TestGateway> =>
  startGateway({ providers: { openai: provider.origin }, env })

const preflight = (origin: string, more: Readonly<Record<string, string>> = {}) => ({
  origin,
  'access-control-request-method': 'POST',
  ...more,
})

describe('a page of an allowed origin', () => {
  test('may ask beforehand, without a token, and send the headers it wants to', async () => {
    await using guarded = await startOf({
      ENABLE_AUTH: 'true',
      OIDC_ISSUER_URL: 'http://127.0.0.1:1',
      CORS_ALLOWED_ORIGINS: APP,
    })
    const headers = preflight(APP, { 'access-control-request-headers': 'authorization,x-stainless-os,content-type' })
    const answer = await ask(guarded.url, 'OPTIONS /v1/chat/completions', headers)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(answer.header('access-control-allow-origin')).toBe(APP)
    expect(answer.header('access-control-allow-headers')).toBe('authorization,x-stainless-os,content-type')
    expect(answer.header('access-control-allow-methods')).toContain('POST')
    expect(answer.header('vary')).toBe('access-control-request-headers, origin')
    expect(answer.header('access-control-allow-credentials')).toBeUndefined()
    expect(answer.header('x-request-id')).toBeString()
    const refused = await ask(guarded.url, CHAT_LINE, { origin: APP }, CHAT)
    expect([refused.status, refused.header('access-control-allow-origin')]).toEqual([401, APP])
  })

  test.each([
    ['an answer', 200, CHAT],
    ['an error', 400, '{'],
  ])('may read %s with all its headers', async (_, status, body) => {
    const answer = await ask(gateway.url, CHAT_LINE, { origin: APP }, body)
    expect(answer.status).toBe(status)
    expect(answer.header('access-control-allow-origin')).toBe(APP)
    expect(answer.header('access-control-expose-headers')).toBe('*')
    expect(answer.header('vary')).toBe('origin')
  })

  test('may read a stream', async () => {
    provider.play(
      stream(['data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n', 'data: [DONE]\n\n']),
    )
    const answer = await ask(gateway.url, CHAT_LINE, { origin: 'tauri://localhost' }, STREAMED_CHAT)
    expect([answer.status, answer.header('access-control-allow-origin')]).toEqual([200, 'tauri://localhost'])
    expect(answer.isWhole).toBe(true)
    provider.play(json(JSON.parse(COMPLETION)))
  })
})

describe('what a page asks beforehand', () => {
  test.each([
    ['every header there is', { 'access-control-request-headers': '*' }, 204],
    ['headers that hold no name', { 'access-control-request-headers': ', ,:;"<>' }, 204],
    [
      '1,000 headers',
      { 'access-control-request-headers': Array.from({ length: 1000 }, (_, n) => `x-${n}`).join() },
      204,
    ],
    ['2,000 headers', { 'access-control-request-headers': Array(2000).fill('x-header').join() }, 431],
    ['for a network behind its own', { 'access-control-request-private-network': 'true' }, 204],
    ['for a method nobody has', { 'access-control-request-method': 'BREW' }, 204],
  ])('%s', async (_, more, status) => {
    const answer = await ask(gateway.url, 'OPTIONS /v1/models', preflight(APP, more))
    expect([answer.status, answer.text]).toEqual([status, ''])
    const wanted = 'access-control-request-headers' in more ? more['access-control-request-headers'] : undefined
    if (status === 204) expect(answer.header('access-control-allow-headers')).toBe(wanted)
    expect((await ask(gateway.url, 'GET /health')).status).toBe(200)
  })

  test('cannot break the head of the answer', async () => {
    const headers = preflight(APP, { 'access-control-request-headers': 'x-a\rset-cookie: a=b' })
    const answer = await ask(gateway.url, 'OPTIONS /v1/models', headers)
    expect([answer.status, answer.header('set-cookie')]).toEqual([400, undefined])
  })
})

describe('a page of another origin', () => {
  const origins = [
    'https://evil.test',
    'null',
    'http://app.example.com',
    `${APP}:444`,
    `${APP}.evil.test`,
    'https://APP.example.com',
    `${APP}, https://evil.test`,
    'http://localhost:3000',
    'http://127.0.0.1:5173',
    '',
  ]
  test.each(origins)('%s is refused before a provider hears of it', async (origin) => {
    provider.forget()
    const lines: [line: string, body: string][] = [
      [CHAT_LINE, CHAT],
      ['POST /proxy/openai/chat/completions', CHAT],
      ['GET /proxy/openai/files', ''],
    ]
    for (const [line, body] of lines) {
      const answer = await ask(gateway.url, line, { origin }, body)
      expect([answer.status, codeOf(answer)]).toEqual([403, 'origin_not_allowed'])
      expect(answer.header('access-control-allow-origin')).toBeUndefined()
    }
    const asked = await ask(gateway.url, 'OPTIONS /v1/chat/completions', preflight(origin))
    expect([asked.status, asked.header('access-control-allow-origin')]).toEqual([403, undefined])
    expect(provider.requests).toEqual([])
  })
})

test('a picture or a link on a page of another site is refused too, though it names no origin', async () => {
  provider.forget()
  const line = 'GET /proxy/openai/files'
  const answer = await ask(gateway.url, line, { 'sec-fetch-site': 'cross-site' })
  expect([answer.status, codeOf(answer)]).toEqual([403, 'origin_not_allowed'])
  expect(provider.requests).toEqual([])
  for (const site of ['none', 'same-origin', 'same-site'])
    expect((await ask(gateway.url, line, { 'sec-fetch-site': site })).status).toBe(200)
})

describe('a page whose name was made to lead to this machine', () => {
  const statusOf = async (url: string, host: string) => {
    const answer = await ask(url, 'GET /proxy/openai/files', { host })
    return answer.status === 403 ? codeOf(answer) : answer.status
  }
  const cases: [host: string, outcome: unknown][] = [
    ['evil.test', 'origin_not_allowed'],
    ['evil.test:8080', 'origin_not_allowed'],
    ['EVIL.test.', 'origin_not_allowed'],
    ['localhost.evil.test', 'origin_not_allowed'],
    ['evil-localhost.test', 'origin_not_allowed'],
    ['evil.notlocalhost', 'origin_not_allowed'],
    ['evil.not-localhost', 'origin_not_allowed'],
    ['evil.notinternal', 'origin_not_allowed'],
    ['host.docker.internal.evil.test', 'origin_not_allowed'],
    ['127.0.0.1.evil.test', 'origin_not_allowed'],
    ['1.2.3.4.test', 'origin_not_allowed'],
    ['app.example.com:444', 'origin_not_allowed'],
    ['app.example.com', 200],
    ['localhost:8080', 200],
    ['localhost.', 200],
    ['app.localhost:8080', 200],
    ['127.0.0.1:8080', 200],
    ['127.1.2.3', 200],
    ['192.168.1.5:8080', 200],
    ['[::1]:8080', 200],
    ['gateway:8080', 200],
    ['host.docker.internal:8080', 200],
  ]
  test.each(cases)('asks for %s: %p', async (host, outcome) => {
    provider.forget()
    expect(await statusOf(gateway.url, host)).toEqual(outcome)
    expect(provider.requests.length).toBe(outcome === 200 ? 1 : 0)
  })

  test.each([
    ['where pages of all origins may come', { CORS_ALLOWED_ORIGINS: '*' }],
    ['where others than this machine can ask', { SERVER_HOST: '0.0.0.0' }],
    ['in production, where a proxy in front may pass on its own name', { ENVIRONMENT: 'production' }],
  ])('is not looked for %s', async (_, env) => {
    await using open = await startOf(env)
    expect(await statusOf(open.url.replace('0.0.0.0', '127.0.0.1'), 'evil.test')).toBe(200)
  })
})

describe('CORS_ALLOWED_ORIGINS', () => {
  const cases: [env: Readonly<Record<string, string>>, origin: string, status: number][] = [
    [{}, 'http://localhost:3000', 200],
    [{}, 'https://127.0.0.1:5173', 200],
    [{}, 'http://[::1]:8080', 200],
    [{}, 'http://app.localhost', 200],
    [{}, 'http://localhost.evil.test', 403],
    [{}, 'http://127.0.0.1.evil.test', 403],
    [{}, 'http://evil.test/.localhost', 403],
    [{}, 'http://localhost:3000.evil.test', 403],
    [{}, 'http://localhost:x', 403],
    [{}, 'http://[::1]:x', 403],
    [{}, 'http://[::1].evil.test', 403],
    [{}, 'http://ada@localhost', 403],
    [{}, 'http://0.0.0.0:3000', 403],
    [{}, 'file://localhost', 403],
    [{}, 'null', 403],
    [{}, 'http://localhost:3000, http://evil.test', 403],
    [{}, 'http://evil.test', 403],
    [{ ENVIRONMENT: 'production' }, 'http://localhost:3000', 403],
    [{ ENVIRONMENT: 'production', CORS_ALLOWED_ORIGINS: '*' }, 'http://evil.test', 200],
    [{ CORS_ALLOWED_ORIGINS: '*' }, 'null', 200],
    [{ CORS_ALLOWED_ORIGINS: 'loopback,https://a.test' }, 'https://a.test', 200],
  ]
  test.each(cases)('%j and %s: %i', async (env, origin, status) => {
    await using gateway = await startOf(env)
    const answer = await ask(gateway.url, CHAT_LINE, { origin }, CHAT)
    expect(answer.status).toBe(status)
    const isOpen = env['CORS_ALLOWED_ORIGINS'] === '*'
    expect(answer.header('access-control-allow-origin')).toBe(status === 403 ? undefined : isOpen ? '*' : origin)
    expect(answer.header('vary')).toBe(status === 403 || isOpen ? undefined : 'origin')
  })

  test.each(['https://a.test/path', 'a.test', 'https://*.a.test'])('%s is no origin', (written) =>
    expect(startOf({ CORS_ALLOWED_ORIGINS: written })).rejects.toThrow('expected origins'),
  )
})

test('a program, which names no origin, is told nothing of all this', async () => {
  const answer = await ask(gateway.url, CHAT_LINE, {}, CHAT)
  expect(answer.status).toBe(200)
  expect(answer.headers.filter(([name]) => name.startsWith('access-control-') || name === 'vary')).toEqual([])
})
