import type { Settings } from './config/load.ts'
import { systemClock } from './kernel/clock.ts'
import type { Gateway } from './gateway.ts'
import { type Listener, listen } from './server/listen.ts'
import type { OtlpOptions } from './telemetry/otlp.ts'
import type { Telemetry } from './telemetry/telemetry.ts'
import type { Sampling } from './telemetry/traces.ts'

export interface MonitoringOptions {
  readonly settings: Settings
  readonly version: string
  /** Log lines that were dropped so far. */
  readonly droppedLines: () => number
  /** What an operator should know of the sinks, told on change only. */
  readonly warn: (message: string) => void
}

export interface Monitoring extends Telemetry {
  /** The gateway that is watched: its models and connections are asked for when somebody wants to know. */
  readonly watch: (gateway: Pick<Gateway, 'knowsModel' | 'connections'>) => void
  /** Opens the port of `/metrics`. Throws what the system says. */
  readonly serve: (port?: number) => Listener
}

/** Starts what watches the gateway; `null` when ENABLE_TELEMETRY is off, and then OpenTelemetry is not even read. */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring | null> {
  const { settings, version, droppedLines, warn } = options
  if (!settings.enableTelemetry || settings.telemetry.isDisabled) return null
  const { createTelemetry } = await import('./telemetry/telemetry.ts')
  let gateway: Pick<Gateway, 'knowsModel' | 'connections'> | null = null
  const telemetry = createTelemetry({
    name: settings.applicationName,
    version,
    resource: resourceOf(settings),
    clock: systemClock,
    otlp: otlpOptions(settings),
    sampling: samplingOf(settings),
    knowsModel: (provider, model) => gateway?.knowsModel(provider, model) ?? false,
    authEnabled: settings.enableAuth,
    connections: () => gateway?.connections() ?? { busy: 0, idle: 0 },
    droppedLines,
    sinkChanged: (sink, error) =>
      warn(
        error === null
          ? `The collector takes ${sink} again.`
          : `The collector does not take ${sink}; requests do not wait for it, what it misses is counted.`,
      ),
  })
  return {
    ...telemetry,
    watch: (watched) => void (gateway = watched),
    serve: (port = settings.telemetry.metricsPort) => serveMetrics(telemetry, settings.server.host, port),
  }
}

/** The paths are the ones that OpenTelemetry appends to a general endpoint. */
function otlpOptions({ telemetry }: Settings): OtlpOptions {
  const { otlpEndpoint, otlpMetricsEndpoint, otlpTracesEndpoint, metricIntervalMs } = telemetry
  const at = (path: string): string | null => otlpEndpoint && `${otlpEndpoint.replace(/\/$/, '')}${path}`
  return {
    metricsUrl: otlpMetricsEndpoint ?? at('/v1/metrics'),
    tracesUrl: otlpTracesEndpoint ?? at('/v1/traces'),
    metricsIntervalMs: Math.max(1, metricIntervalMs),
  }
}

/** As OpenTelemetry's resource variables are written; what cannot be decoded stays as it came. */
function resourceOf({ telemetry }: Settings): Readonly<Record<string, string>> {
  const written = telemetry.resourceAttributes.flatMap((pair): [string, string][] => {
    const [name = '', ...value] = pair.split('=')
    return name.trim() === '' || value.length === 0 ? [] : [[name.trim(), decoded(value.join('=').trim())]]
  })
  const name = telemetry.serviceName
  return { ...Object.fromEntries(written), ...(name === null ? {} : { 'service.name': name }) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function samplingOf({ telemetry: { sampler, traceRatio } }: Settings): Sampling {
  const heedsClient = sampler.startsWith('parentbased_')
  if (sampler.endsWith('always_on')) return { ratio: 1, heedsClient }
  return { ratio: sampler.endsWith('always_off') ? 0 : traceRatio, heedsClient }
}

const IDLE_MS = 60_000

/** A port of its own: who scrapes needs no key, and who has a key need not see how others fare. */
function serveMetrics({ scrape }: Telemetry, host: string, port: number): Listener {
  return listen({
    host,
    port,
    tls: null,
    idleTimeoutMs: IDLE_MS,
    readTimeoutMs: IDLE_MS,
    async fetch({ url }) {
      if (new URL(url).pathname !== '/metrics') return new Response('Metrics are at /metrics.\n', { status: 404 })
      return new Response(await scrape(), { headers: { 'content-type': PROMETHEUS_TYPE } })
    },
    onBug: () => new Response('The metrics cannot be read.\n', { status: 500 }),
  })
}

/** Of the text format that `scrape` writes. */
const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
