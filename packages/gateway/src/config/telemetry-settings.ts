import { bool, fraction, int, oneOf, path, port, url } from './readers.ts'
import type { SettingTable } from './setting.ts'

/** What the gateway tells of itself, and to whom. */
export const telemetrySettings = {
  enableTelemetry: {
    env: 'ENABLE_TELEMETRY',
    alias: 'TELEMETRY_ENABLED',
    read: bool,
    fallback: 'false',
    about: 'Collects metrics and offers them to Prometheus.',
  },
  telemetry: {
    metricsPort: {
      env: 'TELEMETRY_METRICS_PORT',
      read: port,
      fallback: '9464',
      about: 'Port of `/metrics`, apart from the API.',
    },
    pushEnabled: {
      env: 'TELEMETRY_METRICS_PUSH_ENABLED',
      read: bool,
      fallback: 'false',
      about: 'Takes metrics that clients push over OTLP to `POST /v1/metrics`, and shows them with their `source`.',
    },
    otlpEndpoint: {
      env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      read: url,
      fallback: null,
      about:
        'OTLP/HTTP endpoint of a collector, such as `http://localhost:4318`: metrics are pushed to `/v1/metrics` there, ' +
        'traces to `/v1/traces`. Other `OTEL_EXPORTER_OTLP_*` variables hold as OpenTelemetry defines them.',
    },
    otlpMetricsEndpoint: {
      env: 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
      read: url,
      fallback: null,
      about: 'The whole URL for metrics, where it is another one.',
    },
    otlpTracesEndpoint: {
      env: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      read: url,
      fallback: null,
      about: 'The whole URL for traces, where it is another one.',
    },
    metricIntervalMs: {
      env: 'OTEL_METRIC_EXPORT_INTERVAL',
      read: int,
      fallback: '60000',
      about: 'Milliseconds between two pushes of metrics.',
    },
    traceRatio: {
      env: 'OTEL_TRACES_SAMPLER_ARG',
      read: fraction,
      fallback: '1',
      about: 'How many of the traces that begin here are recorded, 0 to 1. The client decides about its own.',
    },
  },
  pricesPath: {
    env: 'PRICES_PATH',
    read: path,
    fallback: null,
    about: 'JSON file with prices of models, which win over the built-in ones.',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    read: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    fallback: 'info',
    about: 'The least grave lines that are written.',
  },
  logContent: {
    env: 'LOG_CONTENT',
    read: bool,
    fallback: 'false',
    about:
      'With LOG_LEVEL=debug, writes what callers ask and are answered into the log. Without it, no prompt is in any.',
  },
  logFormat: {
    env: 'LOG_FORMAT',
    read: oneOf('json', 'pretty'),
    fallback: 'json',
    inDevelopment: 'pretty',
    about: '`json` for machines, `pretty` for a terminal.',
  },
} as const satisfies SettingTable
