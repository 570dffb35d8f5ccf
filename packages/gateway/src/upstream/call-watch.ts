import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Watcher } from '../kernel/ticker.ts'
import type { TimeLimit, UpstreamRequest } from '../providers/provider.ts'
import type { Call, Phase } from './call.ts'

/** How long each phase of a call may take, ms; 0 = no limit. */
export interface CallLimits {
  /** Until the connection stands, TLS included. */
  readonly connectTimeoutMs: number
  /** Without a byte of the request going out. */
  readonly sendTimeoutMs: number
  /** From the last byte of the request to the end of the answer's head. */
  readonly responseHeader: TimeLimit
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
    const { answerWithin = null, responseHeader = null } = this.#request
    const { id } = account.provider
    if (answerWithin !== null && now - this.#startedAt >= answerWithin.ms) return call.abort(noAnswer(id, answerWithin))
    const passed = (ms: number) => ms > 0 && now - this.#since >= ms
    const { connectTimeoutMs, sendTimeoutMs } = this.#limits
    const headLimit = responseHeader ?? this.#limits.responseHeader
    if (phase === 'connect' && passed(connectTimeoutMs)) call.abort(notConnected(id, connectTimeoutMs))
    if (phase === 'send' && passed(sendTimeoutMs)) call.abort(notTaken(id, sendTimeoutMs))
    if (phase === 'answer' && passed(headLimit.ms)) call.abort(noAnswer(id, headLimit))
  }
}

const LATE = 'Request timed out:'

const notConnected = (provider: string, ms: number) =>
  new GatewayError(
    'connection_timeout',
    `${LATE} ${provider} did not accept a connection within ${ms} ms (CLIENT_TIMEOUT, but 10s at most).`,
  )

const notTaken = (provider: string, ms: number) =>
  new GatewayError(
    'http_response_timeout',
    `${LATE} ${provider} took nothing of the request for ${ms} ms (CLIENT_TIMEOUT).`,
  )

/** The head of an answer has not come in time. */
export const noAnswer = (provider: string, { ms, setting }: TimeLimit) =>
  new GatewayError('http_response_timeout', `${LATE} ${provider} sent no answer within ${ms} ms (${setting}).`)
