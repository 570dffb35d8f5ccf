import { createOidcVerifier, type OidcOptions, type OidcVerifier } from '../oidc.ts'
import type { AuthEvent } from '../issuer.ts'
import { until, virtualTime, type VirtualTime } from './virtual-time.ts'

export interface Harness {
  readonly verifier: OidcVerifier
  readonly time: VirtualTime
  readonly events: AuthEvent[]
  /** Settles once the upkeep has finished one more reading than it had before `action`, and sleeps. */
  readonly nextReading: (action: () => unknown) => Promise<void>
}

/** A verifier of the audience `gateway` on virtual time; its sockets are real. */
export function startHarness(issuerUrl: string, options: Partial<OidcOptions> = {}): Harness {
  const time = virtualTime()
  const events: AuthEvent[] = []
  let pauses = 0
  const verifier = createOidcVerifier({
    issuerUrl,
    clientId: 'gateway',
    clientSecret: null,
    acceptIdTokens: false,
    fetch,
    clock: time.clock,
    sleep: time.sleep,
    log: (event) => events.push(event),
    // Drawn once for every pause of the upkeep; the longest retry, and the refresh after eight minutes.
    random: () => {
      pauses += 1
      return 1
    },
    ...options,
  })
  return {
    verifier,
    time,
    events,
    async nextReading(action) {
      const before = pauses
      action()
      await until(() => pauses > before)
    },
  }
}

/** What a verification came to: the caller's id, or the error's status and headers. */
export async function outcomeOf(verifier: OidcVerifier, token: string): Promise<unknown> {
  return verifier.verify(token).then(
    ({ id }) => id,
    ({ status, headers }: { status: unknown; headers: unknown }) => [status, headers],
  )
}
