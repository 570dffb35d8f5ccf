import type { TokenContent } from './claims.ts'
import { jose } from './jose.ts'
import { parseJsonObject, type JsonObject } from './json-object.ts'
import type { KeySet } from './key-set.ts'
import { quoted, TokenRefused } from './refusal.ts'
import { algorithms, type VerificationKey } from './verification-keys.ts'

/** A token without `kid` is tried with this many keys; each try costs a signature check. */
const KEYS_TRIED_AT_MOST = 4

interface Header {
  readonly all: JsonObject
  readonly alg: string
  readonly kid: string | null
}

/**
 * What a token says, once one of the issuer's keys has signed it. Of the header, `alg` and `kid` choose among the keys at
 * hand and nothing else does: `jku`, `x5u`, `jwk` and `x5c` name keys of the token's own choice (RFC 8725 section 3.10).
 * Throws TokenRefused, whatever the token is made of.
 */
export async function verifySignature(token: string, keySet: KeySet): Promise<TokenContent> {
  const header = readHeader(token)
  if (header.kid !== null) await keySet.seek(header.kid)
  const candidates = (keySet.current() ?? []).filter((key) => fits(key, header)).slice(0, KEYS_TRIED_AT_MOST)
  if (candidates.length === 0) {
    throw new TokenRefused(`unknown_key alg=${quoted(header.alg)} kid=${quoted(header.kid)}`)
  }
  for (const candidate of candidates) {
    const payload = await signedPayload(token, candidate)
    if (payload !== null) return { header: header.all, claims: parsed('claims_malformed', payload) }
  }
  throw new TokenRefused(`signature_invalid alg=${quoted(header.alg)} kid=${quoted(header.kid)}`)
}

function readHeader(token: string): Header {
  const all = parsed('header_malformed', token.slice(0, token.indexOf('.')))
  const { alg, kid, crit } = all
  if (typeof alg !== 'string' || !algorithms.has(alg)) throw new TokenRefused(`alg_refused got=${quoted(alg)}`)
  if (kid !== undefined && typeof kid !== 'string') throw new TokenRefused(`kid_malformed got=${quoted(kid)}`)
  // "Must be understood or refused" (RFC 7515 section 4.1.11): no extension is understood here.
  if (crit !== undefined) throw new TokenRefused(`crit_refused got=${quoted(crit)}`)
  return { all, alg, kid: kid ?? null }
}

function fits(key: VerificationKey, { alg, kid }: Header): boolean {
  return key.algorithm === alg && (kid === null || key.kid === kid)
}

/** The payload's bytes, or `null` when this key did not sign it. */
async function signedPayload(token: string, { key, algorithm }: VerificationKey): Promise<Uint8Array | null> {
  const { compactVerify } = await jose()
  try {
    return (await compactVerify(token, key, { algorithms: [algorithm] })).payload
  } catch {
    // Which error the library throws depends on the token's bytes; to us every one means "not signed by this key".
    return null
  }
}

function parsed(name: string, source: string | Uint8Array): JsonObject {
  try {
    return parseJsonObject(
      typeof source === 'string' ? Uint8Array.fromBase64(source, { alphabet: 'base64url' }) : source,
    )
  } catch (cause) {
    throw new TokenRefused(name, { cause })
  }
}
