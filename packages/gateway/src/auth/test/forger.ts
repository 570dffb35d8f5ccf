import { base64url, exportJWK, type JWK } from 'jose'

const encoder = new TextEncoder()

type Sign = (input: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>

export interface Signer {
  readonly jwk: JWK
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly sign: Sign
}

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const ES256 = { name: 'ECDSA', hash: 'SHA-256' }

export async function rsaSigner(jwk: JWK, modulusLength = 2048): Promise<Signer> {
  const parameters = { ...RS256, modulusLength, publicExponent: new Uint8Array([1, 0, 1]) }
  return signer(await crypto.subtle.generateKey(parameters, true, ['sign', 'verify']), RS256, jwk)
}

export async function ecSigner(jwk: JWK): Promise<Signer> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  return signer(pair, ES256, jwk)
}

async function signer(pair: CryptoKeyPair, algorithm: typeof RS256, members: JWK): Promise<Signer> {
  return {
    ...pair,
    jwk: { ...(await exportJWK(pair.publicKey)), ...members },
    sign: async (input) => new Uint8Array(await crypto.subtle.sign(algorithm, pair.privateKey, input)),
  }
}

/** Signs as if the verifier took `secret` for a shared key. */
export function hmac(secret: string | Uint8Array<ArrayBuffer>, bits = 256): Sign {
  return async (input) => {
    const bytes = typeof secret === 'string' ? encoder.encode(secret) : secret
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: `SHA-${bits}` }, false, ['sign'])
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, input))
  }
}

/** A compact JWS with any header and payload, well-formed or not; text and bytes go in as they are. */
export async function forge(header: unknown, payload: unknown, sign: Sign): Promise<string> {
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${base64url.encode(await sign(encoder.encode(input)))}`
}

export function part(content: unknown): string {
  if (content instanceof Uint8Array) return base64url.encode(content)
  return base64url.encode(typeof content === 'string' ? content : JSON.stringify(content))
}
