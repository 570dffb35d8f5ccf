import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from '../providers/provider.ts'

export interface Sender {
  readonly upstream: Upstream
  readonly clock: Clock
}

/** One attempt: tells who is asked, asks, and tells how it went. Throws what the upstream throws. */
export async function send(
  sender: Sender,
  exchange: Exchange,
  request: UpstreamRequest,
  model: string | null,
): Promise<UpstreamAnswer> {
  const provider = request.account.provider.id
  const startedAt = sender.clock.elapsed()
  const finish = (status: number | null, code: string | null, upstreamRequestId: string | null) =>
    exchange.tell({
      type: 'attempt',
      provider,
      model,
      status,
      code,
      durationMs: sender.clock.elapsed() - startedAt,
      upstreamRequestId,
    })
  exchange.tell({ type: 'target', provider, model })
  try {
    const answer = await sender.upstream.send(request)
    finish(answer.status, null, requestIdOf(answer.headers))
    return answer
  } catch (error) {
    finish(null, error instanceof GatewayError ? error.code : null, null)
    throw error
  }
}

/** The provider's own id of the request, under the names providers give it. */
const requestIdOf = (headers: Headers): string | null => headers.get('x-request-id') ?? headers.get('request-id')
