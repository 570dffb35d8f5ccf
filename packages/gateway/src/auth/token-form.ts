/** A head may be 32 KiB in all, and an identity provider's largest tokens stay well below this. */
const LENGTH_LIMIT = 16 * 1024

/** Three base64url parts (RFC 7515 section 7.1). No padding or white space, which some decoders overlook. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** What RFC 6750 section 2.1 lets a bearer token consist of. */
const OPAQUE = /^[\w.~+/-]+=*$/

/**
 * What a token looks like before anything is decoded: a signed JWT, something only its issuer can read, or neither.
 * Linear in the token's length, so that junk costs nothing.
 */
export function tokenForm(token: string): 'jwt' | 'opaque' | 'malformed' {
  if (token.length > LENGTH_LIMIT) return 'malformed'
  if (JWT.test(token)) return 'jwt'
  return OPAQUE.test(token) ? 'opaque' : 'malformed'
}
