import { describe, expect, test } from 'bun:test'
import type { KeySet } from './key-set.ts'
import { TokenRefused } from './refusal.ts'
import { verifySignature } from './signature.ts'
import { ecSigner, forge } from './test/forger.ts'
import { verificationKeys } from './verification-keys.ts'

const signers = await Promise.all(Array.from({ length: 5 }, () => ecSigner({})))
const keys = await verificationKeys({ keys: signers.map(({ jwk }) => jwk) })
const keySet: KeySet = {
  current: () => keys,
  refresh: () => Promise.resolve(),
  coolDownMs: () => 0,
  seek: () => Promise.resolve(),
}

async function signedBy(nth: number): Promise<string> {
  const signer = signers[nth]
  if (signer === undefined) throw new Error('no such signer')
  return verifySignature(await forge({ alg: 'ES256' }, { sub: 'ada' }, signer.sign), keySet).then(
    ({ claims }) => String(claims['sub']),
    (error: unknown) => (error instanceof TokenRefused ? 'refused' : 'broken'),
  )
}

describe('a token without kid', () => {
  test('is tried with the first four keys that fit, and no more', async () => {
    expect(await Promise.all([0, 1, 2, 3, 4].map(signedBy))).toEqual(['ada', 'ada', 'ada', 'ada', 'refused'])
  })
})
