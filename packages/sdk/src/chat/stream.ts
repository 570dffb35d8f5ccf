import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { AbortError, APIError, GatewayError, StreamError } from '../errors.ts'
import type { WithResponse } from '../http/reply.ts'
import type { Sent } from '../http/send.ts'
import { type ChatEvent, createAccumulator } from './accumulate.ts'
import { chunksOf, streamError } from './chunks.ts'
import { type Completion, type CompletionBody, completionOf } from './completion.ts'

const READ_ONCE = 'A stream is read once: `final()` tells the whole answer, `tee()` makes two of it.'

/**
 * A chat answer as it is told. The request leaves when the stream is first read, and a stream is read once: as events by
 * `for await`, as text, or as a web stream; `final()` and `on()` go with each of them, and `tee()` makes two of one.
 * Leaving the loop early, `abort()` or the caller's signal ends the request, and the provider stops.
 *
 * Reading throws APIError and ConnectionError before the answer begins, StreamError with `partial` when it breaks later,
 * AbortError when it was aborted.
 */
export class ChatStream implements AsyncIterable<ChatEvent> {
  readonly #start: (signal: AbortSignal) => Promise<Sent>
  readonly #chunks: (sent: Sent) => AsyncIterable<ChatChunk>
  readonly #listeners: ((event: ChatEvent) => void)[] = []
  readonly #controller = new AbortController()
  readonly #accumulator = createAccumulator()
  readonly #result = deferred<Completion>()
  #sent: Promise<Sent> | undefined
  #isTaken = false

  // `start` sends the request; the signal ends it. `chunks` reads the answer.
  constructor(
    start: (signal: AbortSignal) => Promise<Sent>,
    chunks: (sent: Sent) => AsyncIterable<ChatChunk> = chunksOf,
  ) {
    this.#start = start
    this.#chunks = chunks
    this.#result.promise.catch(() => {}) // whoever reads the stream hears of it there
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChatEvent> {
    this.#take()
    const events: ChatEvent[] = []
    this.#listeners.push((event) => events.push(event))
    for await (const _ of this.#read()) yield* events.splice(0)
  }

  /** What the first choice says, piece by piece. */
  async *text(): AsyncGenerator<string> {
    for await (const event of this) if (event.type === 'text' && event.choice === 0) yield event.text
  }

  /** What has come so far, in the form of a whole answer. */
  get partial(): CompletionBody {
    return this.#accumulator.body()
  }

  /** The chunks as they come over the wire. */
  chunks(): AsyncGenerator<ChatChunk> {
    this.#take()
    return this.#read()
  }

  /** The whole answer, as `gw.chat` gives it. Reads the stream unless somebody else does, or begins to right now. */
  async final(): Promise<Completion> {
    await Promise.resolve()
    if (!this.#isTaken) for await (const _ of this.chunks());
    return this.#result.promise
  }

  /** Calls `listener` with every event of a kind, whoever reads the stream: `await stream.on('text', …).final()`. */
  on<Type extends ChatEvent['type']>(type: Type, listener: (event: Extract<ChatEvent, { type: Type }>) => void): this {
    this.#listeners.push((event) => {
      if (event.type === type) listener(event as Extract<ChatEvent, { type: Type }>) // as was just asked
    })
    return this
  }

  /**
   * Two streams of this one, each to be read at its own pace; what one has read is kept until the other has, too. The
   * request ends when both have been left. `final()` of this one tells the whole once one of them is through.
   */
  tee(): [ChatStream, ChatStream] {
    const source = this.chunks()
    const branch = (index: number) =>
      new ChatStream(
        () => this.#open(),
        async function* () {
          const each = (await parts)[index]
          if (each) yield* each
        },
      )
    const both: [ChatStream, ChatStream] = [branch(0), branch(1)]
    const [one, other] = both
    const signals = [one.#controller.signal, other.#controller.signal] as const
    const parts = import('./split.ts').then(({ split }) => split(source, signals, () => this.abort())) // loaded by those who use it
    return both
  }

  /** OpenAI's event stream, to be passed on: `new Response(stream.toReadableStream(), { headers })`. */
  toReadableStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const chunks = this.chunks()
    let events: Promise<AsyncGenerator<Uint8Array<ArrayBuffer>>> | undefined
    return new ReadableStream({
      pull: async (controller) => {
        events ??= import('./pass-on.ts').then(({ passOn }) => passOn(chunks)) // loaded by those who use it
        const { done, value } = await (await events).next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel: async (reason) => {
        this.abort(reason)
        await chunks.return(undefined) // where nothing was being waited for
      },
    })
  }

  /** The HTTP answer behind the stream, as soon as its head is here. */
  async withResponse(): Promise<WithResponse<this>> {
    const { response, meta } = await this.#open()
    return { data: this, response, meta }
  }

  /** The HTTP answer with its body unread: the stream is read there, not here. Errors are thrown as ever. */
  async asResponse(): Promise<Response> {
    this.#take()
    this.#result.reject(new TypeError(READ_ONCE))
    const { response, watch } = await this.#open()
    watch.rest()
    return response
  }

  /** Ends the request. Whoever reads gets AbortError. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason)
    this.#result.reject(new AbortError(reason)) // perhaps nobody reads any more
  }

  #open(): Promise<Sent> {
    return (this.#sent ??= this.#start(this.#controller.signal))
  }

  #take(): void {
    if (this.#isTaken) throw new TypeError(READ_ONCE)
    this.#isTaken = true
  }

  async *#read(): AsyncGenerator<ChatChunk> {
    let sent: Sent | undefined
    try {
      sent = await this.#open()
      for await (const chunk of this.#chunks(sent)) {
        for (const event of this.#accumulator.add(chunk)) for (const listener of this.#listeners) listener(event)
        yield chunk
      }
      this.#result.resolve(this.#whole(sent))
    } catch (thrown) {
      const error = sent === undefined ? thrown : this.#broken(thrown, sent)
      this.#result.reject(error)
      throw error
    } finally {
      this.#result.reject(new AbortError()) // left early; without effect on what is settled
    }
  }

  #whole(sent: Sent): Completion {
    if (this.#accumulator.hasFinished) return completionOf(this.partial, sent.meta)
    throw new APIError('The stream ended before the answer was complete.', { code: 'stream_incomplete' })
  }

  #broken(error: unknown, sent: Sent): unknown {
    if (!(error instanceof GatewayError) || error instanceof AbortError || error instanceof StreamError) return error
    return streamError(error, sent, completionOf(this.partial, sent.meta))
  }
}

/** `Promise.withResolvers` is younger than Node 20. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((...both) => ([resolve, reject] = both))
  return { promise, resolve, reject }
}
