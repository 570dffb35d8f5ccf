import { describe, expect, test } from 'bun:test'
import { callerOf, checkClaims, type Expectations } from './claims.ts'
import { TokenRefused } from './refusal.ts'

const now = 1_900_000_000
const expected: Expectations = {
  issuer: 'https://id.example/realms/one',
  clientId: 'gateway',
  acceptIdTokens: false,
  allowedParties: null,
  now,
}
const good = { iss: expected.issuer, aud: 'gateway', exp: now + 300, iat: now, sub: 'ada' }

interface Case {
  readonly header?: Record<string, unknown>
  readonly expected?: Partial<Expectations>
  readonly [claim: string]: unknown
}

/** `good` with changes; `undefined` takes a claim away. */
function verdict({ header = {}, expected: changes = {}, ...claims }: Case): string {
  try {
    checkClaims({ header, claims: { ...good, ...claims } }, { ...expected, ...changes })
    return 'good'
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error
    return error.message
  }
}

const accepted: readonly (readonly [string, Case])[] = [
  ['a plain access token', {}],
  ['typ JWT', { header: { typ: 'JWT' } }],
  ['typ at+jwt', { header: { typ: 'at+jwt' } }],
  ['typ application/at+jwt in capitals', { header: { typ: 'Application/AT+JWT' } }],
  ['our client among the audiences', { aud: ['account', 'gateway'] }],
  ['an expiry 59 s ago', { exp: now - 59 }],
  ['an nbf in 59 s', { nbf: now + 59 }],
  ['an iat in 59 s', { iat: now + 59 }],
  ['an nbf with a fraction', { nbf: now - 0.5 }],
  ['any azp when no parties are listed', { azp: 'somebody' }],
  ['a listed azp', { azp: 'web', expected: { allowedParties: ['app', 'web'] } }],
  ['what Keycloak calls Bearer, even with a nonce', { typ: 'Bearer', nonce: 'n' }],
  ['an at+jwt that repeats a nonce', { header: { typ: 'at+jwt' }, nonce: 'n' }],
  ['an ID token for us, when they are accepted', { typ: 'ID', expected: { acceptIdTokens: true } }],
]

