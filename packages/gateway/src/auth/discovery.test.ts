import { describe, expect, test } from 'bun:test'
import { readMetadata } from './discovery.ts'

const issuer = 'https://id.example/realms/one'
const jwksUri = `${issuer}/certs`
const read = (members: Record<string, unknown>, issuerUrl = issuer, allowedHosts: readonly string[] = []): unknown =>
  readMetadata({ issuer: issuerUrl, jwks_uri: jwksUri, ...members }, { issuerUrl, allowedHosts })

describe('the metadata of an issuer', () => {
  test('names the key set', () => expect(read({})).toEqual({ jwksUri, introspection: null }))

  test('may offer introspection', () => {
    const methods = ['client_secret_post', 7]
    const members = {
      introspection_endpoint: `${issuer}/introspect`,
      introspection_endpoint_auth_methods_supported: methods,
    }
    expect(read(members)).toEqual({
      jwksUri,
      introspection: { url: `${issuer}/introspect`, authMethods: ['client_secret_post'] },
    })
  })

  test('may put keys on a host that is allowed', () => {
    const elsewhere = 'https://keys.example:8443/certs'
    expect(read({ jwks_uri: elsewhere }, issuer, ['keys.example:8443'])).toMatchObject({ jwksUri: elsewhere })
  })

  test('may stay on http where the issuer is http', () => {
    const keys = 'http://keycloak:8080/certs'
    expect(read({ jwks_uri: keys }, 'http://keycloak:8080/realms/one')).toMatchObject({ jwksUri: keys })
  })

  const refused: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    [
      'of another issuer',
      { issuer: 'https://evil.example' },
      /^issuer_mismatch want="https:.*one" got="https:\/\/evil/,
    ],
    ['whose issuer ends in a slash', { issuer: `${issuer}/` }, /^issuer_mismatch/],
    ['without issuer', { issuer: undefined }, /^issuer_mismatch/],
    ['without key set', { jwks_uri: undefined }, /^jwks_uri nothing refused: not an http/],
    ['with a list of key sets', { jwks_uri: [jwksUri] }, /^jwks_uri .* refused/],
    ['with keys on another host', { jwks_uri: 'https://evil.example/certs' }, /not on the host id\.example$/],
    ['with keys on another port', { jwks_uri: 'https://id.example:8443/certs' }, /not on the host/],
    ['with keys on a host that ends like ours', { jwks_uri: 'https://x.id.example/certs' }, /not on the host/],
    ['with keys at a link-local address', { jwks_uri: 'https://169.254.169.254/certs' }, /not on the host/],
    ['with keys over http', { jwks_uri: 'http://id.example/certs' }, /the issuer is https/],
    ['with keys in a file', { jwks_uri: 'file:///etc/passwd' }, /not an http/],
    ['with keys in the document', { jwks_uri: 'data:application/json,{"keys":[]}' }, /not an http/],
    ['with a user in a URL', { jwks_uri: 'https://u@id.example/certs' }, /holds credentials/],
    ['with a password in a URL', { jwks_uri: 'https://:p@id.example/certs' }, /holds credentials/],
    ['that sends our secret elsewhere', { introspection_endpoint: 'https://evil.example/' }, /^introspection_endpoint/],
  ]
  test.each(refused)('is not believed %s', (_, members, reason) => expect(() => read(members)).toThrow(reason))
})
