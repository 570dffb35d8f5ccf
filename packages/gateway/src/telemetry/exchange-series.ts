import type { Attributes } from '@opentelemetry/api'
import type { ExchangeSummary } from '../kernel/events.ts'
import { type Labels, OTHER } from './labels.ts'

/** The labels of one kind of exchange, for all metrics. */
export interface ExchangeSeries {
  readonly http: Attributes
  readonly route: Attributes
  /** `null`: no provider was asked. */
  readonly call: CallSeries | null
}

export interface CallSeries {
  readonly provider: string
  readonly model: string
  readonly error: string | null
  readonly call: Attributes
  /** With the kind of error, if there was one. */
  readonly outcome: Attributes
  readonly tokens: Readonly<Record<TokenType, Attributes>>
  readonly cost: Attributes
  readonly legacyUsage: Attributes
  readonly legacyRequest: Attributes
  readonly legacyResponse: Attributes
}

export type TokenType = 'input' | 'output' | 'cached' | 'reasoning'

/** Above that, what is known is forgotten and made again. The labels are bounded, their combinations are many. */
const SERIES_LIMIT = 2000

/**
 * Finds the labels of an exchange. The same exchange always gets the same objects: building a dozen sets of labels would
 * cost more than all the counting.
 */
export function createExchangeSeries(labels: Labels): (summary: ExchangeSummary) => ExchangeSeries {
  const known = new Map<string, ExchangeSeries>()
  return (summary) => {
    const { route, provider, model, usage } = summary
    const facts = {
      method: labels.method(summary.method),
      status: labels.status(summary.status),
      error: labels.error(summary.code, summary.status),
      operation: provider === null ? '' : labels.operation(route, summary.path),
      model: provider === null || model === null ? OTHER : labels.model(provider, model),
      isEstimated: usage?.isEstimated === true,
    }
    const { method, status, error, operation } = facts
    const key = `${route} ${method} ${status} ${error} ${provider} ${operation} ${facts.isEstimated} ${facts.model}`
    const found = known.get(key)
    if (found !== undefined) return found
    const made = { ...seriesOf(route, facts), call: provider === null ? null : callOf(route, provider, facts) }
    if (known.size >= SERIES_LIMIT) known.clear()
    known.set(key, made)
    return made
  }
}

interface Facts {
  readonly method: string
  readonly status: string
  readonly error: string | null
  readonly operation: string
  readonly model: string
  readonly isEstimated: boolean
}

function seriesOf(route: string, { method, status, error }: Facts): Omit<ExchangeSeries, 'call'> {
  return {
    http: {
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      ...(error === null ? {} : { 'error.type': error }),
    },
    route: { 'http.route': route },
  }
}

function callOf(route: string, provider: string, { method, status, error, operation, ...facts }: Facts): CallSeries {
  const { model } = facts
  const estimated = facts.isEstimated ? { estimated: 'true' } : {}
  const target = { 'gen_ai.provider.name': provider, 'gen_ai.request.model': model }
  const call = { 'gen_ai.operation.name': operation, ...target }
  const tokens = (type: TokenType): Attributes => ({ ...call, 'gen_ai.token.type': type, ...estimated })
  const legacyRequest = { provider, request_method: method, request_path: route }
  return {
    provider,
    model,
    error,
    call,
    outcome: error === null ? call : { ...call, 'error.type': error },
    tokens: {
      input: tokens('input'),
      output: tokens('output'),
      cached: tokens('cached'),
      reasoning: tokens('reasoning'),
    },
    cost: { ...target, ...estimated },
    legacyUsage: { provider, model },
    legacyRequest,
    legacyResponse: { ...legacyRequest, status_code: status },
  }
}
