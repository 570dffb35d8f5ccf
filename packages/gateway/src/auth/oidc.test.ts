import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { base64url, exportSPKI } from 'jose'
import type { Caller } from '../kernel/caller.ts'
import { GatewayError } from '../kernel/errors.ts'
import { Secret } from '../kernel/secret.ts'
import { createOidcVerifier, type OidcVerifier } from './oidc.ts'
import { ecSigner, forge, hmac, part, rsaSigner, type Signer } from './test/forger.ts'
import { startScriptedProvider } from './test/scripted-provider.ts'
import { until, virtualTime } from './test/virtual-time.ts'

const CLIENT_SECRET = 'the-client-secret'
const INVALID = { 'www-authenticate': 'Bearer realm="inference-gateway", error="invalid_token"' }
const EXPIRED = {
  'www-authenticate': 'Bearer realm="inference-gateway", error="invalid_token", error_description="expired"',
}

const rsa = await rsaSigner({ kid: 'rsa', use: 'sig' })
const ec = await ecSigner({ kid: 'ec' })
const encryption = await rsaSigner({ kid: 'enc', use: 'enc' })
const weak = await rsaSigner({ kid: 'weak' }, 1024)
const stranger = await rsaSigner({ kid: 'rsa' })

const provider = startScriptedProvider({ keys: [rsa.jwk, ec.jwk, encryption.jwk, weak.jwk] })
const time = virtualTime()
const now = time.clock.now() / 1000
const claims = { iss: provider.issuer, aud: 'gateway', exp: now + 300, iat: now, sub: 'ada' }
const header = { alg: 'RS256', kid: 'rsa', typ: 'JWT' }

let visits = 0
const attacker = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: () => Response.json({ keys: [stranger.jwk], visits: ++visits }),
})
const bait = `http://127.0.0.1:${attacker.port}/keys`

let verifier: OidcVerifier
beforeAll(async () => {
  verifier = createOidcVerifier({
    issuerUrl: provider.issuer,
    clientId: 'gateway',
    clientSecret: new Secret(CLIENT_SECRET),
    acceptIdTokens: false,
    fetch,
    clock: time.clock,
    sleep: time.sleep,
    log: () => undefined,
  })
  verifier.start()
  await until(() => verifier.ready())
})
afterAll(async () => {
  verifier.close()
  await Promise.all([provider.stop(), attacker.stop(true)])
})

/** A token that is good but for what is changed. */
const signed = (changes: { header?: object; claims?: object; by?: Signer } = {}): Promise<string> =>
  forge({ ...header, ...changes.header }, { ...claims, ...changes.claims }, (changes.by ?? rsa).sign)

async function refusal(token: string): Promise<GatewayError> {
  const error: unknown = await verifier.verify(token).catch((error: unknown) => error)
  if (!(error instanceof GatewayError)) throw new Error(`was not refused: ${JSON.stringify(error)}`)
  return error
}

describe('a good token', () => {
  const ada: Caller = { kind: 'oidc', id: 'ada', scopes: new Set() }

  test.each<[string, () => Promise<string>]>([
    ['signed with RS256', () => signed()],
    ['signed with ES256', () => signed({ header: { alg: 'ES256', kid: 'ec' }, by: ec })],
    ['without kid, where one key fits', () => signed({ header: { alg: 'ES256', kid: undefined }, by: ec })],
    ['without typ', () => signed({ header: { typ: undefined } })],
    ['with unknown header members', () => signed({ header: { custom: { a: [1] } } })],
  ])('%s lets its caller in', async (_, token) => expect(await verifier.verify(await token())).toEqual(ada))

  test.each(['jku', 'x5u'])(
    'with a %s that points elsewhere is checked by our keys, and nobody goes there',
    async (name) => {
      expect(await verifier.verify(await signed({ header: { [name]: bait } }))).toEqual(ada)
      await refusal(await signed({ header: { [name]: bait }, by: stranger }))
      expect(visits).toBe(0)
    },
  )
})

async function tampered(change: (parts: readonly [string, string, string]) => string): Promise<string> {
  const [head = '', payload = '', signature = ''] = (await signed()).split('.')
  return change([head, payload, signature])
}

const raw = (payload: unknown): Promise<string> => forge(header, payload, rsa.sign)
const unsigned = (alg: unknown, signature = ''): string => `${part({ ...header, alg })}.${part(claims)}.${signature}`
const text = JSON.stringify(claims)

const publicKey = await exportSPKI(rsa.publicKey)
const der = new Uint8Array(await crypto.subtle.exportKey('spki', rsa.publicKey))
const sharedKeys: readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[] = [
  ['the public key in PEM', publicKey],
  ['the public key in PEM and a newline', `${publicKey}\n`],
  ['the public key in DER', der],
  ['the modulus', String(rsa.jwk.n)],
  ['the text of the key set', JSON.stringify({ keys: provider.keys })],
  ['the client secret', CLIENT_SECRET],
]

