import { GatewayError } from '../kernel/errors.ts'
import type { Watcher } from '../kernel/ticker.ts'
import type { AnswerBody, PartSink, UpstreamAnswer } from '../providers/provider.ts'
import { concatenate } from './patch.ts'
import type { RelayOptions } from './relay.ts'

type Limits = Pick<RelayOptions, 'clock' | 'ticker' | 'idleTimeoutMs' | 'idleSetting'>

/**
 * Reads an answer to its end. Throws http_response_incomplete when it breaks off, http_response_timeout when the
 * provider goes silent for longer than the idle timeout.
 */
export function readWhole(answer: UpstreamAnswer, limits: Limits): Promise<Uint8Array<ArrayBuffer>> {
  const { body } = answer
  if (body === null) return Promise.resolve(new Uint8Array(0))
  return new Promise((resolve, reject) => body.next(new Collector(answer, body, limits, { resolve, reject })))
}

interface Settle {
  readonly resolve: (bytes: Uint8Array<ArrayBuffer>) => void
  readonly reject: (error: unknown) => void
}

class Collector implements PartSink, Watcher {
  readonly #answer: UpstreamAnswer
  readonly #body: AnswerBody
  readonly #limits: Limits
  readonly #settle: Settle
  readonly #parts: Uint8Array<ArrayBuffer>[] = []
  #hasStirred = true
  #silentSince = 0

  constructor(answer: UpstreamAnswer, body: AnswerBody, limits: Limits, settle: Settle) {
    this.#answer = answer
    this.#body = body
    this.#limits = limits
    this.#settle = settle
    limits.ticker.add(this)
  }

  part(bytes: Uint8Array<ArrayBuffer>): void {
    this.#hasStirred = true
    this.#parts.push(bytes)
    this.#body.next(this)
  }

  end(): void {
    this.#limits.ticker.remove(this)
    const [only, ...others] = this.#parts
    this.#settle.resolve(only !== undefined && others.length === 0 ? only : concatenate(this.#parts))
  }

  fault(error: unknown): void {
    this.#limits.ticker.remove(this)
    this.#settle.reject(error instanceof GatewayError ? error : brokenOff(error))
  }

  look(): void {
    const { clock, idleTimeoutMs, idleSetting } = this.#limits
    const now = clock.elapsed()
    if (this.#hasStirred) this.#silentSince = now
    this.#hasStirred = false
    if (idleTimeoutMs > 0 && now - this.#silentSince >= idleTimeoutMs)
      this.#answer.abort(tooSilent(idleTimeoutMs, idleSetting))
  }
}

const tooSilent = (ms: number, setting: string) =>
  new GatewayError('http_response_timeout', `Request timed out: the provider sent nothing for ${ms} ms (${setting}).`)

const brokenOff = (cause: unknown) =>
  new GatewayError('http_response_incomplete', 'The provider closed the connection in the middle of its answer.', {
    cause,
  })
