import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { newSpanId, traceHeaders } from '../kernel/trace.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from '../providers/provider.ts'

export interface Sender {
  readonly upstream: Upstream
  readonly clock: Clock
}

/** One attempt: tells who is asked, asks, and tells how it went. Throws what the upstream throws. */
export async function send(
  { upstream, clock }: Sender,
  exchange: Exchange,
  request: UpstreamRequest,
  model: string | null,
): Promise<UpstreamAnswer> {
  const provider = request.account.provider.id
  const startedAt = clock.elapsed()
  const { trace } = exchange
  const spanId = trace === null ? null : newSpanId()
  exchange.tell({ type: 'target', provider, model })
  let answer: UpstreamAnswer | null = null
  let code: string | null = null
  try {
    const traced = trace === null || spanId === null ? request : { ...request, trace: traceHeaders(trace, spanId) }
    answer = await upstream.send(traced)
    return answer
  } catch (error) {
    if (error instanceof GatewayError) code = error.code
    throw error
  } finally {
    const status = answer?.status ?? null
    const upstreamRequestId = answer === null ? null : requestIdOf(answer)
    const durationMs = clock.elapsed() - startedAt
    const requestBytes = request.body instanceof Uint8Array ? request.body.byteLength : 0
    exchange.tell({
      type: 'attempt',
      provider,
      model,
      status,
      code,
      durationMs,
      upstreamRequestId,
      requestBytes,
      spanId,
    })
  }
}

/** The provider's own id of the request, under the names providers give it. */
const requestIdOf = ({ headers }: UpstreamAnswer): string | null =>
  headers['x-request-id'] ?? headers['request-id'] ?? null
