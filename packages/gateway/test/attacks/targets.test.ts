import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway } from '../support/gateway.ts'
import { ask } from '../support/raw-client.ts'
import { json, startScriptedProvider } from '../support/scripted-provider.ts'
import { BODY, chat, get, startWireScene, type WireScene } from './wire-scene.ts'

let scene: WireScene
beforeAll(async () => (scene = await startWireScene()))
afterAll(() => scene[Symbol.asyncDispose]())

describe('a host that is none, or more than one, is refused', () => {
  const hosts = [
    'a/#@b',
    'a/health#',
    'a/health?',
    'a b',
    'u@h',
    'h:99999',
    'h:x',
    '',
    '[::1',
    'é',
    'a\\b',
    'a%2fb',
    'a,b',
    '"a"',
  ]
  test.each(hosts)('%s', async (host) =>
    expect((await scene.refused(get('/v1/models', [`host: ${host}`])))?.status).toBe(400),
  )

  test.each([
    ['none', get('/v1/models', [])],
    ['none in HTTP/1.0', 'GET /v1/models HTTP/1.0\r\n\r\n'],
    ['two', get('/v1/models', ['host: a', 'host: b'])],
    ['one twice', get('/v1/models', ['host: a', 'host: a'])],
    ['none, but one in the target', get('http://a/v1/models', [])],
  ])('%s', async (_, bytes) => expect((await scene.refused(bytes))?.status).toBe(400))

  test.each(['a', 'A.localhost:8080', '127.0.0.1', '[::1]:8080', 'my_service', 'a:', 'a.'])('%s is one', async (host) =>
    expect((await scene.send(get('/health', [`host: ${host}`])))?.status).toBe(200),
  )
})

describe('a target', () => {
  const cases: [target: string, status: number][] = [
    // Who is meant is told by the path: the authority of an absolute target leads nowhere.
    ['http://evil.test/v1/models', 200],
    ['https://u:p@evil.test/v1/models', 200],
    ['http://evil.test', 200],
    ['http://evil.test/nowhere', 404],
    ['ftp://evil.test/v1/models', 400],
    ['*', 400],
    ['v1/models', 400],
    ['/v1/models#/../health', 400],
    ['/health#', 400],
    ['//evil.test/proxy/openai/x', 404],
    ['//v1/models', 404],
    ['/v1/models;x', 404],
    ['/V1/models', 404],
  ]
  test.each(cases)('%s: %i', async (target, status) => {
    scene.provider.forget()
    expect((await scene.send(get(target)))?.status).toBe(status)
    expect(scene.provider.requests).toEqual([])
  })
})

describe('a path on /proxy', () => {
  const refused = [
    // The runtime resolves these before anybody sees them; what is left names another provider, or none.
    '/proxy/openai/../anthropic/x',
    '/proxy/openai/%2e%2e/x',
    '/proxy/openai/.%2e/x',
    '/proxy/openai/..\\x',
    '/proxy/openai/..%2fx',
    '/proxy/openai/..%2Fx',
    '/proxy/openai/..%5cx',
    '/proxy/openai/..;/x',
    '/proxy/openai/%2e%2e;a=b/x',
    '/proxy/openai/a%2f..%2f..%2fx',
    '/proxy/openai/x%00',
    '/proxy/openai/x%0d%0ahost:evil',
    '/proxy/openai/x%7f',
    '/proxy/openai/%zz',
    '/proxy/openai/x%',
    '/proxy/openai/a#b',
    '/proxy/openai/a?b=1#c',
    '/proxy/http:%2f%2fevil.test/x',
    '/proxy/open%61i/x',
    '/proxy//x',
  ]
  test.each(refused)('%s leads to nobody', async (target) => {
    scene.provider.forget()
    const status = (await scene.send(get(target)))?.status ?? 0
    expect([400, 404]).toContain(status)
    expect(scene.provider.requests).toEqual([])
  })

  test.each(['/proxy/openai/a b', '/proxy/openai/a\tb', '/proxy/openai/a\x01b'])('%j is no target', async (target) =>
    expect([400, 505]).toContain((await scene.refused(get(target)))?.status ?? 0),
  )

  test.each([
    '/models/meta%2Fllama',
    '/%252e%252e/x',
    '/x?a=%0d%0ab&c=%00',
    "/a:b@c!$&'()*+,;=-._~/d",
    '/a...b/.c/..d',
    '/x?a=../..&b=http://evil.test/',
    '/a//b/',
  ])('%s arrives as it was written', async (path) => {
    scene.provider.forget()
    expect((await scene.send(get(`/proxy/openai${path}`)))?.status).toBe(200)
    expect(scene.provider.requests.map(({ target }) => target)).toEqual([path])
  })
})

