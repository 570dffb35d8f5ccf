import type { Caller } from '../kernel/caller.ts'
import type { JsonObject } from './json-object.ts'
import { quoted, TokenRefused } from './refusal.ts'

/** How far our clock and the identity provider's may lie apart. */
const SKEW_SECONDS = 60

/** 2100-01-01: a later expiry is a mistake, most often milliseconds. */
const LATEST_EXPIRY = 4_102_444_800

const SUBJECT_LIMIT = 255

/** RFC 9068 asks for `at+jwt`; Keycloak and many others send `JWT` or nothing. */
const ACCESS_TOKEN_TYPES = ['jwt', 'at+jwt', 'application/at+jwt']

/** Keycloak's own names, in the payload, for what is signed by the same keys but is no access token. */
const OTHER_TOKEN_TYPES = ['refresh', 'offline', 'logout']

/** Only ID tokens carry these (OpenID Connect Core, sections 2 and 3.3.2.11). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash']

/** A token whose signature, or issuer, was found good. An introspected one has an empty header. */
export interface TokenContent {
  readonly header: JsonObject
  readonly claims: JsonObject
}

export interface Expectations {
  readonly issuer: string
  readonly clientId: string
  readonly acceptIdTokens: boolean
  /** Which clients may have asked for the token (`azp`); `null`: any. */
  readonly allowedParties: readonly string[] | null
  /** Seconds since 1970. */
  readonly now: number
}

interface Rule {
  readonly name: string
  readonly got: (token: TokenContent) => unknown
  readonly want?: (expected: Expectations) => unknown
  readonly holds: (got: unknown, expected: Expectations) => boolean
}

/** In this order: only a token that is good in every other way is told to be expired. */
const rules: readonly Rule[] = [
  {
    name: 'header_typ_refused',
    got: ({ header }) => header['typ'],
    want: () => ACCESS_TOKEN_TYPES,
    holds: (typ) => typ === undefined || isOneOf(ACCESS_TOKEN_TYPES, typ),
  },
  {
    name: 'typ_refused',
    got: ({ claims }) => claims['typ'],
    holds: (typ) => !isOneOf(OTHER_TOKEN_TYPES, typ),
  },
  {
    name: 'id_token_refused',
    got: isIdToken,
    holds: (isId, { acceptIdTokens }) => acceptIdTokens || isId === false,
  },
  {
    // RFC 9449 section 7.1: taken as a plain bearer token, one bound to a key would lose what protects it.
    name: 'bound_token_refused',
    got: ({ claims }) => claims['cnf'],
    holds: (confirmation) => confirmation === undefined,
  },
  {
    // To the letter: another realm of the same server differs by no more than its path.
    name: 'iss_mismatch',
    got: ({ claims }) => claims['iss'],
    want: ({ issuer }) => issuer,
    holds: (iss, { issuer }) => iss === issuer,
  },
  {
    name: 'aud_mismatch',
    got: ({ claims }) => claims['aud'],
    want: ({ clientId }) => clientId,
    holds: (aud, { clientId }) => aud === clientId || (Array.isArray(aud) && aud.includes(clientId)),
  },
  {
    name: 'azp_mismatch',
    got: ({ claims }) => claims['azp'],
    want: ({ allowedParties }) => allowedParties,
    holds: (azp, { allowedParties }) => allowedParties === null || allowedParties.some((party) => party === azp),
  },
  {
    name: 'iat_in_future',
    got: ({ claims }) => claims['iat'],
    want: ({ now }) => now,
    holds: isNotLaterThanNow,
  },
  {
    name: 'nbf_in_future',
    got: ({ claims }) => claims['nbf'],
    want: ({ now }) => now,
    holds: isNotLaterThanNow,
  },
  {
    name: 'exp_malformed',
    got: ({ claims }) => claims['exp'],
    holds: (exp) => Number.isSafeInteger(exp) && Number(exp) > 0 && Number(exp) < LATEST_EXPIRY,
  },
]

/** Holds a token against every rule. Throws TokenRefused that names the first broken one. */
export function checkClaims(token: TokenContent, expected: Expectations): void {
  for (const { name, got, want, holds } of rules) {
    if (holds(got(token), expected)) continue
    const wanted = want === undefined ? '' : ` want=${quoted(want(expected))}`
    throw new TokenRefused(`${name}${wanted} got=${quoted(got(token))}`)
  }
  if (expiry(token.claims) + SKEW_SECONDS <= expected.now) {
    throw new TokenRefused(`expired exp=${expiry(token.claims)} now=${expected.now}`, { expired: true })
  }
}

/** Seconds since 1970. Of claims that passed. */
export function expiry(claims: JsonObject): number {
  return Number(claims['exp'])
}

/**
 * Who the token speaks for. Keycloak's lightweight tokens have no `sub`: then the client that asked for it. Scopes are
 * RFC 9068's `scope`, or `scp` as Entra ID and Okta write it.
 */
export function callerOf(claims: JsonObject): Caller {
  const names = [claims['sub'], claims['client_id'], claims['azp']].filter((name) => typeof name === 'string')
  const id = names.find((name) => name !== '') ?? 'unnamed'
  const scope = claims['scope'] ?? claims['scp']
  const scopes = Array.isArray(scope) ? scope.filter((entry) => typeof entry === 'string') : words(scope)
  return { kind: 'oidc', id: id.slice(0, SUBJECT_LIMIT), scopes: new Set(scopes) }
}

function isIdToken({ header, claims }: TokenContent): boolean {
  if (typeof claims['typ'] === 'string') return isOneOf(['id'], claims['typ'])
  const isAccessToken = isOneOf(['at+jwt', 'application/at+jwt'], header['typ'])
  return !isAccessToken && ID_TOKEN_CLAIMS.some((claim) => claims[claim] !== undefined)
}

function isNotLaterThanNow(time: unknown, { now }: Expectations): boolean {
  return time === undefined || (typeof time === 'number' && time <= now + SKEW_SECONDS)
}

/** Types are media types and compared without regard to case (RFC 7515 section 4.1.9). */
function isOneOf(types: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && types.includes(value.toLowerCase())
}

function words(value: unknown): readonly string[] {
  return typeof value === 'string' ? value.split(' ').filter((word) => word !== '') : []
}
