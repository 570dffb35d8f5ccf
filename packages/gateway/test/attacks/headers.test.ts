import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { answer } from '../support/scripted-provider.ts'
import { keyOf } from '../support/gateway.ts'
import { BODY, chat, startWireScene, type WireScene } from './wire-scene.ts'

let scene: WireScene
beforeAll(async () => (scene = await startWireScene()))
afterAll(() => scene[Symbol.asyncDispose]())

const WAYS = ['/v1/chat/completions', '/proxy/openai/chat/completions']
const CANARY = 'canary-of-a-header'

/** The request as it arrives at the provider, sent with these header lines. */
async function arrived(path: string, fields: readonly string[]) {
  scene.provider.forget()
  const bytes = chat([...fields, `content-length: ${BODY.length}`], BODY, `POST ${path} HTTP/1.1`)
  expect((await scene.send(bytes))?.status).toBe(200)
  const [request] = scene.provider.requests
  if (request === undefined) throw new Error('nothing arrived')
  return request
}

describe.each(WAYS)('on %s stays here', (path) => {
  const fields = [
    // Of one hop only (RFC 9110, section 7.6.1).
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'upgrade',
    'proxy-authenticate',
    'http2-settings',
    // Credentials.
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'x-amz-security-token',
    'x-goog-iam-authorization-token',
    'x-goog-iap-jwt-assertion',
    'x-goog-authenticated-user-email',
    'x-goog-authenticated-user-id',
    // Where the request comes from, as anybody can write it.
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-uri',
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
    'x-real-ip',
    'cf-connecting-ip',
    'true-client-ip',
    'x-client-ip',
    'origin-agent-cluster',
    'referer',
    // Who pays.
    'openai-organization',
    'openai-project',
    'x-goog-user-project',
    // Names that are no plain words.
    'openai_organization',
    'openai-a_b',
    "anthropic-'",
    '__proto__',
  ]
  test.each(fields)('%s', async (name) => {
    const request = await arrived(path, [`${name}: ${name === 'authorization' ? 'Bearer ' : ''}${CANARY}`])
    expect(JSON.stringify([request.firstLine, request.headers])).not.toContain(CANARY)
    expect(request.header('authorization')).toBe(`Bearer ${keyOf('openai')}`)
  })

  test('what Connection names', async () => {
    const request = await arrived(path, ['connection: OpenAI-Beta, keep-alive', `openai-beta: ${CANARY}`])
    expect(JSON.stringify(request.headers)).not.toContain(CANARY)
    expect(request.header('connection')).toBeUndefined()
  })

  test('every second header of one name that frames', async () => {
    const request = await arrived(path, [])
    const names = request.headers.map(([name]) => name.toLowerCase())
    expect(names.filter((name) => ['content-length', 'transfer-encoding', 'host'].includes(name))).toEqual([
      'host',
      'content-length',
    ])
    expect(new Set(names).size).toBe(names.length)
  })
})

describe.each(WAYS)("of a provider's answer on %s stays there", (path) => {
  const told = [
    ['set-cookie', `a=${CANARY}`],
    ['alt-svc', `h3=":443"; ${CANARY}`],
    ['server', CANARY],
    ['strict-transport-security', CANARY],
    ['www-authenticate', `Bearer realm=${CANARY}`],
    ['proxy-authenticate', `Basic realm=${CANARY}`],
    ['access-control-allow-origin', `https://${CANARY}`],
    ['access-control-allow-credentials', CANARY],
    ['via', `1.1 ${CANARY}`],
    ['openai-organization', CANARY],
    ['x-powered-by', CANARY],
    ['x-api-key', CANARY],
    ['refresh', `0; ${CANARY}`],
    ['content-security-policy', CANARY],
    ['clear-site-data', CANARY],
  ] as const
  test.each([200, 401])('status %i', async (status) => {
    const kept = {
      'retry-after': '7',
      'x-request-id': 'theirs',
      'x-ratelimit-remaining-requests': '3',
      'openai-version': 'x',
    }
    scene.provider.play(
      answer(status, { ...Object.fromEntries(told), ...kept, 'content-type': 'application/json' }, '{"choices":[]}'),
    )
    const got = await scene.send(chat([`content-length: ${BODY.length}`], BODY, `POST ${path} HTTP/1.1`))
    expect(got?.status).toBe(status)
    expect(JSON.stringify(got?.headers)).not.toContain(CANARY)
    for (const [name, value] of Object.entries(kept)) expect([name, got?.header(name)]).toEqual([name, value])
  })

  test('what its Connection names', async () => {
    scene.provider.play(answer(200, { connection: 'X-RateLimit-Hop', 'x-ratelimit-hop': CANARY }, '{"choices":[]}'))
    const got = await scene.send(chat([`content-length: ${BODY.length}`], BODY, `POST ${path} HTTP/1.1`))
    expect(got?.status).toBe(200)
    expect(JSON.stringify(got?.headers)).not.toContain(CANARY)
    scene.provider.play(answer(200, {}, '{"choices":[]}'))
  })

  test.each(['\n', '\r', '\0'])('a value with %j in it, and the whole answer', async (character) => {
    scene.provider.play(answer(200, { 'x-request-id': `a${character}set-cookie: b` }, '{"choices":[]}'))
    const got = await scene.send(chat([`content-length: ${BODY.length}`], BODY, `POST ${path} HTTP/1.1`))
    expect([got?.status, got?.header('set-cookie')]).toEqual([502, undefined])
    scene.provider.play(answer(200, {}, '{"choices":[]}'))
  })
})

test.each(['a'.repeat(200_000), String.raw`a\u001b[2J`, String.raw`\ud800`])(
  'what no model could be called comes back in no header of /proxy: %#',
  async (name) => {
    const body = BODY.replace('openai/x', name)
    const fields = [`content-length: ${body.length}`]
    const got = await scene.send(chat(fields, body, 'POST /proxy/openai/chat/completions HTTP/1.1'))
    expect([got?.status, got?.header('x-gateway-model')]).toEqual([200, undefined])
    expect(scene.provider.requests.at(-1)?.text).toBe(body)
  },
)

const told = (count: number) => `; model=${'%E2%80%93'.repeat(count)}>x`
test.each([
  ['all', 224, 1, told(224)],
  ['all but one', 225, 1, '; ...'],
  ['as many as fit, whole', 111, 50, `${told(111).repeat(2)}; ...`],
])('what was changed is told as far as a header goes: %s', async (_, length, count, rest) => {
  const part = (model: string) => `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n`
  const body = `${part('openai/x')}${part('–'.repeat(length)).repeat(count)}--b--`
  const fields = ['content-type: multipart/form-data; boundary=b', `content-length: ${Buffer.byteLength(body)}`]
  const got = await scene.send(chat(fields, body, 'POST /v1/audio/transcriptions HTTP/1.1'))
  expect([got?.status, got?.header('x-gateway-changes')]).toEqual([200, `model=openai/x>x${rest}`])
})
