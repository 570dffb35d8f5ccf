import { GatewayError } from '../kernel/errors.ts'

const CHALLENGE = 'Bearer realm="inference-gateway"'

/** The same at every 503 that is about identity; the upkeep retries at least as often. */
const RETRY_AFTER_SECONDS = '5'

const REASON_VALUE_LIMIT = 200

/**
 * Why a token is not accepted. The reason is for the log only: the client learns "invalid" or "expired", so that
 * whoever forges tokens gets no hint. It is the `cause` of the GatewayError that the client sees.
 */
export class TokenRefused extends Error {
  readonly expired: boolean

  constructor(
    reason: string,
    { expired = false, cause }: { readonly expired?: boolean; readonly cause?: unknown } = {},
  ) {
    super(reason, cause === undefined ? undefined : { cause })
    this.name = 'TokenRefused'
    this.expired = expired
  }
}

/** A value from outside as a log reason may show it: on one line, and short. */
export function quoted(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, REASON_VALUE_LIMIT)
}

/**
 * No credential came, or one of another scheme: RFC 6750 section 3.1 wants a challenge without an error code. That a token
 * is wanted tells nobody more than the challenge does, so the words say how one is sent. `instead` is what came in its place,
 * for the log.
 */
export function credentialMissing(instead: string | null = null): GatewayError {
  const reason = instead === null ? 'no bearer token' : `no bearer token, but ${instead}`
  return unauthorized(CHALLENGE, new TokenRefused(reason), ': send a token as `Authorization: Bearer …`')
}

/** The same bytes for every reason but expiry, which an honest client can mend by asking for a new token. */
export function tokenInvalid(refused: TokenRefused): GatewayError {
  const detail = refused.expired ? ', error_description="expired"' : ''
  return unauthorized(`${CHALLENGE}, error="invalid_token"${detail}`, refused)
}

/** More than one credential: which of them counts must not depend on their order. */
export function credentialAmbiguous(message: string): GatewayError {
  return new GatewayError('invalid_request', message, {
    headers: { 'www-authenticate': `${CHALLENGE}, error="invalid_request"` },
  })
}

/** Nobody can be checked right now. Thrown for what the gateway lacks, never for what a token says. */
export function checkUnavailable(cause: unknown): GatewayError {
  return new GatewayError('auth_unavailable', 'The identity provider cannot be reached. Try again in a moment.', {
    headers: { 'retry-after': RETRY_AFTER_SECONDS },
    cause,
  })
}

function unauthorized(challenge: string, cause: TokenRefused, advice = ''): GatewayError {
  return new GatewayError('unauthorized', `unauthorized${advice}`, {
    headers: { 'www-authenticate': challenge },
    cause,
  })
}