const refused: readonly (readonly [string, Case, RegExp])[] = [
  ['typ logout+jwt', { header: { typ: 'logout+jwt' } }, /^header_typ_refused/],
  ['typ dpop+jwt', { header: { typ: 'dpop+jwt' } }, /^header_typ_refused/],
  ['typ secevent+jwt', { header: { typ: 'secevent+jwt' } }, /^header_typ_refused/],
  ['typ null', { header: { typ: null } }, /^header_typ_refused/],
  ['typ as a list', { header: { typ: ['JWT'] } }, /^header_typ_refused/],
  ['a refresh token', { typ: 'Refresh' }, /^typ_refused/],
  ['an offline token', { typ: 'Offline' }, /^typ_refused/],
  ['a logout token', { typ: 'Logout' }, /^typ_refused/],
  [
    'a refresh token, also where ID tokens are accepted',
    { typ: 'Refresh', expected: { acceptIdTokens: true } },
    /^typ/,
  ],
  ['an ID token', { typ: 'ID' }, /^id_token_refused/],
  ['an ID token that only its nonce gives away', { nonce: 'n' }, /^id_token_refused/],
  ['an ID token that only its at_hash gives away', { header: { typ: 'JWT' }, at_hash: 'h' }, /^id_token_refused/],
  ['an ID token for somebody else', { typ: 'ID', aud: 'x', expected: { acceptIdTokens: true } }, /^aud_mismatch/],
  ['a token bound to a key', { cnf: { jkt: 'thumbprint' } }, /^bound_token_refused/],
  ['another realm', { iss: 'https://id.example/realms/two' }, /^iss_mismatch want="https:.*one" got="https:.*two"$/],
  ['another host', { iss: 'https://id.evil/realms/one' }, /^iss_mismatch/],
  ['a slash behind the issuer', { iss: `${expected.issuer}/` }, /^iss_mismatch/],
  ['the issuer in capitals', { iss: expected.issuer.toUpperCase() }, /^iss_mismatch/],
  ['http for https', { iss: 'http://id.example/realms/one' }, /^iss_mismatch/],
  ['no issuer', { iss: undefined }, /^iss_mismatch want=.* got=nothing$/],
  ['a list of issuers', { iss: [expected.issuer] }, /^iss_mismatch/],
  ['the audience of a fresh Keycloak realm', { aud: 'account' }, /^aud_mismatch want="gateway" got="account"$/],
  ['no audience', { aud: undefined }, /^aud_mismatch want="gateway" got=nothing$/],
  ['an audience that begins like ours', { aud: 'gateway-admin' }, /^aud_mismatch/],
  ['an audience that is an object', { aud: { gateway: true } }, /^aud_mismatch/],
  ['our client as azp only', { aud: 'account', azp: 'gateway' }, /^aud_mismatch/],
  [
    'an azp that is not listed',
    { azp: 'x', expected: { allowedParties: ['web'] } },
    /^azp_mismatch want=\["web"\] got="x"$/,
  ],
  ['no azp, when parties are listed', { expected: { allowedParties: ['web'] } }, /^azp_mismatch/],
  ['an iat in an hour', { iat: now + 3600 }, /^iat_in_future/],
  ['an iat as text', { iat: String(now) }, /^iat_in_future/],
  ['an nbf in 61 s', { nbf: now + 61 }, /^nbf_in_future/],
  ['an nbf that is null', { nbf: null }, /^nbf_in_future/],
  ['no expiry', { exp: undefined }, /^exp_malformed/],
  ['an expiry that is null', { exp: null }, /^exp_malformed/],
  ['an expiry as text', { exp: String(now + 300) }, /^exp_malformed/],
  ['an endless expiry', { exp: Infinity }, /^exp_malformed/],
  ['an expiry in milliseconds', { exp: (now + 300) * 1000 }, /^exp_malformed/],
  ['an expiry before 1970', { exp: -1 }, /^exp_malformed/],
  ['an expiry with a fraction', { exp: now + 300.5 }, /^exp_malformed/],
  ['an expiry 61 s ago', { exp: now - 61 }, /^expired/],
  ['an expiry 60 s ago', { exp: now - 60 }, /^expired/],
  ['an expired token for somebody else, as not ours', { exp: now - 61, aud: 'x' }, /^aud_mismatch/],
]

describe('the claims of a token', () => {
  test.each(accepted)('accepts %s', (_, token) => expect(verdict(token)).toBe('good'))
  test.each(refused)('refuses %s', (_, token, reason) => expect(verdict(token)).toMatch(reason))

  test('are shortened in the log', () => {
    expect(verdict({ aud: 'x'.repeat(10_000) }).length).toBeLessThan(300)
  })
})

describe('the caller of a token', () => {
  const cases = [
    ['its subject', { sub: 'ada', azp: 'web' }, 'ada', []],
    ['the client, when a lightweight token has no subject', { azp: 'web' }, 'web', []],
    ['the client_id before azp', { sub: '', client_id: 'job', azp: 'web' }, 'job', []],
    ['nobody by name', { sub: 7 }, 'unnamed', []],
    ['scopes in one text', { sub: 'ada', scope: 'openid  models:read' }, 'ada', ['openid', 'models:read']],
    ['scopes as Okta lists them', { sub: 'ada', scp: ['a', 1, 'b'] }, 'ada', ['a', 'b']],
    ['scopes as Entra ID writes them', { sub: 'ada', scp: 'a b' }, 'ada', ['a', 'b']],
  ] as const
  test.each(cases)('is %s', (_, claims, id, scopes) => {
    expect(callerOf(claims)).toEqual({ kind: 'oidc', id, scopes: new Set(scopes) })
  })
})
