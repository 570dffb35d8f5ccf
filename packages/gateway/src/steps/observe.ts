import type { Clock } from '../kernel/clock.ts'
import type { Emit, Outcome } from '../kernel/events.ts'
import type { Exchange, Watch } from '../kernel/exchange.ts'
import type { PriceOf } from '../kernel/prices.ts'
import { codeOf, plainCode } from './error-code.ts'
import { Observation } from './observation.ts'

export interface ObserveParts {
  readonly clock: Clock
  readonly emit: Emit
  readonly priceOf: PriceOf
  readonly errorReply: (error: unknown, exchange: Exchange) => Response
}

/** nginx's status for a client that did not wait; seen in logs and metrics only. */
const CLIENT_LEFT = 499

/** Nobody leaves an answer that comes at once; whether somebody did costs more to ask than such an answer. */
const PATIENT_MS = 100

// The same for every exchange, so that telling costs nothing.
const STARTED = { type: 'exchange.started' } as const
const STREAMING = { type: 'exchange.streaming' } as const

/** Stands around all steps: every answer gets its headers, every error becomes an answer, every exchange is told of once. */
export function observe({ clock, emit, priceOf, errorReply }: ObserveParts): Watch {
  return async (handler, open) => {
    emit(STARTED)
    const observation = new Observation(clock, priceOf)
    let status = 200
    const exchange = open((event) => {
      observation.note(event)
      if (event.type === 'stream.opened') emit(STREAMING)
      if (event.type === 'stream.closed')
        finish(event.outcome === 'left' ? CLIENT_LEFT : status, event.outcome, event.code && plainCode(event.code))
    })
    const finish = (finalStatus: number, outcome: Outcome, code: string | null) => {
      exchange.done()
      emit({ type: 'exchange.finished', summary: observation.summary(exchange, finalStatus, outcome, code) })
    }
    let response: Response
    let error: unknown = null
    try {
      response = await handler(exchange)
    } catch (thrown) {
      error = thrown
      response = errorReply(error, exchange)
    }
    observation.putHeaders(response.headers, exchange, response.status >= 400)
    status = response.status
    if (observation.isStreamed) return response
    if (error !== null) exchange.tell({ type: 'fault', error })
    // Whoever left during the call has made it fail, or waited for long.
    const mayHaveLeft = error !== null || observation.elapsedMs() > PATIENT_MS
    if (mayHaveLeft && exchange.signal.aborted) finish(CLIENT_LEFT, 'left', 'client_closed_request')
    else {
      // An answer may be passed on as it came and be a refusal all the same.
      const fault = error ?? observation.fault
      finish(status, status < 400 && fault === null ? 'complete' : 'failed', codeOf(fault))
    }
    return response
  }
}
