import { legacyMetrics } from './legacy-metrics.ts'
import type { Metric } from './metric.ts'

const MODEL = ['gen_ai.provider.name', 'gen_ai.request.model'] as const
const CALL = ['gen_ai.operation.name', ...MODEL] as const

// The bounds that OpenTelemetry's GenAI conventions name.
const TOKEN_BUCKETS = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
]
const DURATION_BUCKETS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const FIRST_TOKEN_BUCKETS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const OUTPUT_TOKEN_BUCKETS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
/** Those of the HTTP conventions, and on to where long answers end. */
const HTTP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300]
const OVERHEAD_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

/** What OpenTelemetry's conventions name. */
const conventional = {
  tokens: {
    name: 'gen_ai.client.token.usage',
    prometheus: 'gen_ai_client_token_usage',
    kind: 'histogram',
    unit: '{token}',
    about:
      'Tokens of one request, as the provider counted them. `gen_ai.token.type` is `input`, `output`, `cached` (part of ' +
      'input) or `reasoning` (part of output). `estimated="true"`: the answer broke off before its figures came.',
    labels: [...CALL, 'gen_ai.token.type', 'estimated'],
    buckets: TOKEN_BUCKETS,
  },
  duration: {
    name: 'gen_ai.server.request.duration',
    prometheus: 'gen_ai_server_request_duration_seconds',
    kind: 'histogram',
    unit: 's',
    about: 'A request that a provider was asked for, from its first byte to the last of its answer.',
    labels: [...CALL, 'error.type'],
    buckets: DURATION_BUCKETS,
  },
  firstToken: {
    name: 'gen_ai.server.time_to_first_token',
    prometheus: 'gen_ai_server_time_to_first_token_seconds',
    kind: 'histogram',
    unit: 's',
    about: 'From the request to the first content of its stream.',
    labels: CALL,
    buckets: FIRST_TOKEN_BUCKETS,
  },
  outputToken: {
    name: 'gen_ai.server.time_per_output_token',
    prometheus: 'gen_ai_server_time_per_output_token_seconds',
    kind: 'histogram',
    unit: 's',
    about: 'The rest of a stream after its first content, for each further output token.',
    labels: CALL,
    buckets: OUTPUT_TOKEN_BUCKETS,
  },
  http: {
    name: 'http.server.request.duration',
    prometheus: 'http_server_request_duration_seconds',
    kind: 'histogram',
    unit: 's',
    about: 'Every request on every route, from its first byte to the last of its answer.',
    labels: ['http.request.method', 'http.route', 'http.response.status_code', 'error.type'],
    buckets: HTTP_BUCKETS,
  },
} as const satisfies Record<string, Metric>

