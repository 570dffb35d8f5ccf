import { GatewayError } from '../kernel/errors.ts'
import type { UpstreamAnswer } from '../providers/provider.ts'
import { concatenate } from './patch.ts'
import type { RelayOptions } from './relay.ts'

type Limits = Pick<RelayOptions, 'clock' | 'ticker' | 'idleTimeoutMs'>

/** Up to this size an answer of known length comes in one piece: it is read in one go, and its silence is its duration. */
const ONE_GO_BYTES = 1024 * 1024

/**
 * Reads an answer to its end. Throws http_response_incomplete when it breaks off, http_response_timeout when the
 * provider goes silent for longer than the idle timeout.
 */
export async function readWhole(answer: UpstreamAnswer, limits: Limits): Promise<Uint8Array<ArrayBuffer>> {
  const { clock, ticker, idleTimeoutMs } = limits
  let heardAt = clock.elapsed()
  let silence: GatewayError | null = null
  const stopLooking = ticker.add(() => {
    if (idleTimeoutMs === 0 || clock.elapsed() - heardAt < idleTimeoutMs) return
    silence = tooSilent(idleTimeoutMs)
    answer.abort(silence)
  })
  try {
    const length = Number(answer.headers.get('content-length') ?? Number.NaN)
    return await (length <= ONE_GO_BYTES ? answer.bytes() : readParts(answer, () => (heardAt = clock.elapsed())))
  } catch (error) {
    throw silence ?? brokenOff(error)
  } finally {
    stopLooking()
  }
}

async function readParts({ body }: UpstreamAnswer, onPart: () => void): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  const reader = body?.getReader()
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true }
    if (done) break
    onPart()
    parts.push(value)
  }
  const [only, ...others] = parts
  return only !== undefined && others.length === 0 ? only : concatenate(parts)
}

const tooSilent = (ms: number) =>
  new GatewayError(
    'http_response_timeout',
    `Request timed out: the provider sent nothing for ${ms} ms (CLIENT_STREAM_IDLE_TIMEOUT).`,
  )

const brokenOff = (cause: unknown) =>
  new GatewayError('http_response_incomplete', 'The provider closed the connection in the middle of its answer.', {
    cause,
  })
