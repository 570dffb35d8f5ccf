import type { RouteLimits, RouteTimeouts } from '@inference-gateway/protocol/route'
import type { Settings } from './config/load.ts'
import { callLimits } from './outside.ts'
import { envPrefix } from './providers/accounts.ts'

const limitOrNone = (limit: number): number | null => (limit === 0 ? null : limit)

/** What holds for a try at a provider, as the route explanation tells it. */
export function providerTimeouts(settings: Settings, provider: string): Omit<RouteTimeouts, 'first_token_ms'> {
  const { connectTimeoutMs, sendTimeoutMs, responseHeader } = callLimits(settings, provider)
  const { maxDurationMs } = relayLimits(settings)
  const { idleTimeoutMs } = idleLimit(settings, provider)
  return {
    connect_ms: limitOrNone(connectTimeoutMs),
    send_ms: limitOrNone(sendTimeoutMs),
    response_header_ms: limitOrNone(responseHeader.ms),
    stream_idle_ms: limitOrNone(idleTimeoutMs),
    stream_ms: limitOrNone(maxDurationMs),
  }
}

/** What holds for every request, as the route explanation tells it. */
export const routeLimits = ({ server, models }: Settings): RouteLimits => ({
  body_bytes: server.maxRequestBodyBytes,
  in_flight: limitOrNone(server.maxInFlight),
  read_ms: limitOrNone(server.readTimeoutMs),
  write_ms: limitOrNone(server.writeTimeoutMs),
  allowed_models: models.allowed,
  disallowed_models: models.disallowed,
})

/** How long a provider may be silent within an answer, ms; 0 = for ever. */
export function idleLimit({ client, providers }: Settings, provider: string) {
  const own = providers[provider]?.streamIdleTimeoutMs ?? null
  return {
    idleTimeoutMs: own ?? client.streamIdleTimeoutMs,
    idleSetting: `${own === null ? 'CLIENT' : envPrefix(provider)}_STREAM_IDLE_TIMEOUT`,
  }
}

/** The limits of a stream on its way to the client, ms; 0 = none. */
export function relayLimits({ client, streams, server }: Settings) {
  return {
    maxDurationMs: client.maxStreamDurationMs,
    keepaliveMs: streams.keepaliveIntervalMs,
    writeTimeoutMs: server.writeTimeoutMs,
  }
}

/** Often enough to notice the shortest limit in time, and a client that has left well within a second. */
export function tickMs(settings: Settings): number {
  const { timeoutMs, responseHeaderTimeoutMs, streamIdleTimeoutMs } = settings.client
  const own = Object.values(settings.providers).flatMap((each) => [
    each.responseHeaderTimeoutMs ?? 0,
    each.streamIdleTimeoutMs ?? 0,
  ])
  const limitsMs = [
    timeoutMs,
    responseHeaderTimeoutMs,
    streamIdleTimeoutMs,
    ...own,
    ...Object.values(relayLimits(settings)),
  ]
  return Math.max(5, Math.min(250, ...limitsMs.filter((ms) => ms > 0).map((ms) => ms / 4)))
}
