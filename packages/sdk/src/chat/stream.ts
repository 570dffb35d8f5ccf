import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { AbortError, APIError, GatewayError } from '../errors.ts'
import type { WithResponse } from '../http/reply.ts'
import type { Sent } from '../http/send.ts'
import { type ChatEvent, createAccumulator } from './accumulate.ts'
import { chunksOf, streamError } from './chunks.ts'
import { type Completion, completionOf } from './completion.ts'

/**
 * A chat answer as it is told. The request leaves when the stream is first read, and a stream is read once: as events by
 * `for await`, as text, or as a web stream; `final()` goes with each of them. Leaving the loop early, `abort()` or the
 * caller's signal ends the request, and the provider stops.
 *
 * Reading throws APIError and ConnectionError before the answer begins, StreamError with `partial` when it breaks later,
 * AbortError when it was aborted.
 */
export class ChatStream implements AsyncIterable<ChatEvent> {
  readonly #start: (signal: AbortSignal) => Promise<Sent>
  readonly #controller = new AbortController()
  readonly #accumulator = createAccumulator()
  readonly #result = deferred<Completion>()
  #sent: Promise<Sent> | undefined
  #isTaken = false

  /** `start` sends the request; the signal ends it. */
  constructor(start: (signal: AbortSignal) => Promise<Sent>) {
    this.#start = start
    this.#result.promise.catch(() => {}) // whoever reads the stream hears of it there
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChatEvent> {
    for await (const { events } of this.#read()) yield* events
  }

  /** What the first choice says, piece by piece. */
  async *text(): AsyncGenerator<string> {
    for await (const event of this) if (event.type === 'text' && event.choice === 0) yield event.text
  }

  /** The chunks as they come over the wire. */
  async *chunks(): AsyncGenerator<ChatChunk> {
    for await (const { chunk } of this.#read()) yield chunk
  }

  /** The whole answer, as `gw.chat` gives it. Reads the stream unless somebody else does. */
  async final(): Promise<Completion> {
    if (!this.#isTaken) for await (const _ of this.#read());
    return this.#result.promise
  }

  /** OpenAI's event stream, to be passed on: `new Response(stream.toReadableStream(), { headers })`. */
  toReadableStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const chunks = this.chunks()
    const encoder = new TextEncoder()
    const event = (data: string) => encoder.encode(`data: ${data}\n\n`)
    return new ReadableStream({
      pull: async (controller) => {
        try {
          const { done, value } = await chunks.next()
          if (done !== true) return controller.enqueue(event(JSON.stringify(value)))
          controller.enqueue(event('[DONE]'))
          controller.close()
        } catch (error) {
          const { message, type, code } = GatewayError.is(error) ? error : new AbortError(error)
          controller.enqueue(event(JSON.stringify({ error: { message, type, code } })))
          controller.error(error)
        }
      },
      cancel: (reason) => this.abort(reason),
    })
  }

  /** The HTTP answer behind the stream, as soon as its head is here. */
  async withResponse(): Promise<WithResponse<this>> {
    const { response, meta } = await this.#open()
    return { data: this, response, meta }
  }

  /** Ends the request. Whoever reads gets AbortError. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason)
  }

  #open(): Promise<Sent> {
    return (this.#sent ??= this.#start(this.#controller.signal))
  }

  async *#read(): AsyncGenerator<{ readonly chunk: ChatChunk; readonly events: readonly ChatEvent[] }> {
    if (this.#isTaken) throw new TypeError('A stream is read once. Ask `final()` for the whole answer.')
    this.#isTaken = true
    let sent: Sent | undefined
    try {
      sent = await this.#open()
      for await (const chunk of chunksOf(sent)) yield { chunk, events: this.#accumulator.add(chunk) }
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
    if (this.#accumulator.hasFinished) return completionOf(this.#accumulator.body(), sent.meta)
    throw new APIError('The stream ended before the answer was complete.', { code: 'stream_incomplete' })
  }

  #broken(error: unknown, sent: Sent): unknown {
    if (!(error instanceof GatewayError) || error instanceof AbortError) return error
    return streamError(error, sent, completionOf(this.#accumulator.body(), sent.meta))
  }
}

/** `Promise.withResolvers` is younger than Node 20. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((...both) => ([resolve, reject] = both))
  return { promise, resolve, reject }
}