/** What is the gateway's own. */
const own = {
  overhead: {
    name: 'inference_gateway.overhead',
    prometheus: 'inference_gateway_overhead_seconds',
    kind: 'histogram',
    unit: 's',
    about:
      'What the gateway itself took until the head of its answer was ready, waiting for providers and pauses left out.',
    labels: ['http.route'],
    buckets: OVERHEAD_BUCKETS,
  },
  alias: {
    name: 'inference_gateway.alias.request.duration',
    prometheus: 'inference_gateway_alias_request_duration_seconds',
    kind: 'histogram',
    unit: 's',
    about:
      'A request for a model name of your own (`models` in the configuration file), by who answered or was asked last; ' +
      'without a provider where nobody could be asked.',
    labels: ['alias', 'gen_ai.provider.name', 'error.type'],
    buckets: DURATION_BUCKETS,
  },
  cost: {
    name: 'inference_gateway.cost',
    prometheus: 'inference_gateway_cost_usd_total',
    kind: 'counter',
    unit: 'USD',
    about:
      'What tokens cost by the price table, in US dollars. A model without a price adds nothing and has no series.',
    labels: [...MODEL, 'estimated'],
  },
  attempts: {
    name: 'inference_gateway.attempts',
    prometheus: 'inference_gateway_attempts_total',
    kind: 'counter',
    unit: '{attempt}',
    about: 'Tries at providers. `outcome` is `answered`, `refused` (4xx) or `failed` (5xx, or no answer).',
    labels: ['gen_ai.provider.name', 'outcome'],
  },
  retries: {
    name: 'inference_gateway.retries',
    prometheus: 'inference_gateway_retries_total',
    kind: 'counter',
    unit: '{attempt}',
    about: 'Further tries at the target that was asked just before.',
    labels: ['gen_ai.provider.name'],
  },
  fallbacks: {
    name: 'inference_gateway.fallbacks',
    prometheus: 'inference_gateway_fallbacks_total',
    kind: 'counter',
    unit: '{attempt}',
    about: 'Tries at another target after one failed.',
    labels: ['from', 'to'],
  },
  breaker: {
    name: 'inference_gateway.breaker.state',
    prometheus: 'inference_gateway_breaker_state',
    kind: 'gauge',
    unit: '1',
    about:
      'How a target is trusted: 0 closed, 1 cooling (it asked for a pause), 2 half open (one request finds out), 3 open ' +
      '(five requests in a row failed by its fault). Told once something of this has happened; the only target of a ' +
      'request is not watched.',
    labels: MODEL,
  },
  modelList: {
    name: 'inference_gateway.model_list.up',
    prometheus: 'inference_gateway_model_list_up',
    kind: 'gauge',
    unit: '1',
    about: "Whether a provider's model list could be read last time: 0 or 1. Told once it has failed.",
    labels: ['gen_ai.provider.name'],
  },
  disconnects: {
    name: 'inference_gateway.client.disconnects',
    prometheus: 'inference_gateway_client_disconnects_total',
    kind: 'counter',
    unit: '{request}',
    about: 'Clients that left before their answer was complete.',
    labels: ['http.route'],
  },
  broken: {
    name: 'inference_gateway.streams.broken',
    prometheus: 'inference_gateway_streams_broken_total',
    kind: 'counter',
    unit: '{stream}',
    about: 'Streams that ended in an error after they had begun.',
    labels: ['gen_ai.provider.name', 'error.type'],
  },
  authRefusals: {
    name: 'inference_gateway.auth.refusals',
    prometheus: 'inference_gateway_auth_refusals_total',
    kind: 'counter',
    unit: '{request}',
    about:
      'Requests turned away at the door. `reason` is `missing`, `invalid`, `expired`, `ambiguous` or `unavailable` (the ' +
      'issuer of tokens could not be asked).',
    labels: ['reason'],
  },
  authEnabled: {
    name: 'inference_gateway.auth.enabled',
    prometheus: 'inference_gateway_auth_enabled',
    kind: 'gauge',
    unit: '1',
    about: '1 when callers need a token (`ENABLE_AUTH`), 0 when whoever reaches the port may use the keys.',
    labels: [],
  },
  authKeys: {
    name: 'inference_gateway.auth.keys.up',
    prometheus: 'inference_gateway_auth_keys_up',
    kind: 'gauge',
    unit: '1',
    about:
      'Whether the keys of the issuer of tokens could be read last time: 0 or 1. At 0 those read earlier serve for an ' +
      'hour. Told with `ENABLE_AUTH`, once they were asked for.',
    labels: [],
  },
  inFlight: {
    name: 'inference_gateway.requests.in_flight',
    prometheus: 'inference_gateway_requests_in_flight',
    kind: 'gauge',
    unit: '{request}',
    about: 'Requests under way, streams included.',
    labels: [],
  },
  streams: {
    name: 'inference_gateway.streams.open',
    prometheus: 'inference_gateway_streams_open',
    kind: 'gauge',
    unit: '{stream}',
    about: 'Streams under way.',
    labels: [],
  },
  connections: {
    name: 'inference_gateway.upstream.connections',
    prometheus: 'inference_gateway_upstream_connections',
    kind: 'gauge',
    unit: '{connection}',
    about: 'Connections to providers. `state` is `busy` or `idle` (kept for the next request).',
    labels: ['state'],
  },
  eventLoopLag: {
    name: 'inference_gateway.event_loop.lag',
    prometheus: 'inference_gateway_event_loop_lag_seconds',
    kind: 'gauge',
    unit: 's',
    about: 'The longest time within the last fifteen seconds that the process did not get round to a timer.',
    labels: [],
  },
  dropped: {
    name: 'inference_gateway.telemetry.dropped',
    prometheus: 'inference_gateway_telemetry_dropped_total',
    kind: 'counter',
    unit: '{item}',
    about: 'What a slow or dead sink could not take. `sink` is `log` (lines), `traces` (spans) or `metrics` (pushes).',
    labels: ['sink'],
  },
  build: {
    name: 'inference_gateway.build',
    prometheus: 'inference_gateway_build_info',
    kind: 'gauge',
    unit: '1',
    about: 'Always 1; the labels say what runs.',
    labels: ['version', 'name'],
  },
} as const satisfies Record<string, Metric>

/** Every metric there is, under the headings of the docs. */
export const metricGroups: readonly { readonly title: string; readonly metrics: Readonly<Record<string, Metric>> }[] = [
  { title: "OpenTelemetry's", metrics: conventional },
  { title: 'Our own', metrics: own },
  { title: 'Older names', metrics: legacyMetrics },
]

export const metrics = { ...conventional, ...own, ...legacyMetrics }
