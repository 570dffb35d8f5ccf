import { credentialAmbiguous, credentialMissing } from './refusal.ts'

const BEARER = /^bearer(?:[ \t]+(.*))?$/i

/** A second Authorization line behind one of another scheme: runtimes join repeated lines with a comma. */
const BEARER_BEHIND_COMMA = /,\s*bearer\b/i

export interface BearerOptions {
  /** Anthropic-dialect clients send their token as `x-api-key`. */
  readonly acceptApiKeyHeader: boolean
}

/**
 * The one token a request carries (RFC 6750 section 2.1), as it came: it may be empty or nonsense. Throws
 * `unauthorized` when there is none, `invalid_request` when there is more than one.
 */
export function bearerToken(headers: Headers, { acceptApiKeyHeader }: BearerOptions): string {
  const fromAuthorization = authorizationToken(headers.get('authorization') ?? '')
  const fromApiKey = acceptApiKeyHeader ? apiKeyToken(headers.get('x-api-key') ?? '') : null
  if (fromAuthorization !== null && fromApiKey !== null && fromAuthorization !== fromApiKey) {
    throw credentialAmbiguous('Authorization and x-api-key differ. Send one of them.')
  }
  const token = fromAuthorization ?? fromApiKey
  if (token === null) throw credentialMissing(sentInstead(headers))
  return token
}

/** Where other APIs take a key. */
const KEY_HEADERS = ['x-api-key', 'api-key', 'x-goog-api-key']

/** Where a token may have been put that was looked for elsewhere; never a part of it. */
function sentInstead(headers: Headers): string | null {
  if ((headers.get('authorization') ?? '') !== '') return 'Authorization does not begin with Bearer'
  const name = KEY_HEADERS.find((name) => (headers.get(name) ?? '') !== '')
  return name === undefined ? null : `${name}, which this path does not take: send Authorization`
}

function authorizationToken(value: string): string | null {
  const bearer = BEARER.exec(value)
  const token = bearer === null ? null : (bearer[1] ?? '')
  // No token holds a comma, so one here is the seam between two header lines.
  const repeated = token === null ? BEARER_BEHIND_COMMA.test(value) : token.includes(',')
  if (repeated) throw credentialAmbiguous('Send exactly one Authorization header.')
  return token
}

function apiKeyToken(value: string): string | null {
  if (value.includes(',')) throw credentialAmbiguous('Send exactly one x-api-key header.')
  return value === '' ? null : value
}
