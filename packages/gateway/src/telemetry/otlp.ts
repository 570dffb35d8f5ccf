import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  InstrumentType,
  type MetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Histograms } from './histograms.ts'

/** Where OpenTelemetry's collector takes what; the exporters read headers, timeout and compression from OTEL_* themselves. */
export interface OtlpOptions {
  /** The whole URL; `null`: not sent. */
  readonly metricsUrl: string | null
  readonly tracesUrl: string | null
  readonly metricsIntervalMs: number
}

/** What goes wrong with a sink. Requests never notice. */
export interface SinkListener {
  readonly dropped: (sink: 'metrics' | 'traces', items: number) => void
  /** Told on change only; `error` is `null` when it takes something again. */
  readonly changed: (sink: 'metrics' | 'traces', error: unknown) => void
}

type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0]

/** Notes whether what is handed over arrives. */
function noting(sink: 'metrics' | 'traces', { dropped, changed }: SinkListener) {
  let isFailing = false
  return (items: number, done: (result: Result) => void) => (result: Result) => {
    const hasFailed = result.error !== undefined
    if (hasFailed) dropped(sink, items)
    if (hasFailed !== isFailing) changed(sink, hasFailed ? result.error : null)
    isFailing = hasFailed
    done(result)
  }
}

interface MetricPushParts {
  readonly histograms: Histograms
  readonly sink: SinkListener
}

/** Collects all metrics now and then, and sends them. */
export function createMetricPush(url: string, intervalMs: number, { histograms, sink }: MetricPushParts): MetricReader {
  const exporter = new OTLPMetricExporter({ url })
  const note = noting('metrics', sink)
  const watched: PushMetricExporter = {
    export: (metrics, done) => exporter.export(metrics, note(1, done)),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
    selectAggregation: (kind) => exporter.selectAggregation(kind),
    selectAggregationTemporality: (kind) => exporter.selectAggregationTemporality(kind),
  }
  return new PeriodicExportingMetricReader({
    exporter: watched,
    metricProducers: [histograms.producer(exporter.selectAggregationTemporality(InstrumentType.HISTOGRAM))],
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(intervalMs, 30_000),
  })
}

export function createSpanExporter(url: string, listener: SinkListener): SpanExporter {
  const exporter = new OTLPTraceExporter({ url })
  const note = noting('traces', listener)
  return {
    export: (spans, done) => exporter.export(spans, note(spans.length, done)),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  }
}
