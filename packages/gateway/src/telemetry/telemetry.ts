import {
  AggregationTemporality,
  MeterProvider,
  type MeterProviderOptions,
  MetricReader,
} from '@opentelemetry/sdk-metrics'
import type { Clock } from '../kernel/clock.ts'
import type { GatewayEvent } from '../kernel/events.ts'
import type { TraceContext } from '../kernel/trace.ts'
import { watchEventLoop } from './event-loop-lag.ts'
import { gather } from './gathering.ts'
import { createHistograms } from './histograms.ts'
import { createInstruments, openReading } from './instruments.ts'
import { createLabels, type LabelOptions } from './labels.ts'
import { metrics } from './metric-table.ts'
import { createMetrics } from './metrics.ts'
import { createMetricPush, createSpanExporter, type OtlpOptions, type SinkListener } from './otlp.ts'
import { familiesOf, prometheusName, prometheusText } from './prometheus.ts'
import { createPushedMetrics, type PushedMetrics } from './pushed-metrics.ts'
import { createTraces, type Sampling, type Traces } from './traces.ts'

export interface TelemetryOptions extends LabelOptions {
  readonly name: string
  readonly version: string
  readonly clock: Clock
  readonly otlp: OtlpOptions
  /** What is told of who reports, besides the name and the version. */
  readonly resource: Readonly<Record<string, string>>
  readonly sampling: Sampling
  /** Whether callers need a token. */
  readonly authEnabled: boolean
  /** Connections to providers, now. */
  readonly connections: () => { readonly busy: number; readonly idle: number }
  /** Log lines that were dropped so far. */
  readonly droppedLines: () => number
  /** A sink has begun to fail, or takes something again (`error` is `null`). */
  readonly sinkChanged: SinkListener['changed']
}

export interface Telemetry {
  readonly listen: (event: GatewayEvent) => void
  /** `null`: nobody takes traces. */
  readonly startTrace: ((headers: Headers) => TraceContext) | null
  /** All metrics, as Prometheus reads them. */
  readonly scrape: () => Promise<string>
  /** Takes metrics that clients push. */
  readonly pushed: PushedMetrics
  /** Sends what waits; sinks that do not take it hold up the end for two seconds at most. */
  readonly close: () => Promise<void>
}

/** The end of an exchange, and when it came: ms since 1970. */
interface Finished {
  readonly event: Extract<GatewayEvent, { readonly type: 'exchange.finished' }>
  readonly at: number
}

/** Collects nothing by itself: it is asked. */
class ScrapeReader extends MetricReader {
  override onForceFlush = (): Promise<void> => Promise.resolve()
  override onShutdown = (): Promise<void> => Promise.resolve()
}

/** Listens to the gateway, and tells Prometheus and OpenTelemetry's collector. Imported only where it is wanted. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { name, version, clock, otlp, sinkChanged } = options
  const labels = createLabels(options)
  const lost = { metrics: 0, traces: 0 }
  const sink: SinkListener = { dropped: (which, items) => void (lost[which] += items), changed: sinkChanged }
  const resource = resourceOf(name, version, options.resource)
  const scope = { name: 'inference-gateway', version }
  const histograms = createHistograms({ scope, resource, now: () => clock.now() })
  const reader = new ScrapeReader({ metricProducers: [histograms.producer(AggregationTemporality.CUMULATIVE)] })
  const push =
    otlp.metricsUrl === null ? [] : [createMetricPush(otlp.metricsUrl, otlp.metricsIntervalMs, { histograms, sink })]
  const provider = new MeterProvider({ resource, readers: [reader, ...push] })
  const meter = provider.getMeter(scope.name, version)
  const count = createMetrics(createInstruments(meter, histograms), labels)
  const lag = watchEventLoop(() => clock.elapsed())
  openReading(meter, metrics.eventLoopLag, (tell) => tell(lag.worstMs() / 1000))
  openReading(meter, metrics.build, (tell) => tell(1, { name, version }))
  openReading(meter, metrics.authEnabled, (tell) => tell(options.authEnabled ? 1 : 0, {}))
  openReading(meter, metrics.connections, (tell) => {
    const { busy, idle } = options.connections()
    tell(busy, { state: 'busy' })
    tell(idle, { state: 'idle' })
  })
  openReading(meter, metrics.dropped, (tell) => {
    tell(options.droppedLines(), { sink: 'log' })
    for (const [which, items] of Object.entries(lost)) tell(items, { sink: which })
  })
  const traces = openTraces(otlp.tracesUrl, options, { resource, labels, sink })
  const pushed = createPushedMetrics({ own: OWN_KINDS, nameOf: (metric) => PROMETHEUS_NAMES.get(metric) })

  const finished = gather(({ event, at }: Finished) => {
    count(event)
    traces?.listen(event.summary, at)
  })

  return {
    listen(event) {
      if (event.type === 'exchange.finished') finished.add({ event, at: clock.now() })
      else count(event)
    },
    startTrace: traces?.start ?? null,
    async scrape() {
      finished.flush()
      const { resourceMetrics } = await reader.collect()
      return prometheusText([...familiesOf(resourceMetrics, nameOf), ...pushed.families()])
    },
    pushed,
    async close() {
      lag.stop()
      finished.flush()
      // A dead collector is no reason to fail, nor to stay: what it could not take is lost.
      await Promise.race([Promise.allSettled([provider.shutdown(), traces?.close()]), later(FAREWELL_MS)])
    },
  }
}

const FAREWELL_MS = 2000

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

const PROMETHEUS_NAMES = new Map(
  Object.values(metrics).map((metric): [string, string] => [metric.name, metric.prometheus]),
)

const OWN_KINDS = new Map(Object.values(metrics).map((metric) => [metric.prometheus, metric.kind]))

const nameOf = (name: string): string => PROMETHEUS_NAMES.get(name) ?? prometheusName(name)

type Resource = NonNullable<MeterProviderOptions['resource']>

/** Who reports. Written out: what OpenTelemetry has for it is a package more, and looks around on the machine. */
function resourceOf(name: string, version: string, told: TelemetryOptions['resource']): Resource {
  const attributes = {
    'service.name': name,
    'service.version': version,
    'service.instance.id': crypto.randomUUID(),
    ...told,
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'nodejs',
  }
  const resource: Resource = {
    attributes,
    merge: () => resource,
    getRawAttributes: () => Object.entries(attributes),
  }
  return resource
}

interface TraceParts {
  readonly resource: Resource
  readonly labels: ReturnType<typeof createLabels>
  readonly sink: SinkListener
}

function openTraces(
  url: string | null,
  { version, sampling }: TelemetryOptions,
  { resource, labels, sink }: TraceParts,
): Traces | null {
  if (url === null) return null
  return createTraces({
    exporter: createSpanExporter(url, sink),
    resource,
    sampling,
    version,
    labels,
    drop: (spans) => sink.dropped('traces', spans),
  })
}
