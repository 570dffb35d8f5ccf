import type { Attributes, Histogram, Meter } from '@opentelemetry/api'
import type { ExchangeSummary, GatewayEvent, TokenUsage } from '../kernel/events.ts'
import { type CallSeries, createSeries } from './exchange-series.ts'
import { openCells, openHistogram } from './instruments.ts'
import type { Labels } from './labels.ts'
import type { Metric } from './metric.ts'
import { metrics } from './metric-table.ts'
import { refusalReason } from './refusal-reason.ts'

/** Counts what happens. What comes out never holds more series than the configuration has names. */
export function createMetrics(meter: Meter, labels: Labels): (event: GatewayEvent) => void {
  const seriesOf = createSeries(labels)
  const counter = counters(meter)
  const inFlight = counter(metrics.inFlight)({})
  const streams = counter(metrics.streams)({})
  const breaker = counter(metrics.breaker)
  const modelList = counter(metrics.modelList)
  const countExchange = exchangeMetrics(meter, counter)
  const countCall = callMetrics(meter, counter)
  const countTries = tryMetrics(counter)

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
      case 'auth.available':
      case 'auth.unavailable':
      case 'content':
    }
  }
}

const BREAKER_STATES = { closed: 0, cooling: 1, half_open: 2, open: 3 } as const

type Counter = (metric: Metric) => (labels: Attributes) => { value: number }

/** Finds a series by its labels; labels that are the same object are found without being looked at. */
function counters(meter: Meter): Counter {
  return (metric) => {
    const cells = openCells(meter, metric)
    const known = new WeakMap<Attributes, { value: number }>()
    return (labels) => {
      const found = known.get(labels)
      if (found !== undefined) return found
      const cell = cells.at(labels)
      known.set(labels, cell)
      return cell
    }
  }
}

function exchangeMetrics(meter: Meter, counter: Counter) {
  const http = openHistogram(meter, metrics.http)
  const overhead = openHistogram(meter, metrics.overhead)
  const disconnects = counter(metrics.disconnects)
  const refusals = counter(metrics.authRefusals)
  return (summary: ExchangeSummary, httpLabels: Attributes, route: Attributes): void => {
    http.record(summary.durationMs / 1000, httpLabels)
    overhead.record(summary.gatewayMs / 1000, route)
    if (summary.outcome === 'left') disconnects(route).value += 1
    const reason = refusalReason(summary.error)
    if (reason !== null) refusals({ reason }).value += 1
  }
}

function callMetrics(meter: Meter, counter: Counter) {
  const duration = openHistogram(meter, metrics.duration)
  const legacyDuration = openHistogram(meter, metrics.legacyDuration)
  const firstToken = openHistogram(meter, metrics.firstToken)
  const outputToken = openHistogram(meter, metrics.outputToken)
  const broken = counter(metrics.broken)
  const legacyRequests = counter(metrics.legacyRequests)
  const legacyResponses = counter(metrics.legacyResponses)
  const countUsage = usageMetrics(meter, counter)
  return (summary: ExchangeSummary, series: CallSeries): void => {
    const { durationMs, firstContentMs, usage, streamed, outcome } = summary
    duration.record(durationMs / 1000, series.outcome)
    legacyDuration.record(durationMs, series.legacyRequest)
    legacyRequests(series.legacyRequest).value += 1
    legacyResponses(series.legacyResponse).value += 1
    if (streamed && outcome === 'failed')
      broken({ 'gen_ai.provider.name': series.provider, 'error.type': series.error ?? 'other' }).value += 1
    if (firstContentMs !== null && streamed) {
      firstToken.record(firstContentMs / 1000, series.call)
      const further = (usage?.output ?? 0) - 1
      if (further > 0) outputToken.record((durationMs - firstContentMs) / 1000 / further, series.call)
    }
    if (usage !== null) countUsage(usage, summary.costUsd, series)
  }
}

function usageMetrics(meter: Meter, counter: Counter) {
  const tokens: Histogram = openHistogram(meter, metrics.tokens)
  const cost = counter(metrics.cost)
  const prompt = counter(metrics.legacyPromptTokens)
  const completion = counter(metrics.legacyCompletionTokens)
  const total = counter(metrics.legacyTotalTokens)
  return (usage: TokenUsage, costUsd: number | null, series: CallSeries): void => {
    const { cached = 0, reasoning = 0 } = usage
    tokens.record(usage.input, series.tokens.input)
    tokens.record(usage.output, series.tokens.output)
    // Most requests have none, and nobody asks how often there were none.
    if (cached > 0) tokens.record(cached, series.tokens.cached)
    if (reasoning > 0) tokens.record(reasoning, series.tokens.reasoning)
    prompt(series.legacyUsage).value += usage.input
    completion(series.legacyUsage).value += usage.output
    total(series.legacyUsage).value += usage.total
    if (costUsd !== null) cost(series.cost).value += costUsd
  }
}

function tryMetrics(counter: Counter) {
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
    for (const [index, { provider, model, status }] of tries.entries()) {
      const outcome = status === null ? 'failed' : status < 400 ? 'answered' : 'refused'
      attemptsOf(provider, outcome).value += 1
      const before = tries[index - 1]
      if (before === undefined) continue
      if (before.provider === provider && before.model === model)
        retries({ 'gen_ai.provider.name': provider }).value += 1
      else fallbacks({ from: before.provider, to: provider }).value += 1
    }
  }
}
