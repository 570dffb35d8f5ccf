import type { AnswerBody, PartSink } from '../providers/provider.ts'

/** A web stream as an answer's body. */
export class StreamBody implements AnswerBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  #sink: PartSink | null = null
  #fault: { readonly reason: unknown } | null = null

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.getReader()
  }

  next(sink: PartSink): void {
    if (this.#fault !== null) return sink.fault(this.#fault.reason)
    this.#sink = sink
    this.#reader.read().then(
      ({ done, value }) => (done ? this.#waiting()?.end() : this.#waiting()?.part(value)),
      (error: unknown) => this.#waiting()?.fault(error),
    )
  }

  /** Ends it: who waits for its next part, or asks for one, is told `reason`. */
  abort(reason: unknown): void {
    this.#fault ??= { reason }
    this.#reader.cancel(reason).catch(() => {})
    this.#waiting()?.fault(reason)
  }

  #waiting(): PartSink | null {
    const sink = this.#sink
    this.#sink = null
    return sink
  }
}

/** An answer's body as a web stream that reads nothing ahead. */
export function streamOf(body: AnswerBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      pull: (controller) =>
        body.next({
          part: (bytes) => controller.enqueue(bytes),
          end: () => controller.close(),
          fault: (error) => controller.error(error),
        }),
    },
    { highWaterMark: 0 },
  )
}
