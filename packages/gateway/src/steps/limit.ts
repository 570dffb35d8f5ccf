import { GatewayError } from '../kernel/errors.ts'
import type { ExchangeEvent } from '../kernel/events.ts'
import type { Exchange, Step } from '../kernel/exchange.ts'

/**
 * Lets at most `max` exchanges be under way at once, streams included; 0 = any number. One more is refused at once with
 * `overloaded`: a quick no is worth more to a client than a place in a queue that only grows.
 */
export function limit(max: number): Step {
  if (max === 0) return (next) => next
  let inFlight = 0
  return (next) => async (exchange) => {
    if (inFlight >= max) throw overloaded(max)
    inFlight++
    let isStreaming = false
    const tell = (event: ExchangeEvent) => {
      if (event.type === 'stream.opened') isStreaming = true
      if (event.type === 'stream.closed') inFlight--
      exchange.tell(event)
    }
    try {
      return await next({ ...exchange, tell } satisfies Exchange)
    } finally {
      if (!isStreaming) inFlight--
    }
  }
}

const overloaded = (max: number) =>
  new GatewayError(
    'overloaded',
    `The gateway has ${max} requests under way, as many as it takes (SERVER_MAX_IN_FLIGHT). Try again in a moment.`,
    {
      headers: { 'retry-after': '1', connection: 'close' },
    },
  )
