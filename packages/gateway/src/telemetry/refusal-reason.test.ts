import { expect, test } from 'bun:test'
import {
  checkUnavailable,
  credentialAmbiguous,
  credentialMissing,
  tokenInvalid,
  TokenRefused,
} from '../auth/refusal.ts'
import { GatewayError } from '../kernel/errors.ts'
import { refusalReason } from './refusal-reason.ts'

test.each([
  ['missing', credentialMissing()],
  ['invalid', tokenInvalid(new TokenRefused('another issuer'))],
  ['expired', tokenInvalid(new TokenRefused('late', { expired: true }))],
  ['ambiguous', credentialAmbiguous('Two tokens.')],
  ['unavailable', checkUnavailable(null)],
  [null, new GatewayError('invalid_json', 'No JSON.')],
  [null, new Error('a defect')],
  [null, null],
] as const)('%s is told of what the door answers', (reason, error) => {
  expect(refusalReason(error)).toBe(reason)
})
