import { GatewayError } from '../kernel/errors.ts'
import type { Handler } from '../kernel/exchange.ts'

/** GET /health: the process is alive. No I/O, so that a probe can never make an outage worse. */
export const health: Handler = () => Response.json({ message: 'OK' })

/** GET /ready: configured, and not on its way out. */
export const ready =
  (isReady: () => boolean): Handler =>
  () => {
    if (!isReady())
      throw new GatewayError('not_ready', 'Not ready: starting or draining.', { headers: { 'retry-after': '1' } })
    return Response.json({ message: 'OK' })
  }
