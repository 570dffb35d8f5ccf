import type { AnswerBody, PartSink } from '../providers/provider.ts'

/** A web stream as an answer's body. */
export function bodyOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AnswerBody {
  const reader = stream.getReader()
  return {
    next(sink: PartSink) {
      reader.read().then(
        ({ done, value }) => (done ? sink.end() : sink.part(value)),
        (error: unknown) => sink.fault(error),
      )
    },
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