describe('a method', () => {
  test.each(['TRACE', 'PROPFIND', 'OPTIONS', 'DELETE', 'CONNECT'])(
    '%s is not allowed, and says what is',
    async (method) => {
      for (const target of ['/v1/models', '/health']) {
        const answer = await scene.send(get(target, ['host: a', 'x-canary: canary-in-trace'], method))
        expect([answer?.status, answer?.header('allow')]).toEqual([405, 'GET, HEAD'])
        expect(answer?.text).not.toContain('canary')
      }
      expect((await scene.send(get('/proxy/openai/x', undefined, 'TRACE')))?.status).toBe(405)
    },
  )

  test.each(['FOO', 'get', 'G-T'])('%s is none', async (method) =>
    expect([undefined, 400, 405, 501]).toContain((await scene.refused(get('/v1/models', undefined, method)))?.status),
  )

  test('CONNECT opens no tunnel', async () => {
    await using elsewhere = await startScriptedProvider()
    const authority = new URL(elsewhere.origin).host
    const answer = await scene.refused(get(authority, [`host: ${authority}`], 'CONNECT'))
    expect(answer?.status).toBe(400)
    expect(elsewhere.connections).toBe(0)
  })

  test('HEAD is GET without a body', async () => {
    for (const target of ['/v1/models', '/health', '/v1/health', '/ready', '/']) {
      const answer = await scene.send(get(target, undefined, 'HEAD') + get('/health'))
      expect([answer?.status, answer?.text]).toEqual([200, ''])
      expect(Number(answer?.header('content-length'))).toBeGreaterThan(0)
    }
  })
})

describe('who is asked is not for the caller to say', () => {
  test('by no member of the body, no header and no model name', async () => {
    await using evil = await startScriptedProvider()
    const { origin } = evil
    const members = ['api_base', 'base_url', 'api_key', 'custom_host', 'extra_headers', 'api_version', 'organization']
    const body = BODY.replace('{', `{${members.map((name) => `"${name}":"${origin}/evil-key"`).join()},`)
    const names = [
      'x-custom-host',
      'x-portkey-custom-host',
      'x-base-url',
      'x-api-base',
      'helicone-target-url',
      'x-upstream-url',
    ]
    const fields = [
      ...names.map((name) => `${name}: ${origin}`),
      'x-forwarded-host: evil',
      `content-length: ${body.length}`,
    ]
    scene.provider.forget()
    expect((await scene.send(chat(fields, body)))?.status).toBe(200)
    const proxied = chat(fields, body, 'POST /proxy/openai/chat/completions HTTP/1.1')
    expect((await scene.send(proxied))?.status).toBe(200)
    expect(scene.provider.requests.map((request) => request.header('authorization'))).toEqual(
      Array.from({ length: 2 }, () => 'Bearer canary-key-of-openai'),
    )
    for (const request of scene.provider.requests) expect(JSON.stringify(request.headers)).not.toContain(origin)
    for (const model of [
      origin,
      `${origin}/x`,
      `openai@${origin}/x`,
      '../../x',
      'openai/../anthropic/x',
      'a\\u0000',
      'x'.repeat(10_000),
    ]) {
      const named = BODY.replace('openai/x', model)
      const answer = await scene.send(chat([`content-length: ${named.length}`], named))
      expect([200, 400, 404]).toContain(answer?.status ?? 0)
    }
    for (const { target } of scene.provider.requests) expect(target).toBe('/chat/completions')
    expect(evil.connections).toBe(0)
  })

  test('by no address in a picture, a file or a tool: they are for the provider to visit', async () => {
    await using evil = await startScriptedProvider()
    await using provider = await startScriptedProvider(json({ choices: [] }))
    const ids = ['openai', 'anthropic', 'google', 'cohere']
    await using gateway = await startGateway({ providers: Object.fromEntries(ids.map((id) => [id, provider.origin])) })
    const { port } = new URL(evil.origin)
    const hosts = ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '127.1', 'a@127.0.0.1']
    const addresses = [...hosts.map((host) => `http://${host}:${port}/x.png`), 'file:///etc/passwd']
    for (const url of addresses)
      for (const id of ids)
        for (const [path, content] of [
          ['chat/completions', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }],
          ['messages', { max_tokens: 9, messages: [{ role: 'user', content: [picture({ type: 'url', url })] }] }],
          ['responses', { input: [{ role: 'user', content: [{ type: 'input_file', file_url: url }] }] }],
          ['responses', { input: 'x', tools: [{ type: 'mcp', server_label: 'x', server_url: url }] }],
        ] as const)
          await ask(gateway.url, `POST /v1/${path}`, {}, JSON.stringify({ model: `${id}/x`, ...content }))
    expect(provider.requests.filter(({ text }) => text.includes('passwd')).length).toBeGreaterThan(ids.length)
    expect(provider.requests.filter(({ text }) => text.includes('root:'))).toEqual([])
    expect(evil.connections).toBe(0)
  })
})

const picture = (source: object) => ({ type: 'image', source })
