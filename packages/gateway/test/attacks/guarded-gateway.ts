import { forge, rsaSigner, type Signer } from '../../src/auth/test/forger.ts'
import { startScriptedProvider as startIssuer } from '../../src/auth/test/scripted-provider.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { until } from '../support/wire.ts'

export interface GuardedGateway {
  readonly gateway: TestGateway
  /** A good token, with these claims and header members besides. */
  token(claims?: object, header?: object): Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}

let signer: Promise<Signer> | null = null

/** A gateway with authentication on, once it can check tokens, and an issuer that signs them. */
export async function startGuardedGateway(options: TestGatewayOptions = {}): Promise<GuardedGateway> {
  const { jwk, sign } = await (signer ??= rsaSigner({ kid: 'one', use: 'sig', alg: 'RS256' }))
  const issuer = startIssuer({ keys: [jwk] })
  const gateway = await startGateway({
    ...options,
    env: { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: issuer.issuer, OIDC_CLIENT_ID: 'gateway', ...options.env },
  })
  await until(() => gateway.events.some(({ type }) => type === 'auth.available'))
  return {
    gateway,
    token(claims = {}, header = {}) {
      const seconds = Math.floor(Date.now() / 1000)
      const usual = { iss: issuer.issuer, aud: 'gateway', sub: 'ada', iat: seconds, exp: seconds + 300 }
      return forge({ alg: 'RS256', kid: 'one', typ: 'JWT', ...header }, { ...usual, ...claims }, sign)
    },
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await issuer.stop()
    },
  }
}
