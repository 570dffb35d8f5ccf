import { createOidcVerifier, type OidcVerifier } from './auth/oidc.ts'
import type { Settings } from './config/load.ts'
import type { Clock } from './kernel/clock.ts'
import type { Emit } from './kernel/events.ts'
import type { Ticker } from './kernel/ticker.ts'
import { sleep } from './kernel/timers.ts'
import type { Upstream, UpstreamAnswer } from './providers/provider.ts'
import { simulatorProvider } from './providers/simulator/row.ts'
import { createSimulator } from './providers/simulator/simulator.ts'
import { bodyOf } from './upstream/body-stream.ts'
import type { CallLimits } from './upstream/call-watch.ts'
import { createUpstream } from './upstream/client.ts'

export interface UpstreamParts {
  readonly version: string
  readonly clock: Clock
  readonly ticker: Ticker
}

/** A connection that does not stand by then will not, whatever CLIENT_TIMEOUT allows for the rest. */
const CONNECT_TIMEOUT_MS = 10_000

/** Providers are asked over HTTP; the simulator answers in the process. */
export function createUpstreams(
  settings: Settings,
  { version, clock, ticker }: UpstreamParts,
): Upstream & { close(): void } {
  const { client } = settings
  const http = createUpstream({
    userAgent: `inference-gateway/${version}`,
    tls: { minVersion: client.tlsMinVersion, ca: null },
    limits: (provider) => callLimits(settings, provider),
    maxIdle: client.maxIdleConnections,
    maxIdlePerHost: client.maxIdleConnectionsPerHost,
    idleTimeoutMs: client.idleConnectionTimeoutMs,
    clock,
    ticker,
  })
  const simulator = createSimulator({ sleep })
  return {
    send(request) {
      if (request.account.provider.id !== simulatorProvider.id) return http.send(request)
      return simulator.send(request).then(answerOf)
    },
    close: () => http.close(),
  }
}

/** The limits of one call to a provider, ms; 0 = none. */
export function callLimits({ client, providers }: Settings, provider: string): CallLimits {
  return {
    connectTimeoutMs: Math.min(client.timeoutMs || CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_MS),
    sendTimeoutMs: client.timeoutMs,
    responseHeaderTimeoutMs: providers[provider]?.responseHeaderTimeoutMs ?? client.responseHeaderTimeoutMs,
  }
}

/** The simulator speaks in web responses. */
function answerOf(response: Response): UpstreamAnswer {
  const { status, statusText, headers, body } = response
  return {
    status,
    statusText,
    headers: Object.fromEntries(headers),
    body: body === null ? null : bodyOf(body),
    abort: (reason) => void body?.cancel(reason).catch(() => {}),
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
