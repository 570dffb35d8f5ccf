import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Outcome } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Ticker } from '../kernel/ticker.ts'
import type { ChatTap } from './tap.ts'
import { concatenate } from './patch.ts'
import type { OpenedStream } from './preamble.ts'

export interface RelayOptions {
  readonly clock: Clock
  readonly ticker: Ticker
  /** Longest silence of a provider within an answer, ms; 0 = no limit. */
  readonly idleTimeoutMs: number
  /** Longest stream, ms; 0 = no limit. */
  readonly maxDurationMs: number
  /** Silence towards the client after which a comment keeps the connection alive, ms; 0 = never. */
  readonly keepaliveMs: number
  /** Longest time a client may take nothing while something is there to take, ms; 0 = no limit. */
  readonly writeTimeoutMs: number
  /** Whether the process is leaving and nothing may go on. */
  readonly isLeaving: () => boolean
  /** An error as an event in the client's dialect. */
  readonly errorEvent: (exchange: Exchange, error: GatewayError) => string
}

/** One newline: a blank line would dispatch an empty event in some clients. */
const KEEPALIVE = new TextEncoder().encode(': keep-alive\n')

/** The error event needs a moment on the wire before the connection is reset, or the reset overtakes it. */
const FAREWELL_MS = 100

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

type Part = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>

class Relay implements UnderlyingDefaultSource<Uint8Array> {
  readonly #exchange: Exchange
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #tap: ChatTap
  readonly #options: RelayOptions
  readonly #startedAt: number
  #held: readonly Uint8Array[]
  #stopLooking = (): unknown => null
  #isClosed = false
  #hasContent = false
  #isReading = false
  #onRead: (part: Part) => Promise<void> | undefined = () => undefined
  #onFault: (error: unknown) => Promise<void> = () => Promise.resolve()
  /** Since when the side that is waited for has been silent: the provider while reading, else the client. */
  #silentSince: number
  /** Since when nothing has gone to the client. */
  #quietSince: number
  // Set at every event, and turned into times by the ticker: reading a clock costs more than relaying an event should.
  #hasStirred = true
  #hasWritten = true
  #bytes = 0

  constructor(exchange: Exchange, { reader, held }: OpenedStream, tap: ChatTap, options: RelayOptions) {
    this.#exchange = exchange
    this.#reader = reader
    this.#held = held
    this.#tap = tap
    this.#options = options
    this.#startedAt = this.#silentSince = this.#quietSince = options.clock.elapsed()
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#stopLooking = this.#options.ticker.add(() => this.#look(controller))
    this.#onRead = (part) => this.#take(controller, part)
    // After the last event a broken connection takes nothing away.
    this.#onFault = (error) =>
      this.#tap.state.isDone ? this.#end(controller) : this.#breakOff(controller, incomplete(error))
  }

  // Runs for every event: two fixed callbacks cost half of what an async function with a try around its loop does.
  pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> | undefined {
    if (this.#held.length > 0) return this.#forwardHeld(controller)
    this.#isReading = this.#hasStirred = true
    return this.#reader.read().then(this.#onRead, this.#onFault)
  }

  #take(controller: ReadableStreamDefaultController<Uint8Array>, { done, value }: Part): Promise<void> | undefined {
    if (this.#isClosed) return undefined
    if (done) return this.#end(controller)
    const events = this.#tap.push(value)
    if (events.byteLength === 0) return this.pull(controller)
    this.#isReading = false
    this.#forward(controller, events)
    return undefined
  }

  #forwardHeld(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> | undefined {
    const held = concatenate(this.#held)
    this.#held = []
    if (held.byteLength === 0) return this.pull(controller)
    this.#forward(controller, held)
    return undefined
  }

  /** The client has gone. After the last event that is how many clients say goodbye. */
  async cancel(reason: unknown): Promise<void> {
    this.#close(this.#tap.state.isDone ? 'complete' : 'left', null)
    await this.#reader.cancel(reason).catch(() => {})
  }

  #forward(controller: ReadableStreamDefaultController<Uint8Array>, chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength
    this.#hasWritten = this.#hasStirred = true
    if (!this.#hasContent && this.#tap.state.hasContent) {
      this.#hasContent = true
      this.#exchange.tell({ type: 'stream.first-content' })
    }
    controller.enqueue(chunk)
  }

  async #end(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const rest = this.#tap.end()
    const { isFinished, error } = this.#tap.state
    if (!isFinished && error === null) return this.#breakOff(controller, incomplete(null))
    if (rest.byteLength > 0) this.#forward(controller, rest)
    this.#close(error === null ? 'complete' : 'failed', error === null ? null : 'provider_error')
    controller.close()
  }

  /** Ends the stream so that nobody can take it for whole. */
  async #breakOff(controller: ReadableStreamDefaultController<Uint8Array>, error: GatewayError): Promise<void> {
    if (this.#isClosed) return
    if (this.#exchange.signal.aborted) return this.#close('left', null)
    this.#exchange.tell({ type: 'fault', error })
    this.#close('failed', error.code)
    this.#reader.cancel(error).catch(() => {})
    if (this.#tap.isBetweenEvents) controller.enqueue(encode(this.#options.errorEvent(this.#exchange, error)))
    await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))
    controller.error(error)
  }

  #close(outcome: Outcome, code: string | null): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopLooking()
    const { usage } = this.#tap.state
    if (usage !== null) this.#exchange.tell({ type: 'usage', usage })
    this.#exchange.tell({ type: 'stream.closed', outcome, code, bytes: this.#bytes })
  }

  #look(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { clock, idleTimeoutMs, maxDurationMs, keepaliveMs, writeTimeoutMs } = this.#options
    const now = clock.elapsed()
    if (this.#hasStirred) this.#silentSince = now
    if (this.#hasWritten) this.#quietSince = now
    this.#hasStirred = this.#hasWritten = false
    const passed = (since: number, limitMs: number) => limitMs > 0 && now - since >= limitMs
    if (this.#options.isLeaving()) void this.#breakOff(controller, shutdown())
    else if (passed(this.#startedAt, maxDurationMs)) void this.#breakOff(controller, tooLong(maxDurationMs))
    else if (!this.#isReading) {
      if (passed(this.#silentSince, writeTimeoutMs)) void this.#breakOff(controller, stuckClient(writeTimeoutMs))
    } else if (passed(this.#silentSince, idleTimeoutMs)) void this.#breakOff(controller, silence(idleTimeoutMs))
    else if (passed(this.#quietSince, keepaliveMs) && this.#tap.isBetweenEvents) this.#forward(controller, KEEPALIVE)
  }
}

const encode = (text: string) => new TextEncoder().encode(text)

const incomplete = (cause: unknown) =>
  new GatewayError('http_response_incomplete', 'The provider ended the stream before the answer was complete.', {
    cause,
  })

const shutdown = () =>
  new GatewayError('server_shutdown', 'The gateway is shutting down; the answer is not complete. Ask again.')

const silence = (ms: number) =>
  new GatewayError('http_response_timeout', `The provider sent nothing for ${ms} ms (CLIENT_STREAM_IDLE_TIMEOUT).`)

const tooLong = (ms: number) =>
  new GatewayError('http_response_timeout', `The stream was longer than ${ms} ms (CLIENT_MAX_STREAM_DURATION).`)

const stuckClient = (ms: number) =>
  new GatewayError('client_closed_request', `The client took nothing for ${ms} ms (SERVER_WRITE_TIMEOUT).`)
