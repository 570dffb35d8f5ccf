import type { Attributes } from '@opentelemetry/api'
import type { ExchangeSummary, GatewayEvent, TokenUsage, Try } from '../kernel/events.ts'
import { type CallSeries, createExchangeSeries } from './exchange-series.ts'
import type { Instruments } from './instruments.ts'
import type { Labels } from './labels.ts'
import { metrics } from './metric-table.ts'
import { refusalReason } from './refusal-reason.ts'

/** Counts what happens. What comes out never holds more series than the configuration has names. */
export function createMetrics(instruments: Instruments, labels: Labels): (event: GatewayEvent) => void {
  const seriesOf = createExchangeSeries(labels)
  const { counter } = instruments
  const inFlight = counter(metrics.inFlight)({})
  const streams = counter(metrics.streams)({})
  const breaker = counter(metrics.breaker)
  const modelList = counter(metrics.modelList)
  const authKeys = counter(metrics.authKeys)
  const countExchange = exchangeMetrics(instruments)
  const countCall = callMetrics(instruments)
  const countTries = tryMetrics(instruments)
  const countAlias = aliasMetrics(instruments, labels)

  return (event) => {
    switch (event.type) {
      case 'exchange.started':
        inFlight.value += 1
        break
      case 'exchange.streaming':
        streams.value += 1
        break
      case 'exchange.finished': {
        const { summary } = event
        const { http, route, call } = seriesOf(summary)
        inFlight.value -= 1
        if (summary.streamed) streams.value -= 1
        countExchange(summary, http, route)
        countTries(summary)
        countAlias(summary)
        if (call !== null) countCall(summary, call)
        break
      }
      case 'breaker':
        breaker({
          'gen_ai.provider.name': event.provider,
          'gen_ai.request.model': labels.model(event.provider, event.model),
        }).value = BREAKER_STATES[event.state]
        break
      case 'models.unavailable':
        modelList({ 'gen_ai.provider.name': event.provider }).value = 0
        break
      case 'models.available':
        modelList({ 'gen_ai.provider.name': event.provider }).value = 1
        break
      case 'auth.unavailable':
        authKeys({}).value = 0
        break
      case 'auth.available':
        authKeys({}).value = 1
        break
      case 'content':
    }
  }
}

const BREAKER_STATES = { closed: 0, cooling: 1, half_open: 2, open: 3 } as const

function exchangeMetrics({ counter, histogram }: Instruments) {
  const http = histogram(metrics.http)
  const overhead = histogram(metrics.overhead)
  const disconnects = counter(metrics.disconnects)
  const refusals = counter(metrics.authRefusals)
  return (summary: ExchangeSummary, httpLabels: Attributes, route: Attributes): void => {
    http(httpLabels).record(summary.durationMs / 1000)
    overhead(route).record(summary.gatewayMs / 1000)
    if (summary.outcome === 'left') disconnects(route).value += 1
    const reason = refusalReason(summary.error)
    if (reason !== null) refusals({ reason }).value += 1
  }
}

function callMetrics(instruments: Instruments) {
  const { counter, histogram } = instruments
  const duration = histogram(metrics.duration)
  const legacyDuration = histogram(metrics.legacyDuration)
  const firstToken = histogram(metrics.firstToken)
  const outputToken = histogram(metrics.outputToken)
  const broken = counter(metrics.broken)
  const legacyRequests = counter(metrics.legacyRequests)
  const legacyResponses = counter(metrics.legacyResponses)
  const countUsage = usageMetrics(instruments)
  return (summary: ExchangeSummary, series: CallSeries): void => {
    const { durationMs, firstContentMs, usage, streamed, outcome } = summary
    duration(series.outcome).record(durationMs / 1000)
    legacyDuration(series.legacyRequest).record(durationMs)
    legacyRequests(series.legacyRequest).value += 1
    legacyResponses(series.legacyResponse).value += 1
    if (streamed && outcome === 'failed')
      broken({ 'gen_ai.provider.name': series.provider, 'error.type': series.error ?? 'other' }).value += 1
    if (firstContentMs !== null && streamed) {
      firstToken(series.call).record(firstContentMs / 1000)
      const further = (usage?.output ?? 0) - 1
      if (further > 0) outputToken(series.call).record((durationMs - firstContentMs) / 1000 / further)
    }
    if (usage !== null) countUsage(usage, summary.costUsd, series)
  }
}

function usageMetrics({ counter, histogram }: Instruments) {
  const tokens = histogram(metrics.tokens)
  const cost = counter(metrics.cost)
  const prompt = counter(metrics.legacyPromptTokens)
  const completion = counter(metrics.legacyCompletionTokens)
  const total = counter(metrics.legacyTotalTokens)
  return (usage: TokenUsage, costUsd: number | null, series: CallSeries): void => {
    const { cached = 0, reasoning = 0 } = usage
    tokens(series.tokens.input).record(usage.input)
    tokens(series.tokens.output).record(usage.output)
    // Most requests have none, and nobody asks how often there were none.
    if (cached > 0) tokens(series.tokens.cached).record(cached)
    if (reasoning > 0) tokens(series.tokens.reasoning).record(reasoning)
    prompt(series.legacyUsage).value += usage.input
    completion(series.legacyUsage).value += usage.output
    total(series.legacyUsage).value += usage.total
    if (costUsd !== null) cost(series.cost).value += costUsd
  }
}

/** The names are the operator's, so their number is bounded. */
function aliasMetrics({ histogram }: Instruments, labels: Labels) {
  const duration = histogram(metrics.alias)
  return ({ alias, provider, code, status, durationMs }: ExchangeSummary): void => {
    if (alias === null) return
    const error = labels.error(code, status)
    const series = duration({
      alias,
      ...(provider !== null && { 'gen_ai.provider.name': provider }),
      ...(error !== null && { 'error.type': error }),
    })
    series.record(durationMs / 1000)
  }
}

/** Refused is what the provider blames on the request, the key or the account; the rest is its own fault. */
function outcomeOf({ status, code }: Try): string {
  if (status === null || status >= 500) return 'failed'
  if (status >= 400) return 'refused'
  return code === null ? 'answered' : 'failed'
}

function tryMetrics({ counter }: Instruments) {
  const attempts = counter(metrics.attempts)
  // Looked up for every request: by a name, which is cheaper to compare than labels.
  const known = new Map<string, { value: number }>()
  const attemptsOf = (provider: string, outcome: string) => {
    const key = `${outcome} ${provider}`
    const cell = known.get(key) ?? attempts({ 'gen_ai.provider.name': provider, outcome })
    known.set(key, cell)
    return cell
  }
  const retries = counter(metrics.retries)
  const fallbacks = counter(metrics.fallbacks)
  return ({ tries }: ExchangeSummary): void => {
    for (const [index, each] of tries.entries()) {
      const { provider, model } = each
      attemptsOf(provider, outcomeOf(each)).value += 1
      const before = tries[index - 1]
      if (before === undefined) continue
      if (before.provider === provider && before.model === model)
        retries({ 'gen_ai.provider.name': provider }).value += 1
      else fallbacks({ from: before.provider, to: provider }).value += 1
    }
  }
}