type Forgery = readonly [name: string, token: () => string | Promise<string>, reason: RegExp]

const forgeries: readonly Forgery[] = [
  ...['', 'abc', 'a.b', 'a.b.c.d', 'a.b.c.d.e', "' OR '1'='1", '{{7*7}}', 'é.é.é', '.'.repeat(15 * 1024)].map(
    (token): Forgery => [`junk ${token.slice(0, 12)}`, () => token, /^(malformed|opaque)_token$/],
  ),
  ['three parts of junk', () => 'a.b.c', /^header_malformed/],
  ['17 KiB', () => signed({ claims: { pad: 'x'.repeat(17 * 1024) } }), /^malformed_token/],
  ...['none', 'NoNe', 'NONE', 'rs256', 'HS256', 256, ['RS256'], undefined, null, '__proto__', 'constructor'].flatMap(
    (alg): readonly Forgery[] => [
      [`alg ${String(alg)} without signature`, () => unsigned(alg), /^opaque_token/],
      [`alg ${String(alg)} with a garbage signature`, () => unsigned(alg, 'c2ln'), /^alg_refused/],
      [`alg ${String(alg)} with a valid-looking signature`, () => signed({ header: { alg } }), /^alg_refused/],
    ],
  ),
  ...sharedKeys.flatMap(([name, key]) =>
    [256, 384, 512].map((bits): Forgery => [
      `HS${bits} keyed with ${name}`,
      () => forge({ ...header, alg: `HS${bits}` }, claims, hmac(key, bits)),
      /^alg_refused/,
    ]),
  ),
  ...['ES256', 'PS256', 'RS512', 'EdDSA'].map((alg): Forgery => [
    `${alg} claimed for an RS256 signature`,
    () => signed({ header: { alg } }),
    /^(unknown_key|signature_invalid)/,
  ]),
  [
    'an ES256 signature of zeros',
    () => `${part({ alg: 'ES256', kid: 'ec' })}.${part(claims)}.${base64url.encode(new Uint8Array(64))}`,
    /^signature_invalid/,
  ],
  ['an ES256 signature in DER', () => forge({ alg: 'ES256', kid: 'ec' }, claims, derSignature), /^signature_invalid/],
  ['a kid of another key', () => signed({ header: { kid: 'ec' } }), /^unknown_key/],
  ['an unknown kid', () => signed({ header: { kid: 'unknown' } }), /^unknown_key/],
  ...['../../dev/null', "' OR 1=1--", bait, 'k'.repeat(10_000), '\0', '', '__proto__'].map((kid): Forgery => [
    `kid ${JSON.stringify(kid).slice(0, 12)}`,
    () => signed({ header: { kid } }),
    /^unknown_key/,
  ]),
  ...[7, { kid: 'rsa' }, null, ['rsa']].map((kid): Forgery => [
    `kid ${JSON.stringify(kid)}`,
    () => signed({ header: { kid } }),
    /^kid_malformed/,
  ]),
  ['a key for encryption', () => signed({ header: { kid: 'enc' }, by: encryption }), /^unknown_key/],
  ['a key of 1024 bits', () => signed({ header: { kid: 'weak' }, by: weak }), /^unknown_key/],
  ['a key of its own', () => signed({ header: { jwk: stranger.jwk }, by: stranger }), /^signature_invalid/],
  [
    'a certificate of its own',
    () => signed({ header: { x5c: [base64url.encode(der)] }, by: stranger }),
    /^signature_invalid/,
  ],
  ["our kid on another issuer's key", () => signed({ by: stranger }), /^signature_invalid/],
  ['a critical extension', () => signed({ header: { crit: ['exp'] } }), /^crit_refused/],
  ['an unencoded payload', () => signed({ header: { crit: ['b64'], b64: false } }), /^crit_refused/],
  [
    'a header with a name twice',
    () => forge('{"alg":"none","alg":"RS256","kid":"rsa"}', claims, rsa.sign),
    /^header_malformed/,
  ],
  [
    'another payload',
    () => tampered(([h, , s]) => `${h}.${part({ ...claims, sub: 'eve' })}.${s}`),
    /^signature_invalid/,
  ],
  ['a signature cut by one', () => tampered(([h, p, s]) => `${h}.${p}.${s.slice(0, -1)}`), /^signature_invalid/],
  ['a signature cut in half', () => tampered(([h, p, s]) => `${h}.${p}.${s.slice(0, 171)}`), /^signature_invalid/],
  ['an empty signature', () => tampered(([h, p]) => `${h}.${p}.`), /^opaque_token/],
  ['a signature in standard base64', () => tampered(([h, p, s]) => `${h}.${p}.+/${s.slice(2)}`), /^opaque_token/],
  ['a padded signature', () => tampered(([h, p, s]) => `${h}.${p}.${s}==`), /^opaque_token/],
  ['white space', () => tampered(([h, p, s]) => `${h}. ${p}.${s}`), /^malformed_token/],
  ...[20, 64, 256].map((length): Forgery => [
    `the first ${length} characters of a good token`,
    () =>
      tampered((parts) =>
        parts.join('.').replace(new RegExp(`(?<=^.{${length}})[\\w-]`), (c) => (c === 'A' ? 'B' : 'A')),
      ),
    /^(signature_invalid|header_malformed|unknown_key|alg_refused)/,
  ]),
  ['claims in a list', () => raw([claims]), /^claims_malformed/],
  ['claims in a text', () => raw('"text"'), /^claims_malformed/],
  ['claims in invalid UTF-8', () => raw(new Uint8Array([0x7b, 0xff, 0x7d])), /^claims_malformed/],
  ['iss twice', () => raw(text.replace('{', '{"iss":"x",')), /^claims_malformed/],
  [
    '10,000 brackets of claims',
    () => raw(text.replace('{', `{"a":${'['.repeat(5000)}${']'.repeat(5000)},`)),
    /^claims_malformed/,
  ],
  ['an audience in __proto__', () => raw(text.replace('"aud"', '"__proto__":{"aud":"gateway"},"_"')), /^aud_mismatch/],
  ['an endless expiry', () => raw(text.replace(/"exp":\d+/, '"exp":1e400')), /^exp_malformed/],
  ['no expiry', () => signed({ claims: { exp: undefined } }), /^exp_malformed/],
  ['another issuer', () => signed({ claims: { iss: `${provider.issuer}/` } }), /^iss_mismatch/],
  ['another audience', () => signed({ claims: { aud: 'account' } }), /^aud_mismatch want="gateway" got="account"$/],
  ['an nbf in 61 s', () => signed({ claims: { nbf: now + 61 } }), /^nbf_in_future/],
  ['an ID token', () => signed({ claims: { typ: 'ID' } }), /^id_token_refused/],
  ['a logout token', () => signed({ header: { typ: 'logout+jwt' } }), /^header_typ_refused/],
]

