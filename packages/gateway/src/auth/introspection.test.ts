import { afterEach, describe, expect, test } from 'bun:test'
import { Secret } from '../kernel/secret.ts'
import type { OidcOptions } from './oidc.ts'
import { rsaSigner } from './test/forger.ts'
import { outcomeOf, startHarness } from './test/harness.ts'
import { nonsense, startScriptedProvider } from './test/scripted-provider.ts'

const PATH = '/introspect'
const SECRET = 'p:ss wörd'
const unavailable = [503, { 'retry-after': '5' }]
const invalid = [401, { 'www-authenticate': 'Bearer realm="inference-gateway", error="invalid_token"' }]
const expired = [
  401,
  { 'www-authenticate': 'Bearer realm="inference-gateway", error="invalid_token", error_description="expired"' },
]

const { jwk } = await rsaSigner({ kid: 'first' })
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

interface Asked {
  readonly authorization: string | null
  readonly form: Readonly<Record<string, string>>
}

async function setUp({
  answer = {},
  metadata = {},
  options = {},
}: { answer?: object; metadata?: object; options?: Partial<OidcOptions> } = {}) {
  const provider = startScriptedProvider({ keys: [jwk] })
  const asked: Asked[] = []
  Object.assign(provider.metadata, { introspection_endpoint: `${provider.issuer}${PATH}` }, metadata)
  const harness = startHarness(provider.issuer, { clientSecret: new Secret(SECRET), ...options })
  cleanups.push(
    () => harness.verifier.close(),
    () => provider.stop(),
  )
  const seconds = harness.time.clock.now() / 1000
  provider.answers.set(PATH, async (request) => {
    const form = Object.fromEntries(new URLSearchParams(await request.text()))
    asked.push({ authorization: request.headers.get('authorization'), form })
    const good = { active: true, token_type: 'Bearer', aud: 'gateway', sub: 'ada', exp: seconds + 300 }
    return Response.json({ ...good, ...answer })
  })
  await harness.nextReading(() => harness.verifier.start())
  return { provider, asked, seconds, ...harness }
}

describe('an opaque token', () => {
  test('is asked about at the issuer, by who we are', async () => {
    const { verifier, asked } = await setUp()
    expect(await outcomeOf(verifier, 'opaque.token')).toBe('ada')
    expect(asked).toEqual([
      {
        authorization: `Basic ${btoa('gateway:p%3Ass+w%C3%B6rd')}`,
        form: { token: 'opaque.token', token_type_hint: 'access_token' },
      },
    ])
  })

  test('is asked about in the form, where the issuer wants the secret there', async () => {
    const metadata = { introspection_endpoint_auth_methods_supported: ['client_secret_post'] }
    const { verifier, asked } = await setUp({ metadata })
    expect(await outcomeOf(verifier, 'opaque')).toBe('ada')
    expect(asked).toMatchObject([{ authorization: null, form: { client_id: 'gateway', client_secret: SECRET } }])
  })

  test('is asked about once a minute, however many requests carry it', async () => {
    const { verifier, asked, time } = await setUp()
    await Promise.all(Array.from({ length: 50 }, () => outcomeOf(verifier, 'opaque')))
    time.advance(59_000)
    await outcomeOf(verifier, 'opaque')
    expect(asked.length).toBe(1)
    time.advance(1000)
    await outcomeOf(verifier, 'opaque')
    expect(asked.length).toBe(2)
  })

  test('is good for as long as the issuer says, or says nothing', async () => {
    const { verifier } = await setUp({ answer: { exp: undefined } })
    expect(await outcomeOf(verifier, 'opaque')).toBe('ada')
  })

  const answers: readonly (readonly [string, object, unknown, Partial<OidcOptions>?])[] = [
    ['our client and no audience', { aud: undefined, client_id: 'gateway' }, 'ada'],
    [
      'an allowed party and no audience',
      { aud: undefined, client_id: 'web', azp: 'web' },
      'ada',
      { allowedParties: ['web'] },
    ],
    ['an access token by its use', { token_use: 'access_token' }, 'ada'],
    ['no active token', { active: false }, invalid],
    ['a token that is active in words', { active: 'true' }, invalid],
    ['a refresh token, which has no type', { token_type: undefined }, invalid],
    ['a refresh token by its use', { token_use: 'refresh_token' }, invalid],
    ["Keycloak's refresh token", { typ: 'Refresh' }, invalid],
    ['a token bound to a key', { token_type: 'DPoP', cnf: { jkt: 'thumbprint' } }, invalid],
    ['another audience', { aud: 'account' }, invalid],
    ["somebody else's client and no audience", { aud: undefined, client_id: 'web' }, invalid],
    ['another issuer', { iss: 'https://evil.example' }, invalid],
    ['an expired token', { exp: 1000 }, expired],
  ]
  test.each(answers)('is judged by the answer: %s', async (_, answer, outcome, options = {}) => {
    const { verifier } = await setUp({ answer, options })
    expect(await outcomeOf(verifier, 'opaque')).toEqual(outcome)
  })

  test.each(Object.entries(nonsense))('cannot be checked when the answer is %s', async (_, answer) => {
    const { provider, verifier } = await setUp()
    provider.answers.set(PATH, answer)
    const error: unknown = await verifier.verify('opaque').catch((error: unknown) => error)
    expect(await outcomeOf(verifier, 'opaque')).toEqual(unavailable)
    expect(Bun.inspect(error)).not.toContain(SECRET)
    expect(Bun.inspect(error)).not.toContain(btoa(SECRET))
  })

  test('that nobody could have issued is not asked about', async () => {
    const { verifier, asked } = await setUp()
    for (const junk of ['', "' OR '1'='1", '{{7*7}}', 'é', 'a b', 'a'.repeat(17_000), 'a.b.c']) {
      expect(await outcomeOf(verifier, junk)).toEqual(invalid)
    }
    expect(asked).toEqual([])
  })

  const nobodyToAsk: readonly (readonly [string, object, Partial<OidcOptions>])[] = [
    ['without client secret', {}, { clientSecret: null }],
    ['when the issuer offers no introspection', { introspection_endpoint: undefined }, {}],
  ]
  test.each(nobodyToAsk)('is refused %s', async (_, metadata, options) => {
    const { verifier, asked } = await setUp({ metadata, options })
    expect([await outcomeOf(verifier, 'opaque'), asked]).toEqual([invalid, []])
  })
})
