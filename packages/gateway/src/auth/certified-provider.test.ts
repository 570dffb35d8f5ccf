import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type RequestListener } from 'node:http'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { Provider } from 'oidc-provider'
import { systemClock } from '../kernel/clock.ts'
import { Secret } from '../kernel/secret.ts'
import { createOidcVerifier, type OidcVerifier } from './oidc.ts'
import { until } from './test/virtual-time.ts'

const CLIENT = { client_id: 'gateway', client_secret: 'gateway-secret' }
const OTHER = { client_id: 'other', client_secret: 'other-secret' }

let handler: RequestListener = () => undefined
const server = createServer((request, response) => handler(request, response))
let issuer = ''
let verifier: OidcVerifier
const clock = { ...systemClock, skewMs: 0, now: () => Date.now() + clock.skewMs }

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : ''}`
  serve([await newKey('first')])
  verifier = createOidcVerifier({
    issuerUrl: issuer,
    clientId: CLIENT.client_id,
    clientSecret: new Secret(CLIENT.client_secret),
    acceptIdTokens: false,
    fetch,
    clock,
    log: () => undefined,
  })
  verifier.start()
  await until(() => verifier.ready())
})
afterAll(() => {
  verifier.close()
  server.closeAllConnections()
  server.close()
})

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }
}

/** The provider with these signing keys, the first of which signs; what it issued before stays with its predecessor. */
function serve(keys: readonly JWK[]): void {
  const provider = new Provider(issuer, {
    clients: [CLIENT, OTHER],
    clientDefaults: { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    jwks: { keys },
    scopes: ['models:read'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => [],
        getResourceServerInfo: (_: unknown, resource: string) => ({
          scope: 'models:read',
          audience: new URL(resource).hostname,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  })
  handler = provider.callback()
}

async function accessToken(
  { client_id, client_secret }: typeof CLIENT,
  members: Record<string, string>,
): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...members }),
  })
  const { access_token: token } = await response.json()
  return String(token)
}

const forUs = { resource: 'https://gateway', scope: 'models:read' }

async function reasonOf(token: string): Promise<string> {
  return verifier.verify(token).then(
    () => 'accepted',
    ({ code, cause }: { code: string; cause: Error }) => `${code}: ${cause.message}`,
  )
}

describe('with a certified identity provider', () => {
  test('a JWT for us lets its client in, with its scopes', async () => {
    const token = await accessToken(OTHER, forUs)
    expect(await verifier.verify(token)).toEqual({ kind: 'oidc', id: 'other', scopes: new Set(['models:read']) })
  })

  test('a JWT for another service is refused, and the log says for which', async () => {
    const token = await accessToken(CLIENT, { ...forUs, resource: 'https://elsewhere' })
    expect(await reasonOf(token)).toBe('unauthorized: aud_mismatch want="gateway" got="elsewhere"')
  })

  test('an opaque token of ours is good, one that nobody issued is not', async () => {
    expect(await verifier.verify(await accessToken(CLIENT, {}))).toMatchObject({ id: 'gateway' })
    expect(await reasonOf('never-issued-by-anyone')).toBe('unauthorized: introspection: not active')
  })

  test('an opaque token that another client got for itself is not for us', async () => {
    expect(await reasonOf(await accessToken(OTHER, {}))).toStartWith('unauthorized: aud_mismatch')
  })

  test('clocks may differ by a minute and no more', async () => {
    const tokens = [
      await accessToken(CLIENT, forUs),
      await accessToken(CLIENT, forUs),
      await accessToken(CLIENT, forUs),
    ]
    const [early = '', late = '', tooLate = ''] = tokens
    clock.skewMs = -59_000
    expect(await reasonOf(early)).toBe('accepted')
    clock.skewMs = 355_000
    expect(await reasonOf(late)).toBe('accepted')
    clock.skewMs = 361_000
    expect(await reasonOf(tooLate)).toStartWith('unauthorized: expired')
    clock.skewMs = 0
  })

  test('a new signing key is taken up at the first token, and an outage bothers nobody', async () => {
    const before = await accessToken(CLIENT, forUs)
    serve([await newKey('second'), await newKey('first')])
    const after = await accessToken(CLIENT, forUs)
    expect(await reasonOf(after)).toBe('accepted')
    expect(await reasonOf(before)).toStartWith('unauthorized: signature_invalid')

    const token = await accessToken(OTHER, forUs)
    handler = (_, response) => void response.writeHead(502).end()
    expect(await reasonOf(token)).toBe('accepted')
  })
})
