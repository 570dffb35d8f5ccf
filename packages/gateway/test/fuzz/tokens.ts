import { expect } from 'bun:test'
import fc from 'fast-check'
import { bearerToken } from '../../src/auth/bearer.ts'
import { checkClaims, type Expectations } from '../../src/auth/claims.ts'
import type { KeySet } from '../../src/auth/key-set.ts'
import { TokenRefused } from '../../src/auth/refusal.ts'
import { verifySignature } from '../../src/auth/signature.ts'
import { forge, part, rsaSigner } from '../../src/auth/test/forger.ts'
import { tokenForm } from '../../src/auth/token-form.ts'
import { verificationKeys } from '../../src/auth/verification-keys.ts'
import { GatewayError } from '../../src/kernel/errors.ts'
import { fuzz, textOf } from './fuzz.ts'

const formed = fc.property(
  textOf(['a', 'Z', '_', '-', '.', '.', '=', '~', '+', '/', ' ', '\n', 'é', ',', '']),
  (token) => {
    const isJwt = token.split('.').length === 3 && token.split('.').every((part) => /^[A-Za-z\d_-]+$/.test(part))
    expect(tokenForm(token) === 'jwt').toBe(isJwt)
    if (tokenForm(token) === 'opaque') expect(encodeURI(token)).toBe(token)
  },
)

const credential = textOf(['Bearer', 'bearer ', 'Basic ', ' ', '\t', 'a.b.c', ',', ', Bearer x', '=', 'x'], 5)
const optional = fc.option(credential, { nil: undefined })

const carried = fc.property(optional, optional, fc.boolean(), (authorization, apiKey, acceptApiKeyHeader) => {
  const headers = new Headers()
  if (authorization !== undefined) headers.set('authorization', authorization)
  if (apiKey !== undefined) headers.set('x-api-key', apiKey)
  try {
    const token = bearerToken(headers, { acceptApiKeyHeader })
    expect(`${authorization} ${acceptApiKeyHeader ? apiKey : ''}`).toContain(token)
    expect(token).not.toContain(',')
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    expect(['unauthorized', 'invalid_request']).toContain(error.code)
  }
})

const NOW = 2_000_000_000
const expected: Expectations = {
  issuer: 'https://id.test',
  clientId: 'gateway',
  acceptIdTokens: false,
  allowedParties: null,
  now: NOW,
}

const time = fc.oneof(
  fc.integer({ min: NOW - 100, max: NOW + 100 }),
  fc.double(),
  fc.constantFrom('2000000100', null, Infinity),
)
const anyOr = (...values: readonly unknown[]) => fc.oneof(fc.constantFrom(...values), fc.jsonValue())
const claimSet = fc.record(
  {
    iss: anyOr('https://id.test', 'https://id.test', 'https://id.test/'),
    aud: anyOr('gateway', ['account', 'gateway'], 'account', ['gateway2'], [['gateway']]),
    exp: time,
    nbf: time,
    iat: time,
    typ: anyOr('Bearer', 'ID', 'Refresh'),
  },
  { requiredKeys: ['iss', 'aud', 'exp'] },
)
const good = { iss: 'https://id.test', aud: 'gateway', exp: NOW + 300 }
const nearlyGood = claimSet.chain((odd) =>
  fc.subarray(Object.entries(odd)).map((some) => Object.fromEntries([...Object.entries(good), ...some])),
)

const claimed = fc.property(fc.oneof(claimSet, nearlyGood), (claims) => {
  try {
    checkClaims({ header: {}, claims }, expected)
  } catch (error) {
    expect(error).toBeInstanceOf(TokenRefused)
    return
  }
  const { iss, aud, exp, nbf = 0, iat = 0 }: Record<string, unknown> = claims
  expect(iss).toBe('https://id.test')
  expect([aud].flat()).toContain('gateway')
  expect(Number(exp)).toBeGreaterThan(NOW - 60)
  expect(Math.max(Number(nbf), Number(iat))).toBeLessThanOrEqual(NOW + 60)
})

const { jwk, sign } = await rsaSigner({ kid: 'one', use: 'sig' })
const keys = await verificationKeys({ keys: [jwk] })
const nothing = () => Promise.resolve()
const keySet: KeySet = { current: () => keys, refresh: nothing, coolDownMs: () => 0, seek: nothing }
const signed = await forge({ alg: 'RS256', kid: 'one' }, good, sign)

// The last character of a signature holds spare bits, which no signature covers.
const change = fc.tuple(fc.nat(signed.length - 2), fc.constantFrom('A', 'B', 'z', '_', '-', '.', '=', ' '))
const changed = change.map(([at, character]) => `${signed.slice(0, at)}${character}${signed.slice(at + 1)}`)
const header = fc.record(
  { alg: anyOr('RS256', 'none', 'HS256', 'ES256'), kid: anyOr('one'), jwk: fc.constant(jwk) },
  { requiredKeys: [] },
)
const invented = fc.tuple(header, fc.jsonValue(), fc.base64String()).map(([h, p, s]) => `${part(h)}.${part(p)}.${s}`)

const unsigned = fc.asyncProperty(fc.oneof(changed, invented, fc.string()), async (token) => {
  fc.pre(token !== signed)
  const error = await verifySignature(token, keySet).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(TokenRefused)
})

export const tokens = [
  fuzz('only three parts of base64url are a JWT', formed),
  fuzz('a request carries one token, or is refused', carried),
  fuzz('claims that pass are for us, and in time', claimed),
  fuzz('what the issuer has not signed is refused, whatever it consists of', unsigned),
]
