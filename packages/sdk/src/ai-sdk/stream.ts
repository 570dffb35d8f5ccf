import type { LanguageModelV4StreamPart, SharedV4Warning } from '@ai-sdk/provider'
import type { ChatEvent, ChatStream, Completion } from '../index.ts'
import { callsOf, finishReasonOf, marksOf, metadataOf, thoughtsOf, usageOf } from './answer.ts'

type Part = LanguageModelV4StreamPart

/** A chat stream in the AI SDK's parts. Texts and thoughts begin and end; tool calls are whole at the end. */
export function partsOf(stream: ChatStream, warnings: SharedV4Warning[], explain: (error: unknown) => unknown) {
  const parts = partsInOrder(stream, warnings, explain)
  return new ReadableStream<Part>({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    cancel: (reason) => stream.abort(reason),
  })
}

async function* partsInOrder(
  stream: ChatStream,
  warnings: SharedV4Warning[],
  explain: (error: unknown) => unknown,
): AsyncGenerator<Part> {
  yield { type: 'stream-start', warnings }
  let open: Block | null = null
  let blocks = 0
  const started = new Set<number>()
  try {
    for await (const event of stream) {
      // Neither the end nor another answer beside this one ends what is said.
      if (event.type === 'usage' || event.type === 'finish' || event.choice > 0) continue
      const kind = event.type === 'tool_call' ? null : event.type
      if (open !== null && open.kind !== kind) {
        yield { ...end(open), ...(open.kind === 'reasoning' ? thoughtsIn(stream) : {}) }
        open = null
      }
      if (kind !== null && open === null) yield begin((open = { kind, id: `${kind}-${blocks++}` }))
      yield* partsOfEvent(event, open, started)
    }
    const completion = await stream.final()
    if (open !== null) yield { ...end(open), ...(open.kind === 'reasoning' ? thoughtsIn(stream) : marksOf(completion)) }
    yield* ending(completion)
  } catch (error) {
    yield { type: 'error', error: explain(error) }
  }
}

interface Block {
  readonly kind: 'text' | 'reasoning'
  readonly id: string
}

const begin = ({ kind, id }: Block): Part => ({ type: `${kind}-start`, id })
const end = ({ kind, id }: Block): Part => ({ type: `${kind}-end`, id })

/** Those that have come: by the end of a thought its signature is among them. */
function thoughtsIn({ partial }: ChatStream) {
  const message = partial.choices[0]?.message
  return message === undefined ? {} : thoughtsOf(message)
}

function* partsOfEvent(event: ChatEvent, block: Block | null, started: Set<number>): Generator<Part> {
  if (block !== null && (event.type === 'text' || event.type === 'reasoning'))
    yield { type: `${block.kind}-delta`, id: block.id, delta: event.text }
  if (event.type !== 'tool_call') return
  const { id, name, delta } = event
  if (!started.has(event.index)) yield { type: 'tool-input-start', id, toolName: name }
  started.add(event.index)
  if (delta !== '') yield { type: 'tool-input-delta', id, delta }
}

function* ending(completion: Completion): Generator<Part> {
  const { id, model, created, finishReason, usage, meta } = completion
  for (const call of callsOf(completion)) {
    yield { type: 'tool-input-end', id: call.toolCallId }
    yield call
  }
  yield { type: 'response-metadata', id, modelId: model, timestamp: new Date(created * 1000) }
  const providerMetadata = metadataOf(meta)
  yield { type: 'finish', finishReason: finishReasonOf(finishReason), usage: usageOf(usage), providerMetadata }
}
