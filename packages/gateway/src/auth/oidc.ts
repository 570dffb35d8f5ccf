import type { Caller } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Secret } from '../kernel/secret.ts'
import { callerOf, checkClaims, expiry, type TokenContent } from './claims.ts'
import { createFetchDocument, type Fetch } from './document.ts'
import { introspect } from './introspection.ts'
import { createIssuer, type AuthEvent } from './issuer.ts'
import { checkUnavailable, tokenInvalid, TokenRefused } from './refusal.ts'
import { verifySignature } from './signature.ts'
import { timerSleep, type Sleep } from './sleep.ts'
import { tokenForm } from './token-form.ts'
import { createVerdictCache, type Verdict } from './verdict-cache.ts'

export interface OidcOptions {
  readonly issuerUrl: string
  /** What a token's `aud` must contain. */
  readonly clientId: string
  /** With it, opaque tokens are checked by introspection where the issuer offers that. */
  readonly clientSecret: Secret | null
  readonly acceptIdTokens: boolean
  /** Which clients may have asked for a token (`azp`). None: any. */
  readonly allowedParties?: readonly string[]
  /** Hosts, with their port if any, that the issuer's endpoints may be on besides its own. */
  readonly allowedHosts?: readonly string[]
  readonly fetch: Fetch
  readonly clock: Clock
  readonly log: (event: AuthEvent) => void
  readonly sleep?: Sleep
  /** 0 ≤ x < 1, for jitter. */
  readonly random?: () => number
}

export interface OidcVerifier {
  /**
   * Who the token speaks for. Throws `unauthorized` when it is not to be trusted, `auth_unavailable` when that cannot be
   * known now; the error's `cause` holds the reason for the log.
   */
  verify(token: string): Promise<Caller>
  /** Whether tokens can be checked. */
  ready(): boolean
  /** Begins to read the issuer's keys and to keep them fresh; an issuer that is down is asked again until it is back. */
  start(): void
  /** Ends the upkeep and every call underway. */
  close(): void
}

/** Turns the tokens of one OpenID Connect issuer into callers. Nobody is let in before `start()` has read its keys. */
export function createOidcVerifier(options: OidcOptions): OidcVerifier {
  const { issuerUrl, clientId, clientSecret, acceptIdTokens, allowedParties: parties = [], allowedHosts = [] } = options
  const { fetch, clock, log, sleep = timerSleep, random = Math.random } = options
  const allowedParties = parties.length === 0 ? null : parties
  const closing = new AbortController()
  const fetchDocument = createFetchDocument({ fetch, sleep, closed: closing.signal })
  const issuer = createIssuer({
    issuerUrl,
    allowedHosts,
    fetchDocument,
    clock,
    sleep,
    random,
    log,
    closed: closing.signal,
  })
  const verdicts = createVerdictCache({ clock })

  const contentOf = (token: string, now: number): Promise<TokenContent> => {
    const form = tokenForm(token)
    if (form === 'jwt') return verifySignature(token, issuer.keys)
    const endpoint = issuer.introspection()
    if (form === 'malformed' || endpoint === null || clientSecret === null) throw new TokenRefused(`${form}_token`)
    const introspection = { issuerUrl, clientId, clientSecret, allowedParties }
    return introspect(fetchDocument, { token, endpoint, now }, introspection)
  }

  const examine = async (token: string): Promise<Verdict> => {
    const now = clock.now() / 1000
    const content = await contentOf(token, now)
    checkClaims(content, { issuer: issuerUrl, clientId, acceptIdTokens, allowedParties, now })
    return { caller: callerOf(content.claims), expiresAt: expiry(content.claims) * 1000 }
  }

  return {
    async verify(token) {
      // Before the token is looked at: no token can choose between 401 and 503.
      if (!(await issuer.awaitKeys())) throw checkUnavailable(issuer.failure())
      try {
        return await verdicts(token, () => examine(token))
      } catch (error) {
        throw error instanceof TokenRefused ? tokenInvalid(error) : error
      }
    },
    ready: () => issuer.ready(),
    start: () => issuer.start(),
    close: () => closing.abort(new Error('the gateway is closing')),
  }
}
