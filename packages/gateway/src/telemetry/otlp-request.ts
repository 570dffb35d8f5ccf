import type { Message } from './protobuf.ts'

const anyValue: Message = {
  1: { name: 'stringValue', type: 'text' },
  2: { name: 'boolValue', type: 'varint' },
  3: { name: 'intValue', type: 'varint' },
  4: { name: 'doubleValue', type: 'double' },
}

const keyValue: Message = {
  1: { name: 'key', type: 'text' },
  2: { name: 'value', type: () => anyValue },
}

const numberPoint: Message = {
  3: { name: 'timeUnixNano', type: 'fixed64' },
  4: { name: 'asDouble', type: 'double' },
  6: { name: 'asInt', type: 'sfixed64' },
  7: { name: 'attributes', type: () => keyValue, repeated: true },
}

const histogramPoint: Message = {
  3: { name: 'timeUnixNano', type: 'fixed64' },
  4: { name: 'count', type: 'fixed64' },
  5: { name: 'sum', type: 'double' },
  6: { name: 'bucketCounts', type: 'fixed64', repeated: true },
  7: { name: 'explicitBounds', type: 'double', repeated: true },
  9: { name: 'attributes', type: () => keyValue, repeated: true },
}

const points = (point: Message): Message => ({
  1: { name: 'dataPoints', type: () => point, repeated: true },
  2: { name: 'aggregationTemporality', type: 'varint' },
  3: { name: 'isMonotonic', type: 'varint' },
})

const unread = points({})

const metric: Message = {
  1: { name: 'name', type: 'text' },
  2: { name: 'description', type: 'text' },
  3: { name: 'unit', type: 'text' },
  5: { name: 'gauge', type: () => points(numberPoint) },
  7: { name: 'sum', type: () => points(numberPoint) },
  9: { name: 'histogram', type: () => points(histogramPoint) },
  10: { name: 'exponentialHistogram', type: () => unread },
  11: { name: 'summary', type: () => unread },
}

const resource: Message = { 1: { name: 'attributes', type: () => keyValue, repeated: true } }
const scopeMetrics: Message = { 2: { name: 'metrics', type: () => metric, repeated: true } }
const resourceMetrics: Message = {
  1: { name: 'resource', type: () => resource },
  2: { name: 'scopeMetrics', type: () => scopeMetrics, repeated: true },
}

/**
 * ExportMetricsServiceRequest, as far as it is read here (opentelemetry-proto, metrics/v1/metrics.proto). The names are
 * those of OTLP's JSON, so that both are read alike.
 */
export const exportMetricsRequest: Message = {
  1: { name: 'resourceMetrics', type: () => resourceMetrics, repeated: true },
}
