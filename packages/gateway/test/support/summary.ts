import { anonymous } from '../../src/kernel/caller.ts'
import type { ExchangeSummary } from '../../src/kernel/events.ts'

/** What is known of a plain request that went well and asked no provider, but for these members. */
export const summaryOf = (changes: Partial<ExchangeSummary>): ExchangeSummary => ({
  id: 'id',
  route: '/v1/chat/completions',
  method: 'POST',
  path: '/v1/chat/completions',
  caller: anonymous,
  status: 200,
  code: null,
  outcome: 'complete',
  streamed: false,
  requested: null,
  provider: null,
  model: null,
  alias: null,
  upstreamRequestId: null,
  tries: [],
  usage: null,
  costUsd: null,
  trace: null,
  durationMs: 12,
  gatewayMs: 1,
  waitedMs: 0,
  upstreamMs: null,
  firstContentMs: null,
  content: null,
  error: null,
  ...changes,
})
