import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Outcome, TokenUsage } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { answerId } from '../kernel/request-id.ts'
import type { Ticker, Watcher } from '../kernel/ticker.ts'
import type { PartSink, UpstreamAnswer } from '../providers/provider.ts'
import type { ChatTap } from './tap.ts'
import { concatenate } from './patch.ts'
import type { OpenedStream } from './preamble.ts'

export interface RelayOptions {
  readonly clock: Clock
  readonly ticker: Ticker
  /** Longest silence of a provider within an answer, ms; 0 = no limit. */
  readonly idleTimeoutMs: number
  /** Where that is set, for whoever wants it longer. */
  readonly idleSetting: string
  /** Longest stream, ms; 0 = no limit. */
  readonly maxDurationMs: number
  /** Silence towards the client after which a comment keeps the connection alive, ms; 0 = never. */
  readonly keepaliveMs: number
  /** Longest time a client may take nothing while something is there to take, ms; 0 = no limit. */
  readonly writeTimeoutMs: number
  /** Whether the process is leaving and nothing may go on. */
  readonly isLeaving: () => boolean
  /** An error as an event in the client's dialect. */
  readonly errorEvent: (exchange: Exchange, error: unknown) => string
  /** What keeps the connection alive, where it is not a comment. */
  readonly keepalive?: Uint8Array
}

/** One newline: a blank line would dispatch an empty event in some clients. */
const KEEPALIVE = new TextEncoder().encode(': keep-alive\n')

/**
 * The error event needs a moment on the wire before the connection is reset, or the reset overtakes it. Waited for in
 * steps: when the process has stood still, one timer is over before the socket has had its turn.
 */
const FAREWELL_MS = 500

/** A client that does not take its error event for this long goes without. */
const TAKING_MS = 2000
const LOOK_EVERY_MS = 20

/**
 * Passes a provider's stream to the client, event by event, as fast as the client reads. A stream that breaks, stalls
 * or ends without its terminal event gives the client an error event and a broken connection: never a proper end.
 */
export function relayStream(
  exchange: Exchange,
  opened: OpenedStream,
  tap: ChatTap,
  options: RelayOptions,
): ReadableStream<Uint8Array> {
  exchange.tell({ type: 'stream.opened' })
  // Nothing is read ahead: a client that stops reading holds the provider back.
  return new ReadableStream(new Relay(exchange, opened, tap, options), { highWaterMark: 0 })
}

type Controller = ReadableStreamDefaultController<Uint8Array>

/** Stands between a provider's body and a client's stream. Nothing here is made anew for an event. */
class Relay implements UnderlyingDefaultSource<Uint8Array>, PartSink, Watcher {
  readonly #exchange: Exchange
  readonly #answer: UpstreamAnswer
  readonly #tap: ChatTap
  readonly #options: RelayOptions
  readonly #startedAt: number
  #held: readonly Uint8Array[]
  #controller: Controller | null = null
  #isClosed = false
  #hasContent = false
  #isReading = false
  /** Since when the side that is waited for has been silent: the provider while reading, else the client. */
  #silentSince: number
  /** Since when nothing has gone to the client. */
  #quietSince: number
  // Set at every event, and turned into times by the ticker: reading a clock costs more than relaying an event should.
  #hasStirred = true
  #hasWritten = true
  #bytes = 0

  constructor(exchange: Exchange, { answer, held }: OpenedStream, tap: ChatTap, options: RelayOptions) {
    this.#exchange = exchange
    this.#answer = answer
    this.#held = held
    this.#tap = tap
    this.#options = options
    this.#startedAt = this.#silentSince = this.#quietSince = options.clock.elapsed()
  }

  start(controller: Controller): void {
    this.#controller = controller
    this.#options.ticker.add(this)
  }

