import type { Secret } from '../kernel/secret.ts'
import type { TokenContent } from './claims.ts'
import type { IntrospectionEndpoint } from './discovery.ts'
import type { FetchDocument } from './document.ts'
import type { JsonObject } from './json-object.ts'
import { checkUnavailable, quoted, TokenRefused } from './refusal.ts'

/** How long an answer without `exp` counts. */
const UNSTATED_LIFETIME_SECONDS = 60

export interface IntrospectionOptions {
  readonly issuerUrl: string
  readonly clientId: string
  readonly clientSecret: Secret
  readonly allowedParties: readonly string[] | null
}

/** A token, and where and when (seconds since 1970) it is asked about. */
export interface IntrospectionQuestion {
  readonly token: string
  readonly endpoint: IntrospectionEndpoint
  readonly now: number
}

/**
 * Asks the issuer what an opaque token is (RFC 7662). The answer reads like a JWT's claims and is held against the same
 * rules. Throws TokenRefused for what is no active access token, `auth_unavailable` when the issuer gave no answer.
 */
export async function introspect(
  fetchDocument: FetchDocument,
  { token, endpoint, now }: IntrospectionQuestion,
  options: IntrospectionOptions,
): Promise<TokenContent> {
  const answer = await fetchDocument(endpoint.url, question(token, endpoint, options)).catch((cause: unknown) => {
    throw checkUnavailable(cause)
  })
  if (answer['active'] !== true) throw new TokenRefused('introspection: not active')
  if (!isAccessToken(answer)) {
    const { token_type: type, token_use: use, typ } = answer
    throw new TokenRefused(`introspection: not an access token got=${quoted({ type, use, typ })}`)
  }
  // The issuer may leave these out (section 2.2): it was asked directly, so what it calls active is its own and in time.
  const unstated = { iss: options.issuerUrl, exp: now + UNSTATED_LIFETIME_SECONDS }
  const audience =
    answer['aud'] === undefined && isOurs(answer['client_id'], options) ? options.clientId : answer['aud']
  return { header: {}, claims: { ...unstated, ...answer, aud: audience } }
}

function question(token: string, { authMethods }: IntrospectionEndpoint, options: IntrospectionOptions): RequestInit {
  const form = new URLSearchParams({ token, token_type_hint: 'access_token' })
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' })
  const id = options.clientId
  const secret = options.clientSecret.reveal()
  if (authMethods.includes('client_secret_post') && !authMethods.includes('client_secret_basic')) {
    form.set('client_id', id)
    form.set('client_secret', secret)
  } else {
    headers.set('authorization', `Basic ${btoa(`${formEncoded(id)}:${formEncoded(secret)}`)}`)
  }
  return { method: 'POST', headers, body: form.toString() }
}

/** RFC 6749 section 2.3.1 wants both halves form-encoded before they are joined. */
function formEncoded(value: string): string {
  return new URLSearchParams({ '': value }).toString().slice('='.length)
}

/** Issuers answer for refresh tokens too, and call those active; only an access token is said to be of type Bearer. */
function isAccessToken({ token_type: type, token_use: use, typ }: JsonObject): boolean {
  const isBearer = [type, typ].some((name) => typeof name === 'string' && name.toLowerCase() === 'bearer')
  return isBearer && (use === undefined || use === 'access_token')
}

/** Without an audience, only what we or an allowed party asked for is meant for us. */
function isOurs(client: unknown, { clientId, allowedParties }: IntrospectionOptions): boolean {
  return client === clientId || (allowedParties ?? []).some((party) => party === client)
}
