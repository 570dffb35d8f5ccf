import { GatewayError } from '../kernel/errors.ts'

type RefusalReason = 'missing' | 'invalid' | 'expired' | 'ambiguous' | 'unavailable'

/** Why the door stayed shut; `null` when it did not. The challenge of RFC 6750 tells, in the words the client gets. */
export function refusalReason(error: unknown): RefusalReason | null {
  if (!(error instanceof GatewayError)) return null
  if (error.code === 'auth_unavailable') return 'unavailable'
  const challenge = error.headers['www-authenticate']
  if (challenge === undefined) return null
  if (challenge.includes('expired')) return 'expired'
  if (challenge.includes('invalid_token')) return 'invalid'
  return challenge.includes('invalid_request') ? 'ambiguous' : 'missing'
}
