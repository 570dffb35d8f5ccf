import type { GuardedGateway } from './guarded-gateway.ts'

/** A token for every reason there is to refuse one, as the log begins to tell it. Expiry is no secret, and not among them. */
export async function refusedTokens(guarded: GuardedGateway): Promise<readonly (readonly [string, string])[]> {
  const token = (claims?: object, header?: object) => guarded.token(claims, header)
  const [head = '', payload = '', signature = ''] = (await token()).split('.')
  const later = Math.floor(Date.now() / 1000) + 3600
  return [
    ['malformed_token', '{{7*7}}'],
    ['opaque_token', `${head}.${payload}.${signature}==`],
    ['opaque_token', 'abc'],
    ['opaque_token', `${head}.${payload}.`],
    ['header_malformed', 'a.b.c'],
    ['alg_refused', await token({}, { alg: 'none' })],
    ['alg_refused', await token({}, { alg: 'HS256' })],
    ['kid_malformed', await token({}, { kid: 1 })],
    ['crit_refused', await token({}, { crit: ['exp'] })],
    ['unknown_key', await token({}, { kid: 'two' })],
    ['signature_invalid', `${head}.${payload}.${signature.slice(0, -4)}AAAA`],
    ['claims_malformed', await token({ nested: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) })],
    ['header_typ_refused', await token({}, { typ: 'dpop+jwt' })],
    ['typ_refused', await token({ typ: 'Refresh' })],
    ['id_token_refused', await token({ nonce: 'x' })],
    ['bound_token_refused', await token({ cnf: { jkt: 'x' } })],
    ['iss_mismatch', await token({ iss: 'https://evil.test' })],
    ['aud_mismatch', await token({ aud: 'account' })],
    ['iat_in_future', await token({ iat: later })],
    ['nbf_in_future', await token({ nbf: later })],
    ['exp_malformed', await token({ exp: 'never' })],
  ]
}
