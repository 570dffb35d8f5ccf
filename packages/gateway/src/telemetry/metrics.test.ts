import { describe, expect, test } from 'bun:test'
import { summaryOf } from '../../test/support/summary.ts'
import { linesAfter } from '../../test/telemetry/page.ts'
import { credentialMissing } from '../auth/refusal.ts'
import type { ExchangeSummary, GatewayEvent, Try } from '../kernel/events.ts'

const finished = (changes: Partial<ExchangeSummary>): GatewayEvent => ({
  type: 'exchange.finished',
  summary: summaryOf(changes),
})

const breaker = (model: string, state: 'closed' | 'open' | 'half_open' | 'cooling'): GatewayEvent => ({
  type: 'breaker',
  provider: 'groq',
  model,
  state,
  error: null,
})

const tried = (provider: string, model: string, status: number | null): Try => ({
  provider,
  model,
  status,
  code: null,
  spanId: null,
  startMs: 0,
  durationMs: 1,
})

const usage = { input: 10, output: 5, total: 15, cached: 4, reasoning: 2 }
const call = { provider: 'groq', model: 'm', durationMs: 5000, usage, costUsd: 0.5 }
const streamed = { ...call, streamed: true, firstContentMs: 1000 }

const turnedAway = finished({ status: 401, error: credentialMissing() })

const TARGET = 'gen_ai_provider_name="groq",gen_ai_request_model="m"'
const CHAT = `gen_ai_operation_name="chat",${TARGET}`
const LEGACY = 'provider="groq",request_method="POST",request_path="/v1/chat/completions"'
const http = (method: string, status: string, more = '') =>
  `http_server_request_duration_seconds_count{http_request_method="${method}",http_route="/v1/chat/completions",http_response_status_code="${status}"${more}}`
const tokens = (type: string, more = '') => `gen_ai_client_token_usage_sum{${CHAT},gen_ai_token_type="${type}"${more}}`

