import { createOidcVerifier, type OidcVerifier } from './auth/oidc.ts'
import type { Settings } from './config/load.ts'
import type { Clock } from './kernel/clock.ts'
import type { Emit } from './kernel/events.ts'
import { sleep } from './kernel/timers.ts'
import type { Upstream } from './providers/provider.ts'
import { simulatorProvider } from './providers/simulator/row.ts'
import { createSimulator } from './providers/simulator/simulator.ts'
import { createUpstream } from './upstream/client.ts'

/** Providers are asked over HTTP; the simulator answers in the process. */
export function createUpstreams(settings: Settings, version: string): Upstream & { close(): void } {
  const { client } = settings
  const http = createUpstream({
    userAgent: `inference-gateway/${version}`,
    responseHeaderTimeoutMs: (id) => settings.providers[id]?.responseHeaderTimeoutMs ?? client.responseHeaderTimeoutMs,
    maxIdleConnections: Math.min(client.maxIdleConnections, client.maxIdleConnectionsPerHost),
    idleConnectionTimeoutMs: client.idleConnectionTimeoutMs,
    tlsMinVersion: client.tlsMinVersion,
  })
  const simulator = createSimulator({ sleep })
  return {
    send(request) {
      if (request.account.provider.id !== simulatorProvider.id) return http.send(request)
      return simulator.send(request).then((response) => Object.assign(response, { abort: () => {} }))
    },
    close: () => http.close(),
  }
}

/** Checks tokens with the issuer of the settings. */
export function createVerifier({ oidc }: Settings, clock: Clock, log: Emit): OidcVerifier {
  const { issuerUrl, clientId, clientSecret } = oidc
  return createOidcVerifier({
    issuerUrl,
    clientId,
    clientSecret,
    acceptIdTokens: false,
    fetch: (url, init) => fetch(url, init),
    clock,
    log,
  })
}