  // Answers nothing: the stream asks again once something has been put into it. A promise per event would cost more.
  pull(): void {
    if (this.#isReading) return
    this.#isReading = this.#hasStirred = true
    const { body } = this.#answer
    if (this.#held.length > 0) this.#forwardHeld()
    else if (body === null) this.end()
    else body.next(this)
  }

  #forwardHeld(): void {
    const held = concatenate(this.#held)
    this.#held = []
    this.#isReading = false
    this.#forward(held)
  }

  part(bytes: Uint8Array<ArrayBuffer>): void {
    this.#isReading = false
    if (!this.#isClosed) this.#forward(this.#tap.push(bytes))
  }

  end(): void {
    if (this.#isClosed) return
    const rest = this.#tap.end()
    const { isFinished, error } = this.#tap.state
    if (!isFinished && error === null) return void this.#breakOff(incomplete(null))
    if (rest.byteLength > 0) this.#forward(rest)
    this.#close(error === null ? 'complete' : 'failed', error === null ? null : 'provider_error')
    this.#controller?.close()
  }

  fault(error: unknown): void {
    // After the last event a broken connection takes nothing away.
    if (this.#tap.state.isDone) this.end()
    else void this.#breakOff(error instanceof GatewayError ? error : incomplete(error))
  }

  /** The client has gone. After the last event that is how many clients say goodbye. */
  cancel(reason: unknown): void {
    this.#close(this.#tap.state.isDone ? 'complete' : 'left', null)
    this.#answer.abort(reason)
  }

  /** An event that is not whole yet leaves nothing to forward: then more is asked for. */
  #forward(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return this.pull()
    this.#bytes += chunk.byteLength
    this.#hasWritten = this.#hasStirred = true
    if (!this.#hasContent && this.#tap.state.hasContent) {
      this.#hasContent = true
      this.#exchange.tell({ type: 'stream.first-content' })
    }
    this.#controller?.enqueue(chunk)
  }

  /** Ends the stream so that nobody can take it for whole. */
  async #breakOff(error: GatewayError): Promise<void> {
    if (this.#isClosed) return
    if (this.#exchange.signal.aborted) return this.cancel(this.#exchange.signal.reason)
    this.#exchange.tell({ type: 'fault', error })
    this.#close('failed', error.code)
    this.#answer.abort(error)
    if (this.#tap.isBetweenEvents) this.#controller?.enqueue(encode(this.#options.errorEvent(this.#asker(), error)))
    await this.#taken()
    for (let waitedMs = 0; waitedMs < FAREWELL_MS; waitedMs += LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS)
    this.#controller?.error(error)
  }

  /** What is still in the stream when it is made to fail is lost: the client gets a while to take it. */
  async #taken(): Promise<void> {
    for (let waitedMs = 0; waitedMs < TAKING_MS && (this.#controller?.desiredSize ?? 0) < 0; waitedMs += LOOK_EVERY_MS)
      await sleep(LOOK_EVERY_MS)
  }

  /** The event names the request as the answer's head has done. */
  #asker(): Exchange {
    return { ...this.#exchange, id: answerId(this.#exchange, new Headers(this.#answer.headers)) }
  }

  #close(outcome: Outcome, code: string | null): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.ticker.remove(this)
    const { usage, isUsagePartial = false, tokensPerByte = 0, tokens: counted } = this.#tap.state
    const bytes = this.#bytes
    const tokens = Math.ceil(counted ?? bytes * tokensPerByte) || null
    const isCut = isUsagePartial && outcome !== 'complete'
    if (usage !== null) this.#exchange.tell({ type: 'usage', usage: isCut ? atLeast(usage, tokens ?? 0) : usage })
    this.#exchange.tell({ type: 'stream.closed', outcome, code, bytes, tokens })
  }

  look(): void {
    const { clock, idleTimeoutMs, idleSetting, maxDurationMs, keepaliveMs, writeTimeoutMs } = this.#options
    const now = clock.elapsed()
    if (this.#hasStirred) this.#silentSince = now
    if (this.#hasWritten) this.#quietSince = now
    this.#hasStirred = this.#hasWritten = false
    const passed = (since: number, limitMs: number) => limitMs > 0 && now - since >= limitMs
    if (this.#options.isLeaving()) void this.#breakOff(shutdown())
    else if (passed(this.#startedAt, maxDurationMs)) void this.#breakOff(tooLong(maxDurationMs))
    else if (!this.#isReading) {
      if (passed(this.#silentSince, writeTimeoutMs)) void this.#breakOff(stuckClient(writeTimeoutMs))
    } else if (passed(this.#silentSince, idleTimeoutMs)) void this.#breakOff(silence(idleTimeoutMs, idleSetting))
    else if (passed(this.#quietSince, keepaliveMs) && this.#tap.isBetweenEvents) this.#comment()
  }

  /** While the provider is quiet. A client that has not taken the last comment gets no more. */
  #comment(): void {
    if (this.#controller?.desiredSize !== 0) return
    this.#hasWritten = true
    this.#controller.enqueue(this.#options.keepalive ?? KEEPALIVE)
  }
}

/** The figures of a stream that was cut before it told what had come out. */
function atLeast(usage: TokenUsage, tokens: number): TokenUsage {
  const output = Math.max(usage.output, tokens)
  return { ...usage, output, total: usage.input + output, isEstimated: true }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const encode = (text: string) => new TextEncoder().encode(text)

const incomplete = (cause: unknown) =>
  new GatewayError('http_response_incomplete', 'The provider ended the stream before the answer was complete.', {
    cause,
  })

/** What is told of an answer that the gateway does not stay for. */
export const shutdown = () =>
  new GatewayError('server_shutdown', 'The gateway is shutting down; the answer is not complete. Ask again.')

const silence = (ms: number, setting: string) =>
  new GatewayError('http_response_timeout', `The provider sent nothing for ${ms} ms (${setting}).`)

const tooLong = (ms: number) =>
  new GatewayError('http_response_timeout', `The stream was longer than ${ms} ms (CLIENT_MAX_STREAM_DURATION).`)

const stuckClient = (ms: number) =>
  new GatewayError('client_closed_request', `The client took nothing for ${ms} ms (SERVER_WRITE_TIMEOUT).`)
