import type { JWK } from 'jose'
import { jose } from './jose.ts'
import { isJsonObject, type JsonObject } from './json-object.ts'

/** One key for one algorithm. A key that does not name its algorithm stands here once for each it can serve. */
export interface VerificationKey {
  readonly kid: string | null
  readonly algorithm: string
  readonly key: CryptoKey
}

const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const RSA_BITS_AT_LEAST = 2048

/** What a key's own kind allows. Shared secrets have no row, so a public key can never serve as one (RFC 8725, 2.1). */
const algorithmsByKind: Readonly<Record<string, readonly string[]>> = {
  RSA: RSA_ALGORITHMS,
  'EC P-256': ['ES256'],
  'EC P-384': ['ES384'],
  'EC P-521': ['ES512'],
  'OKP Ed25519': ['EdDSA', 'Ed25519'],
}

/** Every algorithm a token may be signed with. */
export const algorithms: ReadonlySet<string> = new Set(Object.values(algorithmsByKind).flat())

/**
 * The keys of a JWKS (RFC 7517) that can verify tokens. Keys for encryption, private and broken ones are left out. Throws
 * when none is left: an empty set is a fault of its publisher, not an order to refuse everybody.
 */
export async function verificationKeys(document: JsonObject): Promise<readonly VerificationKey[]> {
  const published = Array.isArray(document['keys']) ? document['keys'] : []
  const keys = (await Promise.all(published.map(importKey))).flat()
  if (keys.length === 0) throw new Error(`the key set has no usable key among ${published.length}`)
  return keys
}

async function importKey(jwk: unknown): Promise<readonly VerificationKey[]> {
  if (!isJsonObject(jwk) || !isForVerifying(jwk)) return []
  const { kty, kid, alg, crv, n, e, x, y } = jwk
  const kind = kty === 'RSA' ? 'RSA' : `${String(kty)} ${String(crv)}`
  const allowed = (algorithmsByKind[kind] ?? []).filter((algorithm) => alg === undefined || alg === algorithm)
  const { importJWK } = await jose()
  const imported = allowed.map(async (algorithm) => {
    // Unchecked members, narrowed here: importing is what checks them.
    const key = await importJWK({ kty, crv, n, e, x, y } as JWK, algorithm)
    if (key instanceof Uint8Array || isWeak(key)) throw new Error('not a strong public key')
    return { kid: typeof kid === 'string' ? kid : null, algorithm, key }
  })
  const settled = await Promise.allSettled(imported)
  return settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}

function isForVerifying({ use, key_ops: operations, d }: JsonObject): boolean {
  const isForSignatures = use === undefined || use === 'sig'
  const mayVerify = operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
  return isForSignatures && mayVerify && d === undefined
}

function isWeak({ algorithm }: CryptoKey): boolean {
  return 'modulusLength' in algorithm && Number(algorithm.modulusLength) < RSA_BITS_AT_LEAST
}
