import { expect, test } from 'bun:test'
import { JWKS, startScriptedProvider as startIssuer } from '../../src/auth/test/scripted-provider.ts'
import { rsaSigner } from '../../src/auth/test/forger.ts'
import { startGatewayProcess } from '../faults/gateway-process.ts'
import { startGateway } from '../support/gateway.ts'
import { until } from '../support/wire.ts'
import { startConnectProxy } from './connect-proxy.ts'

test('the issuer of tokens is asked through the proxy too', async () => {
  const { jwk } = await rsaSigner({ kid: 'one', use: 'sig', alg: 'RS256' })
  const issuer = startIssuer({ keys: [jwk] })
  const elsewhere = 'http://203.0.113.7'
  issuer.metadata = { issuer: elsewhere, jwks_uri: `${elsewhere}${JWKS}` }
  await using proxy = await startConnectProxy(issuer.port)
  await using gateway = await startGateway({
    env: {
      HTTP_PROXY: `http://ada:secret@127.0.0.1:${proxy.port}`,
      ENABLE_AUTH: 'true',
      OIDC_ISSUER_URL: elsewhere,
      OIDC_CLIENT_ID: 'gateway',
    },
  })
  await until(() => gateway.events.some(({ type }) => type === 'auth.available'))
  expect(proxy.heads[0]?.firstLine).toStartWith(`GET ${elsewhere}/`)
  expect(proxy.heads[0]?.header('proxy-authorization')).toBe(`Basic ${btoa('ada:secret')}`)
  await issuer.stop()
})

test('an issuer on this machine is asked directly, though the runtime itself obeys these variables', async () => {
  const { jwk } = await rsaSigner({ kid: 'one', use: 'sig', alg: 'RS256' })
  const issuer = startIssuer({ keys: [jwk] })
  await using proxy = await startConnectProxy(1)
  const address = `http://127.0.0.1:${proxy.port}`
  await using gateway = await startGatewayProcess('http://127.0.0.1:1', {
    HTTP_PROXY: address,
    http_proxy: address,
    ENABLE_AUTH: 'true',
    OIDC_ISSUER_URL: issuer.issuer,
    OIDC_CLIENT_ID: 'gateway',
  })
  await until(() => gateway.output.includes('token issuer'))
  expect(gateway.output).toContain('token issuer available')
  expect(proxy.heads).toEqual([])
  await issuer.stop()
})
