import { createOidcVerifier, type OidcVerifier } from './auth/oidc.ts'
import type { Settings } from './config/load.ts'
import type { Clock } from './kernel/clock.ts'
import type { Emit } from './kernel/events.ts'
import type { Ticker } from './kernel/ticker.ts'
import { sleep } from './kernel/timers.ts'
import { envPrefix } from './providers/accounts.ts'
import type { TimeLimit, UpstreamAnswer, UpstreamRequest } from './providers/provider.ts'
import { simulatorProvider } from './providers/simulator/row.ts'
import { createSimulator } from './providers/simulator/simulator.ts'
import { StreamBody } from './upstream/body-stream.ts'
import { type CallLimits, noAnswer } from './upstream/call-watch.ts'
import { createUpstream, type HttpUpstream } from './upstream/client.ts'
import { createFindProxy, type FindProxy } from './upstream/forward-proxy.ts'

export interface UpstreamParts {
  readonly version: string
  /** All authorities that are trusted, in PEM; `null`: the well-known ones. */
  readonly authorities: readonly string[] | null
  readonly clock: Clock
  readonly ticker: Ticker
}

/** A connection that does not stand by then will not, whatever CLIENT_TIMEOUT allows for the rest. */
const CONNECT_TIMEOUT_MS = 10_000

/** Providers are asked over HTTP; the simulator answers in the process. */
export function createUpstreams(
  settings: Settings,
  { version, authorities, clock, ticker }: UpstreamParts,
): HttpUpstream {
  const { client } = settings
  const http = createUpstream({
    userAgent: `inference-gateway/${version}`,
    // As `via` can write it: one word.
    ownName: settings.applicationName.replaceAll(/[^\w.-]+/g, '-'),
    tls: { minVersion: client.tlsMinVersion, authorities },
    findProxy: findProxyOf(settings),
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
      return simulate(simulator, request, callLimits(settings, simulatorProvider.id))
    },
    connections: http.connections,
    breakOff: (reason) => http.breakOff(reason),
    close: () => http.close(),
  }
}

const findProxyOf = ({ client }: Settings): FindProxy =>
  createFindProxy({
    https: client.httpsProxy?.reveal() ?? null,
    http: client.httpProxy?.reveal() ?? null,
    except: client.noProxy,
  })

/** The limits of one call to a provider, ms; 0 = none. */
export function callLimits({ client, providers }: Settings, provider: string): CallLimits {
  const own = providers[provider]?.responseHeaderTimeoutMs ?? null
  return {
    connectTimeoutMs: Math.min(client.timeoutMs || CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_MS),
    sendTimeoutMs: client.timeoutMs,
    responseHeader: {
      ms: own ?? client.responseHeaderTimeoutMs,
      setting: `${own === null ? 'CLIENT' : envPrefix(provider)}_RESPONSE_HEADER_TIMEOUT`,
    },
  }
}

/** The simulator speaks in web responses, and takes as long as any provider may. */
async function simulate(
  simulator: ReturnType<typeof createSimulator>,
  request: UpstreamRequest,
  { responseHeader }: CallLimits,
): Promise<UpstreamAnswer> {
  const limits = [request.answerWithin ?? NO_LIMIT, request.responseHeader ?? responseHeader].filter(({ ms }) => ms > 0)
  const [first] = limits.sort((one, other) => one.ms - other.ms)
  const late = new AbortController()
  const tooLate = (limit: TimeLimit) => late.abort(noAnswer(simulatorProvider.id, limit))
  const timer = first === undefined ? null : setTimeout(() => tooLate(first), first.ms)
  const signal = AbortSignal.any([request.signal, late.signal])
  try {
    const { status, statusText, headers, body } = await simulator.send({ ...request, signal })
    const parts = body === null ? null : new StreamBody(body)
    const abort = (reason: unknown) => parts?.abort(reason)
    return { status, statusText, headers: Object.fromEntries(headers), body: parts, abort }
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}

const NO_LIMIT: TimeLimit = { ms: 0, setting: '' }

export interface VerifierParts {
  readonly settings: Settings
  /** All authorities that are trusted, in PEM; by default the well-known ones. */
  readonly authorities?: readonly string[] | null
  readonly emit: Emit
}

/** Checks tokens with the issuer of the settings. */
export function createVerifier({ settings, authorities = null, emit }: VerifierParts, clock: Clock): OidcVerifier {
  const tls = authorities === null ? {} : { tls: { ca: [...authorities] } }
  const findProxy = findProxyOf(settings)
  const { httpsProxy, httpProxy } = settings.client
  const proxyTo = (url: string) => {
    const proxy = url.startsWith('https:') ? httpsProxy : httpProxy
    return proxy === null || findProxy(new URL(url)) === null ? {} : { proxy: proxy.reveal() }
  }
  return createOidcVerifier({
    ...settings.oidc,
    // BUN_CONFIG_VERBOSE_FETCH would print the token that is asked about, and the secret it is asked with.
    fetch: (url, init) => fetch(url, { ...init, ...tls, ...proxyTo(url), verbose: false }),
    clock,
    log: emit,
  })
}
