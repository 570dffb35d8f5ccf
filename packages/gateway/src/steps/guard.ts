import { bearerToken, type BearerOptions } from '../auth/bearer.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Step } from '../kernel/exchange.ts'

export interface GuardParts extends BearerOptions {
  /** As the route table writes it. */
  readonly access: 'public' | 'caller'
  /** Turns a token into its caller, or throws. `null`: authentication is off, and everybody is anonymous. */
  readonly verifier: { verify(token: string): Promise<Caller> } | null
}

/**
 * Lets an exchange pass once it is known who asks. Nothing of the body has been read by then. Throws what `bearerToken` and
 * the verifier throw: `unauthorized`, `invalid_request`, `auth_unavailable`.
 */
export function guard({ access, verifier, acceptApiKeyHeader }: GuardParts): Step {
  if (access === 'public' || verifier === null) return (next) => next
  return (next) => async (exchange) => {
    const caller = await verifier.verify(bearerToken(exchange.headers, { acceptApiKeyHeader }))
    exchange.tell({ type: 'caller', caller })
    return next({ ...exchange, caller })
  }
}