// The lines are all there are of these names.
const cases: [behaviour: string, events: readonly GatewayEvent[], lines: readonly string[]][] = [
  [
    'what is under way',
    [{ type: 'exchange.started' }, { type: 'exchange.started' }, { type: 'exchange.streaming' }],
    ['inference_gateway_requests_in_flight 2', 'inference_gateway_streams_open 1'],
  ],
  [
    'what is under way, once something of it is over',
    [
      { type: 'exchange.started' },
      { type: 'exchange.started' },
      { type: 'exchange.started' },
      { type: 'exchange.streaming' },
      { type: 'exchange.streaming' },
      finished({}),
      finished({ streamed: true }),
    ],
    ['inference_gateway_requests_in_flight 1', 'inference_gateway_streams_open 1'],
  ],
  [
    'what others keep',
    [],
    [
      'inference_gateway_upstream_connections{state="busy"} 3',
      'inference_gateway_upstream_connections{state="idle"} 2',
      'inference_gateway_telemetry_dropped_total{sink="log"} 7',
      'inference_gateway_telemetry_dropped_total{sink="metrics"} 0',
      'inference_gateway_telemetry_dropped_total{sink="traces"} 0',
      'inference_gateway_build_info{name="test",version="0.0.0"} 1',
    ],
  ],
  [
    'how targets are trusted',
    [
      breaker('a', 'open'),
      breaker('b', 'half_open'),
      breaker('c', 'cooling'),
      breaker('d', 'open'),
      breaker('d', 'closed'),
    ],
    ['a"} 3', 'b"} 2', 'c"} 1', 'd"} 0'].map(
      (end) => `inference_gateway_breaker_state{gen_ai_provider_name="groq",gen_ai_request_model="${end}`,
    ),
  ],
  [
    'which lists of models can be read',
    [
      { type: 'models.unavailable', provider: 'groq', error: null },
      { type: 'models.unavailable', provider: 'openai', error: null },
      { type: 'models.available', provider: 'openai', count: 1 },
    ],
    [
      'inference_gateway_model_list_up{gen_ai_provider_name="groq"} 0',
      'inference_gateway_model_list_up{gen_ai_provider_name="openai"} 1',
    ],
  ],
  [
    'requests by method, status and error',
    [
      finished({}),
      finished({}),
      finished({ method: 'GET' }),
      finished({ status: 201 }),
      finished({ status: 404, code: 'route_not_found' }),
      finished({ status: 404 }),
    ],
    [
      `${http('POST', '200')} 2`,
      `${http('POST', '201')} 1`,
      `${http('GET', '200')} 1`,
      `${http('POST', '404', ',error_type="route_not_found"')} 1`,
      `${http('POST', '404', ',error_type="provider_4xx"')} 1`,
    ],
  ],
  [
    'in seconds how long they took, and what of it was our own',
    [finished({ durationMs: 2000, gatewayMs: 500 })],
    [
      `${http('POST', '200').replace('_count', '_sum')} 2`,
      'inference_gateway_overhead_seconds_sum{http_route="/v1/chat/completions"} 0.5',
    ],
  ],
  [
    'a value on a bound below it',
    [finished({ gatewayMs: 1 }), finished({ gatewayMs: 1.5 }), finished({ gatewayMs: 4000 })],
    [
      '0.0005"} 0',
      '0.001"} 1',
      '0.002"} 2',
      '0.005"} 2',
      '0.01"} 2',
      '0.025"} 2',
      '0.05"} 2',
      '0.1"} 2',
      '0.25"} 2',
      '1"} 2',
      '+Inf"} 3',
    ].map((end) => `inference_gateway_overhead_seconds_bucket{http_route="/v1/chat/completions",le="${end}`),
  ],
  [
    'clients that left, and no failure as one',
    [finished({ outcome: 'left' }), finished({ outcome: 'failed' })],
    ['inference_gateway_client_disconnects_total{http_route="/v1/chat/completions"} 1'],
  ],
  [
    'who was turned away at the door, and why',
    [turnedAway, turnedAway, finished({ status: 400, error: new Error('no') })],
    ['inference_gateway_auth_refusals_total{reason="missing"} 2'],
  ],
  [
    'what a call took, cost and used, by the older names as well',
    [finished(call)],
    [
      `gen_ai_server_request_duration_seconds_sum{${CHAT}} 5`,
      `llm_request_duration_sum{${LEGACY}} 5000`,
      `llm_requests_total{${LEGACY}} 1`,
      `llm_responses_total{${LEGACY},status_code="200"} 1`,
      `${tokens('input')} 10`,
      `${tokens('output')} 5`,
      `${tokens('cached')} 4`,
      `${tokens('reasoning')} 2`,
      'llm_usage_prompt_tokens{provider="groq",model="m"} 10',
      'llm_usage_completion_tokens{provider="groq",model="m"} 5',
      'llm_usage_total_tokens{provider="groq",model="m"} 15',
      `inference_gateway_cost_usd_total{${TARGET}} 0.5`,
    ],
  ],
  [
    'no kind of token that there was none of',
    [finished({ ...call, usage: { input: 1, output: 0, total: 1, cached: 0 } })],
    [`${tokens('input')} 1`, `${tokens('output')} 0`],
  ],
  [
    'a guess apart from what was told',
    [finished(call), finished({ ...call, usage: { ...usage, isEstimated: true } })],
    [
      ...['input', 'output', 'cached', 'reasoning'].flatMap((type) => {
        const count = { input: 10, output: 5, cached: 4 }[type] ?? 2
        return [`${tokens(type)} ${count}`, `${tokens(type, ',estimated="true"')} ${count}`]
      }),
      `inference_gateway_cost_usd_total{${TARGET}} 0.5`,
      `inference_gateway_cost_usd_total{${TARGET},estimated="true"} 0.5`,
    ],
  ],
  [
    'when a stream began, and how long each further token took',
    [
      finished(streamed),
      finished({ ...call, firstContentMs: 1000 }),
      finished({ ...streamed, usage: { ...usage, output: 1 } }),
    ],
    [
      `gen_ai_server_time_to_first_token_seconds_sum{${CHAT}} 2`,
      `gen_ai_server_time_to_first_token_seconds_count{${CHAT}} 2`,
      `gen_ai_server_time_per_output_token_seconds_sum{${CHAT}} 1`,
      `gen_ai_server_time_per_output_token_seconds_count{${CHAT}} 1`,
    ],
  ],
  [
    'a stream that broke, and no other failure as one',
    [
      finished({ ...streamed, outcome: 'failed', code: 'connection_terminated' }),
      finished({ ...call, outcome: 'failed', status: 502, code: 'dns_error' }),
      finished({ ...streamed, outcome: 'left' }),
    ],
    [
      'inference_gateway_streams_broken_total{gen_ai_provider_name="groq",error_type="connection_terminated"} 1',
      `gen_ai_server_request_duration_seconds_count{${CHAT}} 1`,
      `gen_ai_server_request_duration_seconds_count{${CHAT},error_type="connection_terminated"} 1`,
      `gen_ai_server_request_duration_seconds_count{${CHAT},error_type="dns_error"} 1`,
    ],
  ],
  [
    'requests for names of the operator’s own, by who answered',
    [
      finished({ ...call, alias: 'fast' }),
      finished({ ...call, alias: 'fast', provider: 'openai' }),
      finished({ ...call, alias: 'fast', status: 503, provider: null, code: 'destination_unavailable' }),
      finished(call),
    ],
    [
      '{alias="fast",gen_ai_provider_name="groq"} 1',
      '{alias="fast",gen_ai_provider_name="openai"} 1',
      '{alias="fast",error_type="destination_unavailable"} 1',
    ].map((line) => `inference_gateway_alias_request_duration_seconds_count${line}`),
  ],
  [
    'tries by their outcome, and which of them were a retry and which a fallback',
    [
      finished({
        ...call,
        tries: [
          tried('groq', 'm', null),
          tried('groq', 'm', 429),
          tried('groq', 'n', 399),
          tried('openai', 'n', 400),
          tried('openai', 'n', 503),
          tried('openai', 'n', 200),
          { ...tried('xai', 'n', 200), code: 'http_response_incomplete' },
        ],
      }),
    ],
    [
      'inference_gateway_attempts_total{gen_ai_provider_name="groq",outcome="failed"} 1',
      'inference_gateway_attempts_total{gen_ai_provider_name="groq",outcome="refused"} 1',
      'inference_gateway_attempts_total{gen_ai_provider_name="groq",outcome="answered"} 1',
      'inference_gateway_attempts_total{gen_ai_provider_name="openai",outcome="refused"} 1',
      'inference_gateway_attempts_total{gen_ai_provider_name="xai",outcome="failed"} 1',
      'inference_gateway_attempts_total{gen_ai_provider_name="openai",outcome="failed"} 1',
      'inference_gateway_attempts_total{gen_ai_provider_name="openai",outcome="answered"} 1',
      'inference_gateway_retries_total{gen_ai_provider_name="groq"} 1',
      'inference_gateway_retries_total{gen_ai_provider_name="openai"} 2',
      'inference_gateway_fallbacks_total{from="groq",to="groq"} 1',
      'inference_gateway_fallbacks_total{from="groq",to="openai"} 1',
      'inference_gateway_fallbacks_total{from="openai",to="xai"} 1',
    ],
  ],
]

const nameIn = (line: string): string => /^\w+/.exec(line)?.[0] ?? ''

describe('the page tells', () => {
  test.each(cases)('%s', async (_, events, lines) => {
    const names = new Set(lines.map(nameIn))
    const told = (await linesAfter(events)).filter((line) => names.has(nameIn(line)))
    expect(told.toSorted()).toEqual(lines.toSorted())
  })
})
