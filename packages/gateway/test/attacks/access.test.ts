import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { endedEarly } from '../faults/scene.ts'
import { forge, rsaSigner } from '../../src/auth/test/forger.ts'
import { DISCOVERY, JWKS, startScriptedProvider as startIssuer } from '../../src/auth/test/scripted-provider.ts'
import { basePaths } from '../../src/kernel/base-path.ts'
import { startGateway } from '../support/gateway.ts'
import { ask, connect } from '../support/raw-client.ts'
import { json, type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'
import { until } from '../support/wire.ts'
import { type GuardedGateway, startGuardedGateway } from './guarded-gateway.ts'
import { BODY, chat, get } from './wire-scene.ts'

let provider: ScriptedProvider
let guarded: GuardedGateway
let url: string
let good: Readonly<Record<string, string>>
beforeAll(async () => {
  provider = await startScriptedProvider(json({ choices: [] }))
  guarded = await startGuardedGateway({ providers: { openai: provider.origin } })
  ;({ url } = guarded.gateway)
  good = { authorization: `Bearer ${await guarded.token()}` }
})
afterAll(async () => {
  await guarded[Symbol.asyncDispose]()
  await provider.close()
})

const BAD = { authorization: 'Bearer a.b.c' }
const PUBLIC = new Set(['/health', '/ready'])
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

/** Every path of the route table as one could ask for it. */
async function paths(): Promise<readonly string[]> {
  const { routes }: { readonly routes: readonly string[] } = JSON.parse((await ask(url, 'GET /', good)).text)
  const names = routes.map((line) => line.slice(line.indexOf(' ') + 1).replaceAll(/\{(\w+)\}/g, 'openai'))
  return ['/', ...names.map((name) => name.replace(/^\/v1\//, '/'))]
}

test('every route but those of probes wants a token, by whatever path and method', async () => {
  const all = await paths()
  expect(all.length).toBeGreaterThan(7)
  expect(all).toContain('/chat/completions')
  provider.forget()
  for (const path of all)
    for (const target of [...basePaths.map((base) => base + path), `${path}?x=/health`, `${path}?provider=openai`])
      for (const method of METHODS)
        for (const headers of [{}, BAD]) {
          const isProbe = PUBLIC.has(path)
          const { status } = await ask(url, `${method} ${target}`, headers, method === 'POST' ? BODY : '')
          const isOpen = isProbe && (method === 'GET' || method === 'HEAD')
          expect([method, target, status]).toEqual([method, target, isOpen ? 200 : isProbe ? 405 : 401])
        }
  expect(provider.requests).toEqual([])
})

describe('no other spelling of a probe opens a door', () => {
  const targets = [
    '/health/../v1/models',
    '/health/%2e%2e/v1/models',
    '/health\\..\\v1\\models',
    '//health',
    '/HEALTH',
    '/Health',
    '/health;x',
    '/health/',
    '/health/x',
    '/health%2f..%2fv1%2fmodels',
    '/%68ealth',
    '/health%00',
    '/health%20',
    '/v1/models/',
    '/v1/models?x=/health',
    '/v1/models?/health',
    '/v1/models;/health',
    '/proxy/openai/health',
    '/proxy/health/x',
    '/v1/v1/v1/health',
    '/ready/../health/../v1/models',
    'http://a/v1/models',
    'http://health/v1/models?/health',
    '/v1/models#/health',
    '/health#/../v1/models',
    '*',
  ]
  test.each(targets)('%s', async (target) => {
    for (const method of METHODS)
      for (const fields of [[], ['authorization: Bearer a.b.c']]) {
        const status = await statusOf(get(target, ['host: a', ...fields], method))
        expect([400, 401, 404]).toContain(status)
      }
  })

  const headers = [
    'x-forwarded-uri: /health',
    'x-original-url: /health',
    'x-rewrite-url: /health',
    'x-http-method-override: GET',
    'x-forwarded-prefix: /health',
    'x-forwarded-for: 127.0.0.1',
    'x-real-ip: 127.0.0.1',
    'user-agent: kube-probe/1.30',
    'x-amz-health-check: 1',
    'cookie: authorization=Bearer a',
    'x-api-key: a',
    'proxy-authorization: Bearer a',
    'upgrade: websocket',
    'expect: 100-continue',
  ]
  test.each(headers)('nor does %s', async (field) => {
    expect(await statusOf(get('/v1/models', ['host: a', field]))).toBe(401)
    expect(await statusOf(chat([field, `content-length: ${BODY.length}`]))).toBe(401)
  })

  test.each(['a/health#', 'a/health?', 'a/../health', 'health'])('nor the host %s', async (host) => {
    expect([400, 401]).toContain(await statusOf(get('/v1/models', [`host: ${host}`])))
  })
})

/** The status of the final answer to these bytes. */
async function statusOf(bytes: string): Promise<number> {
  const connection = await connect(url)
  await connection.send(bytes)
  let answer = await connection.answer(/^\w+/.exec(bytes)?.[0]).catch(endedEarly)
  if (answer?.status === 100) answer = await connection.answer()
  connection.cut()
  return answer?.status ?? 400
}

describe('a token', () => {
  test('as x-api-key is good where clients of its dialect send it so, and nowhere else', async () => {
    const headers = { 'x-api-key': await guarded.token() }
    for (const path of await paths()) {
      if (PUBLIC.has(path)) continue
      const { status } = await ask(url, `GET /v1${path}`, headers)
      expect([path, status === 401]).toEqual([path, !/^\/(?:messages|models)/.test(path)])
    }
  })

  test('is good once: two of them are refused, in whatever order', async () => {
    const { authorization = '' } = good
    const lines = [`authorization: ${authorization}`, 'authorization: Bearer a.b.c']
    for (const fields of [lines, lines.toReversed(), [lines[0] ?? '', lines[0] ?? '']])
      expect(await statusOf(get('/v1/models', ['host: a', ...fields]))).toBe(400)
  })

  test('in the URL or a form is none, and goes no further', async () => {
    const token = (good['authorization'] ?? '').slice('Bearer '.length)
    provider.forget()
    expect(await statusOf(get(`/proxy/openai/x?access_token=${token}`))).toBe(401)
    const form = `access_token=${token}`
    const fields = ['content-type: application/x-www-form-urlencoded', `content-length: ${form.length}`]
    expect(await statusOf(chat(fields, form))).toBe(401)
    expect(provider.requests).toEqual([])
    expect(JSON.stringify(guarded.gateway.events)).not.toContain(token)
  })

  test('of an identity is refused, unless OIDC_ACCEPT_ID_TOKENS lets it in', async () => {
    const claims = { nonce: 'x', at_hash: 'y' }
    const statusIn = async (one: GuardedGateway) =>
      (await ask(one.gateway.url, 'GET /v1/models', { authorization: `Bearer ${await one.token(claims)}` })).status
    expect(await statusIn(guarded)).toBe(401)
    await using lenient = await startGuardedGateway({ env: { OIDC_ACCEPT_ID_TOKENS: 'true' } })
    expect(await statusIn(lenient)).toBe(200)
  })

  test('is good from whom it was issued to, where OIDC_ALLOWED_PARTIES names some', async () => {
    await using choosy = await startGuardedGateway({ env: { OIDC_ALLOWED_PARTIES: 'web, app' } })
    const statusOfParty = async (one: GuardedGateway, azp?: string) =>
      (await ask(one.gateway.url, 'GET /v1/models', { authorization: `Bearer ${await one.token({ azp })}` })).status
    expect(await Promise.all(['app', 'evil', undefined].map((azp) => statusOfParty(choosy, azp)))).toEqual([
      200, 401, 401,
    ])
    expect(await statusOfParty(guarded, 'evil')).toBe(200)
  })
})

test("the issuer's keys may lie on another host where OIDC_ALLOWED_HOSTS names it", async () => {
  const { jwk } = await rsaSigner({ kid: 'one' })
  const issuer = startIssuer({ keys: [jwk] })
  issuer.metadata['jwks_uri'] = `http://localhost:${issuer.port}${JWKS}`
  const told = async (env: Readonly<Record<string, string>>) => {
    await using gateway = await startGateway({ env: { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: issuer.issuer, ...env } })
    await until(() => gateway.events.some(({ type }) => type.startsWith('auth.')))
    return gateway.events.map(({ type }) => type).find((type) => type.startsWith('auth.'))
  }
  expect(await told({})).toBe('auth.unavailable')
  expect(issuer.asked(JWKS)).toBe(0)
  expect(await told({ OIDC_ALLOWED_HOSTS: `localhost:${issuer.port}` })).toBe('auth.available')
  await issuer.stop()
})

test('while the issuer is away nobody is let in and probes know why; once it is back, everything goes on by itself', async () => {
  const { jwk, sign } = await rsaSigner({ kid: 'one' })
  const issuer = startIssuer({ keys: [jwk] })
  issuer.answers.set(DISCOVERY, () => new Response('', { status: 500 }))
  await using gateway = await startGateway({
    env: { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: issuer.issuer, OIDC_CLIENT_ID: 'gateway' },
  })
  const exp = Math.floor(Date.now() / 1000) + 300
  const token = await forge({ alg: 'RS256', kid: 'one' }, { iss: issuer.issuer, aud: 'gateway', sub: 'ada', exp }, sign)
  const answers = () =>
    Promise.all([
      ask(gateway.url, 'GET /health'),
      ask(gateway.url, 'GET /ready'),
      ask(gateway.url, 'GET /v1/models', { authorization: `Bearer ${token}` }),
    ])
  await until(() => gateway.events.some(({ type }) => type === 'auth.unavailable'))
  const away = await answers()
  expect(away.map(({ status }) => status)).toEqual([200, 503, 503])
  expect(away[2].header('retry-after')).toBe('5')
  issuer.answers.clear()
  await until(() => gateway.events.some(({ type }) => type === 'auth.available'))
  expect((await answers()).map(({ status }) => status)).toEqual([200, 200, 200])
  await issuer.stop()
})

test('a body that is still coming when its token is refused is not read as the next request', async () => {
  const connection = await connect(url)
  await connection.send(chat(['authorization: Bearer a.b.c', 'content-length: 1073741824'], ''))
  expect((await connection.answer()).status).toBe(401)
  await connection.send(get('/health').repeat(1000)).catch(() => {})
  // By the time another is answered, these bytes have been looked at.
  expect((await ask(url, 'GET /health')).status).toBe(200)
  expect(connection.received.toString()).not.toContain('"OK"')
  connection.cut()
})
