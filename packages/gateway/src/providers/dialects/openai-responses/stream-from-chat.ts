import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { callPieceOf, failureIn, firstChoice, groqUsage, wordsOf } from '../chat-pieces.ts'
import { numberOf } from '../exact-json.ts'
import { entryOf, isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { customNames } from './custom-tools.ts'
import { OutputItems, type ResponseEvent } from './items.ts'
import { usageFromChat } from './usage.ts'

export interface ResponseFacts {
  /** Makes the ids: the response's, and those of its items. Letters, digits and `_`. */
  readonly seed: string
  /** Unix seconds; told where the provider names no time. */
  readonly createdAt: number
  /** The request, of which a response repeats a part. */
  readonly request: JsonObject
}

/** What went wrong, as `response.failed` tells it. */
export interface ResponseFailure {
  readonly code: string
  readonly message: string
}

/**
 * Tells a chat stream as a response's: created, in_progress, the items with all their events, and one last event. That
 * waits for `end`, since usage comes behind the finish reason. Never throws for what a chunk holds.
 */
export class ResponseStream {
  readonly #facts: ResponseFacts
  readonly #items: OutputItems
  #head: JsonObject | null = null
  #finishReason: unknown = null
  #usage: unknown = null
  #number = 0

  constructor(facts: ResponseFacts) {
    this.#facts = facts
    this.#items = new OutputItems(facts.seed, customNames(facts.request))
  }

  /** The items so far. */
  get output(): readonly JsonObject[] {
    return this.#items.output
  }

  chunk(chunk: ChatChunk): readonly ResponseEvent[] {
    const members: JsonObject = { ...chunk }
    this.#usage = members['usage'] ?? groqUsage(members) ?? this.#usage
    const started = this.#start(members)
    const choice = firstChoice(chunk.choices)
    if (choice === undefined) return started
    this.#usage = choice['usage'] ?? this.#usage // Moonshot
    this.#finishReason = textOf(choice['finish_reason']) || this.#finishReason
    return isObject(choice['delta']) ? [...started, ...this.#numbered(this.#tell(choice['delta']))] : started
  }

  end(): readonly ResponseEvent[] {
    const started = this.#start({})
    const ending = endingOf(this.#finishReason)
    const rest = this.#items.end(ending.status === 'incomplete' ? 'incomplete' : 'completed')
    return [...started, ...this.#numbered([...rest, this.#last(ending)])]
  }

  /** The stream has broken off. What came is told once more, as far as it came. */
  fail(error: ResponseFailure): readonly ResponseEvent[] {
    if (this.#head === null) return this.#numbered([{ type: 'error', ...error, param: null }])
    this.#items.abandon()
    return this.#numbered([this.#last({ status: 'failed', error, incomplete_details: null })])
  }

  #last(ending: Ending): ResponseEvent {
    const usage = this.#usage === null ? null : usageFromChat(this.#usage)
    const response = { ...this.#head, ...ending, output: this.#items.output, usage }
    return { type: `response.${ending.status}`, response }
  }

  #start(chunk: JsonObject): readonly ResponseEvent[] {
    if (this.#head !== null) return []
    const response = responseHead(this.#facts, chunk)
    this.#head = response
    return this.#numbered([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ])
  }

  #tell(delta: JsonObject): readonly ResponseEvent[] {
    const { thinking, text } = wordsOf(delta)
    return [
      ...this.#items.reasoning(thinking),
      ...this.#items.text(text),
      ...this.#items.refusal(textOf(delta['refusal'])),
      ...objectsIn(delta['tool_calls']).flatMap((call) => this.#items.call(callPieceOf(call))),
    ]
  }

  #numbered(events: readonly ResponseEvent[]): readonly ResponseEvent[] {
    return events.map((event) => ({ ...event, sequence_number: this.#number++ }))
  }
}

interface Ending {
  readonly status: 'completed' | 'incomplete' | 'failed'
  readonly error: ResponseFailure | null
  readonly incomplete_details: { readonly reason: string } | null
}

/** Finish reasons of chat, and what some providers say in their place. */
const INCOMPLETE: Readonly<Record<string, string>> = {
  length: 'max_output_tokens',
  model_length: 'max_output_tokens',
  model_context_window_exceeded: 'max_output_tokens',
  content_filter: 'content_filter',
  sensitive: 'content_filter',
}

function endingOf(finishReason: unknown): Ending {
  const written = textOf(finishReason)
  const reason = entryOf(INCOMPLETE, written)
  if (reason !== undefined) return { status: 'incomplete', error: null, incomplete_details: { reason } }
  const error = failureIn(written)
  return { status: error === null ? 'completed' : 'failed', error, incomplete_details: null }
}

/** The response as it stands at its beginning. Nothing of it is kept anywhere. */
function responseHead({ seed, createdAt, request }: ResponseFacts, chunk: JsonObject): JsonObject {
  const { created, model } = chunk
  const reasoning = isObject(request['reasoning']) ? request['reasoning'] : {}
  return {
    id: `resp_${seed}`,
    object: 'response',
    created_at: (numberOf(created) ?? 0) > 0 ? created : createdAt,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: request['instructions'] ?? null,
    max_output_tokens: request['max_output_tokens'] ?? null,
    max_tool_calls: request['max_tool_calls'] ?? null,
    model: textOf(model) || textOf(request['model']),
    output: [],
    parallel_tool_calls: request['parallel_tool_calls'] ?? true,
    previous_response_id: null,
    reasoning: { effort: reasoning['effort'] ?? null, summary: reasoning['summary'] ?? null },
    service_tier: 'default',
    store: false,
    temperature: request['temperature'] ?? 1,
    text: request['text'] ?? { format: { type: 'text' } },
    tool_choice: request['tool_choice'] ?? 'auto',
    tools: request['tools'] ?? [],
    top_logprobs: 0,
    top_p: request['top_p'] ?? 1,
    truncation: 'disabled',
    usage: null,
    user: request['user'] ?? null,
    metadata: request['metadata'] ?? {},
  }
}
