import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Watcher } from '../kernel/ticker.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import type { Call, Phase } from './call.ts'

/** How long each phase of a call may take, ms; 0 = no limit. */
export interface CallLimits {
  /** Until the connection stands, TLS included. */
  readonly connectTimeoutMs: number
  /** Without a byte of the request going out. */
  readonly sendTimeoutMs: number
  /** From the last byte of the request to the end of the answer's head. */
  readonly responseHeaderTimeoutMs: number
}

/** Ends a call that nobody waits for any more, or whose provider takes too long. */
export class CallWatch implements Watcher {
  #call: Call | null = null
  readonly #request: UpstreamRequest
  readonly #limits: CallLimits
  readonly #clock: Clock
  readonly #end: () => unknown
  #phase: Phase | null = null
  #sentBytes = 0
  #since = 0
  #startedAt: number | null = null

  /** `end` answers why all calls have to end now, `null` while none has. */
  constructor(request: UpstreamRequest, limits: CallLimits, clock: Clock, end: () => unknown) {
    this.#request = request
    this.#limits = limits
    this.#clock = clock
    this.#end = end
  }

  over(call: Call): this {
    this.#call = call
    return this
  }

  look(): void {
    const call = this.#call
    if (call === null) return
    const { signal, account } = this.#request
    if (signal.aborted) return call.abort(signal.reason)
    const end = this.#end()
    if (end !== null) return call.abort(end)
    const { phase, sentBytes } = call
    // How long a body may be silent is for its reader to say.
    if (phase === 'body' || phase === 'over') return
    const now = this.#clock.elapsed()
    if (phase !== this.#phase || sentBytes !== this.#sentBytes) {
      this.#phase = phase
      this.#sentBytes = sentBytes
      this.#since = now
    }
    this.#startedAt ??= now
    const { answerWithinMs = null } = this.#request
    if (answerWithinMs !== null && now - this.#startedAt >= answerWithinMs)
      return call.abort(noAnswer(account.provider.id, answerWithinMs))
    const limitMs = this.#limitMs(phase)
    if (limitMs > 0 && now - this.#since >= limitMs) call.abort(tooLong(account.provider.id, phase, limitMs))
  }

  #limitMs(phase: 'connect' | 'send' | 'answer'): number {
    if (phase === 'connect') return this.#limits.connectTimeoutMs
    return phase === 'send' ? this.#limits.sendTimeoutMs : this.#limits.responseHeaderTimeoutMs
  }
}

const noAnswer = (provider: string, ms: number) =>
  new GatewayError('http_response_timeout', `Request timed out: ${provider} did not answer within ${ms} ms.`)

function tooLong(provider: string, phase: 'connect' | 'send' | 'answer', ms: number): GatewayError {
  const late = 'Request timed out:'
  if (phase === 'connect')
    return new GatewayError('connection_timeout', `${late} ${provider} did not accept a connection within ${ms} ms.`)
  const what = phase === 'send' ? 'took nothing of the request for' : 'sent no answer within'
  const setting = phase === 'send' ? 'CLIENT_TIMEOUT' : 'CLIENT_RESPONSE_HEADER_TIMEOUT'
  return new GatewayError('http_response_timeout', `${late} ${provider} ${what} ${ms} ms (${setting}).`)
}
