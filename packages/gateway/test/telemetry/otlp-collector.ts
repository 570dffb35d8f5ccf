import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'
import { refuseCanaries } from '../support/canaries.ts'
import { until } from '../support/wire.ts'

/** As much of opentelemetry-proto as the tests look at, under its own field numbers. */
const { root } = protobuf.parse(`
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Status { string message = 2; int32 code = 3; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15;
}
message ScopeSpans { repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message NumberDataPoint {
  repeated KeyValue attributes = 7; fixed64 time_unix_nano = 3; oneof value { double as_double = 4; sfixed64 as_int = 6; }
}
message HistogramDataPoint {
  repeated KeyValue attributes = 9; fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5;
  repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7;
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message Metric { string name = 1; string description = 2; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
message ScopeMetrics { repeated Metric metrics = 2; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
message ExportMetricsPartialSuccess { int64 rejected_data_points = 1; string error_message = 2; }
message ExportMetricsServiceResponse { ExportMetricsPartialSuccess partial_success = 1; }
`)

type Fields = Readonly<Record<string, unknown>>

/** A message as plain objects: 64-bit numbers as numbers, ids as hex digits. */
export function decode(type: string, bytes: Uint8Array): Fields {
  const message = root.lookupType(type)
  return message.toObject(message.decode(bytes), { longs: Number, bytes: String, defaults: true })
}

export const encode = (type: string, fields: Fields): Uint8Array<ArrayBuffer> => {
  const message = root.lookupType(type)
  return new Uint8Array(message.encode(message.fromObject(fields)).finish())
}

export interface CollectedSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly startMs: number
  readonly endMs: number
  readonly statusCode: number
}

/** `isDelta`: what came since the push before; else all since the start. */
export interface PushedHistogram {
  readonly isDelta: boolean
  readonly count: number
  readonly sum: number
  readonly buckets: readonly number[]
}

export interface Collector {
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[]
  /** Names of all metrics it was told of. */
  readonly metricNames: ReadonlySet<string>
  /** The figures of a histogram, push by push: those of all its series together. */
  readonly pushesOf: (histogram: string) => readonly PushedHistogram[]
  /** Every byte it got, as text. */
  readonly received: () => string
  spansUntil(count: number): Promise<readonly CollectedSpan[]>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Takes OTLP over HTTP on a socket, and decodes it. `answers`: `false` never answers. */
export async function startCollector({ answers = true } = {}): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const metrics: Fields[] = []
  const metricNames = new Set<string>()
  const bodies: Buffer[] = []
  const requests: Collector['requests'][number][] = []
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(Buffer.from(part))
    const sent = Buffer.concat(parts)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    bodies.push(body)
    requests.push({ path: request.url ?? '', headers: request.headers })
    if (request.url === '/v1/traces') spans.push(...spansIn(body))
    if (request.url === '/v1/metrics')
      for (const metric of metricsIn(body)) {
        metrics.push(metric)
        metricNames.add(String(metric['name']))
      }
    if (answers) response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  }
  const server = createServer((request, response) => void take(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const received = () => Buffer.concat(bodies).toString('latin1')
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    refuseCanaries('what was sent over OTLP', received())
  }
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    spans,
    requests,
    metricNames,
    pushesOf: (histogram) => metrics.filter(({ name }) => name === histogram).map(histogramIn),
    received,
    async spansUntil(count) {
      await until(() => spans.length >= count)
      return spans
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value : [])

function spansIn(body: Buffer): readonly CollectedSpan[] {
  const { resourceSpans } = decode('ExportTraceServiceRequest', body)
  const spans = list(resourceSpans)
    .flatMap(({ scopeSpans }) => list(scopeSpans))
    .flatMap(({ spans }) => list(spans))
  return spans.map((span) => ({
    name: String(span['name']),
    kind: Number(span['kind']),
    traceId: hex(span['traceId']),
    spanId: hex(span['spanId']),
    parentSpanId: hex(span['parentSpanId']),
    traceState: String(span['traceState']),
    attributes: Object.fromEntries(list(span['attributes']).map(({ key, value }) => [key, firstValue(value)])),
    startMs: Number(span['startTimeUnixNano']) / 1e6,
    endMs: Number(span['endTimeUnixNano']) / 1e6,
    statusCode: Number((span['status'] as Fields | null)?.['code'] ?? 0), // decoded by the message above
  }))
}

const hex = (base64: unknown): string => Buffer.from(String(base64), 'base64').toString('hex')

const firstValue = (value: unknown): unknown =>
  Object.values(typeof value === 'object' && value !== null ? value : {})[0]

function metricsIn(body: Buffer): readonly Fields[] {
  const { resourceMetrics } = decode('ExportMetricsServiceRequest', body)
  return list(resourceMetrics)
    .flatMap(({ scopeMetrics }) => list(scopeMetrics))
    .flatMap(({ metrics }) => list(metrics))
}

const DELTA = 1

function histogramIn(metric: Fields): PushedHistogram {
  const { dataPoints, aggregationTemporality } = metric['histogram'] as Fields // decoded by the message above
  const points = list(dataPoints)
  const total = (field: string) => points.reduce((sum, point) => sum + Number(point[field]), 0)
  const buckets = points.map(({ bucketCounts }) => (Array.isArray(bucketCounts) ? bucketCounts.map(Number) : []))
  return {
    isDelta: aggregationTemporality === DELTA,
    count: total('count'),
    sum: total('sum'),
    buckets: (buckets[0] ?? []).map((_, index) => buckets.reduce((sum, counts) => sum + (counts[index] ?? 0), 0)),
  }
}
