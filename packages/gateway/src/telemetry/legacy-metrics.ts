import type { Metric } from './metric.ts'

const LEGACY_BUCKETS = [1, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000]

const LEGACY_CALL = ['provider', 'request_method', 'request_path'] as const

/** Names that dashboards of older gateways ask for. */
export const legacyMetrics = {
  legacyPromptTokens: {
    name: 'llm_usage_prompt_tokens',
    prometheus: 'llm_usage_prompt_tokens',
    kind: 'counter',
    unit: '{token}',
    about: 'Input tokens. Older name; see `gen_ai_client_token_usage`.',
    labels: ['provider', 'model'],
  },
  legacyCompletionTokens: {
    name: 'llm_usage_completion_tokens',
    prometheus: 'llm_usage_completion_tokens',
    kind: 'counter',
    unit: '{token}',
    about: 'Output tokens. Older name; see `gen_ai_client_token_usage`.',
    labels: ['provider', 'model'],
  },
  legacyTotalTokens: {
    name: 'llm_usage_total_tokens',
    prometheus: 'llm_usage_total_tokens',
    kind: 'counter',
    unit: '{token}',
    about: 'Input and output tokens. Older name; see `gen_ai_client_token_usage`.',
    labels: ['provider', 'model'],
  },
  legacyRequests: {
    name: 'llm_requests',
    prometheus: 'llm_requests_total',
    kind: 'counter',
    unit: '{request}',
    about: 'Requests that a provider was asked for. Older name; see `gen_ai_server_request_duration_seconds`.',
    labels: LEGACY_CALL,
  },
  legacyResponses: {
    name: 'llm_responses',
    prometheus: 'llm_responses_total',
    kind: 'counter',
    unit: '{response}',
    about: 'Answers to them. Older name; see `http_server_request_duration_seconds`.',
    labels: [...LEGACY_CALL, 'status_code'],
  },
  legacyDuration: {
    name: 'llm_request_duration',
    prometheus: 'llm_request_duration',
    kind: 'histogram',
    unit: 'ms',
    about: 'How long they took. Older name; see `gen_ai_server_request_duration_seconds`.',
    labels: LEGACY_CALL,
    buckets: LEGACY_BUCKETS,
  },
} as const satisfies Record<string, Metric>