async function derSignature(input: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const signature = await ec.sign(input)
  const integer = (half: Uint8Array): number[] => [2, 33, 0, ...half]
  return new Uint8Array([0x30, 70, ...integer(signature.slice(0, 32)), ...integer(signature.slice(32))])
}

describe('a bad token', () => {
  test.each(forgeries)('is refused, and the log knows why: %s', async (_, token, reason) => {
    const error = await refusal(await token())
    expect([error.status, error.code, error.message]).toEqual([401, 'unauthorized', 'unauthorized'])
    expect(error.headers).toEqual(INVALID)
    expect(String(error.cause instanceof Error && error.cause.message)).toMatch(reason)
  })

  test('is told when all that is wrong is its age', async () => {
    expect((await refusal(await signed({ claims: { exp: now - 61 } }))).headers).toEqual(EXPIRED)
    expect((await refusal(await signed({ claims: { exp: now - 61 }, by: stranger }))).headers).toEqual(INVALID)
  })

  test('is refused whatever it consists of', async () => {
    const good = await signed()
    // The last character of a signature holds spare bits, which no signature covers.
    const change = fc.tuple(fc.nat(good.length - 2), fc.constantFrom('A', 'B', 'z', '_', '-', '.', '=', ' '))
    const changed = change.map(([at, character]) => `${good.slice(0, at)}${character}${good.slice(at + 1)}`)
    const parts = fc.tuple(fc.json(), fc.json(), fc.base64String()).map(([h, p, s]) => `${part(h)}.${part(p)}.${s}`)
    const token = fc.oneof(fc.string(), parts, changed).filter((token) => token !== good)
    const isRefused = async (token: string): Promise<boolean> => (await refusal(token)).status === 401
    await fc.assert(fc.asyncProperty(token, isRefused), { numRuns: 1000 })
  })

  test('costs next to nothing when it is junk', async () => {
    const junk = '.'.repeat(15 * 1024)
    const started = performance.now()
    for (let round = 0; round < 100; round++) await refusal(junk)
    expect((performance.now() - started) / 100).toBeLessThan(50)
  })
})

describe('a cached token', () => {
  test('does not outlive its expiry and the skew', async () => {
    const token = await signed()
    await verifier.verify(token)
    time.advance(359_000)
    expect(await verifier.verify(token)).toMatchObject({ id: 'ada' })
    time.advance(1000)
    expect((await refusal(token)).headers).toEqual(EXPIRED)
  })
})
