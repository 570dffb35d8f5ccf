import { bool, fraction, int, list, oneOf, path, port, text, url } from './readers.ts'
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
    isDisabled: {
      env: 'OTEL_SDK_DISABLED',
      read: bool,
      fallback: 'false',
      about: 'Switches all telemetry off, whatever ENABLE_TELEMETRY says.',
    },
    serviceName: {
      env: 'OTEL_SERVICE_NAME',
      read: text,
      fallback: null,
      about: 'Who reports, `service.name`; else the one of OTEL_RESOURCE_ATTRIBUTES, else APPLICATION_NAME.',
    },
    resourceAttributes: {
      env: 'OTEL_RESOURCE_ATTRIBUTES',
      read: list,
      fallback: '',
      about: 'What is told of who reports, such as `deployment.environment.name=prod`.',
    },
    otlpProtocol: {
      env: 'OTEL_EXPORTER_OTLP_PROTOCOL',
      read: text,
      fallback: 'http/protobuf',
      about: 'How the collector is spoken to. Only `http/protobuf` is known here; another word is warned of.',
    },
    captureContent: {
      env: 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT',
      read: bool,
      fallback: 'false',
      about: 'Writes what is asked and answered into the spans of the traces. Without it, no prompt is in any.',
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
    sampler: {
      env: 'OTEL_TRACES_SAMPLER',
      read: oneOf(
        'parentbased_traceidratio',
        'parentbased_always_on',
        'parentbased_always_off',
        'traceidratio',
        'always_on',
        'always_off',
      ),
      fallback: 'parentbased_traceidratio',
      about: 'Which traces are recorded. With `parentbased_` before it, the client decides about its own.',
    },
    traceRatio: {
      env: 'OTEL_TRACES_SAMPLER_ARG',
      read: fraction,
      fallback: '1',
      about: 'How many traces a sampler by ratio records, 0 to 1.',
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
