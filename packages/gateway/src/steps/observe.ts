import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Emit, ExchangeEvent, Outcome } from '../kernel/events.ts'
import type { Exchange, Handler, Step } from '../kernel/exchange.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import { Observation } from './observation.ts'

export interface ObserveParts {
  readonly clock: Clock
  readonly emit: Emit
  readonly errorReply: (error: unknown, exchange: Exchange) => Response
}

/** nginx's status for a client that did not wait; seen in logs and metrics only. */
const CLIENT_LEFT = 499

/** The outermost step: every answer gets its headers, every error becomes an answer, every exchange is told of once. */
export function observe({ clock, emit, errorReply }: ObserveParts): Step {
  return (next) => async (outer) => {
    const observation = new Observation(clock)
    const finish = (status: number, outcome: Outcome, code: string | null) =>
      emit({ type: 'exchange.finished', summary: observation.summary(exchange, status, outcome, code) })
    let status = 200
    const tell = (event: ExchangeEvent) => {
      observation.note(event)
      if (event.type !== 'stream.closed') return
      finish(event.outcome === 'left' ? CLIENT_LEFT : status, event.outcome, event.code)
    }
    const exchange: Exchange = { ...outer, tell }
    const { response, error } = await answer(next, exchange, errorReply)
    observation.putHeaders(response.headers, exchange)
    status = response.status
    if (observation.isStreamed) return response
    if (error !== null) tell({ type: 'fault', error })
    if (exchange.signal.aborted) finish(CLIENT_LEFT, 'left', 'client_closed_request')
    else finish(status, status < 400 ? 'complete' : 'failed', codeOf(error))
    return response
  }
}

async function answer(next: Handler, exchange: Exchange, errorReply: ObserveParts['errorReply']) {
  try {
    return { response: await next(exchange), error: null }
  } catch (error) {
    return { response: errorReply(error, exchange), error }
  }
}

function codeOf(error: unknown): string | null {
  if (error === null) return null
  if (error instanceof ProviderError) return String(error.fault.code ?? error.fault.type)
  return error instanceof GatewayError ? error.code : 'internal_error'
}
