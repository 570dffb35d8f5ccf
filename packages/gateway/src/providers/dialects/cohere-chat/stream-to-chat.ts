import type { AnswerFacts, ChatNarrator } from '../chat-dialect.ts'
import { comparable } from '../exact-json.ts'
import { isObject, type JsonObject, textOf } from '../json.ts'
import { failureOf, finishReasonOf } from './ending.ts'
import { logprobsOf } from './logprobs.ts'
import { usageToChat } from './usage.ts'

/** A call that was begun. */
interface Call {
  readonly index: number
  hasArguments: boolean
}

type Chunks = readonly JsonObject[]

/** Tells a stream of Cohere's as a chat's. Only `message-end` is a proper end. Events it does not know are skipped. */
export class CohereStream implements ChatNarrator {
  progress: ChatNarrator['progress'] = 'running'
  readonly #facts: AnswerFacts
  /** By the index of their events. */
  readonly #calls = new Map<unknown, Call>()
  #id = ''
  #hasStarted = false
  #citations = 0
  #usage: JsonObject | null = null

  constructor(facts: AnswerFacts) {
    this.#facts = facts
  }

  event(event: JsonObject): Chunks {
    if (this.progress === 'over') return []
    const { type } = event
    const index = comparable(event['index'])
    const delta = isObject(event['delta']) ? event['delta'] : {}
    const message = isObject(delta['message']) ? delta['message'] : {}
    switch (type) {
      case 'message-start':
        return this.#start(event)
      case 'content-start':
      case 'content-delta':
        return this.#content(message['content'], event['logprobs'])
      case 'tool-plan-delta':
        return this.#plan(textOf(message['tool_plan']))
      case 'tool-call-start':
        return this.#callStart(index, message['tool_calls'])
      case 'tool-call-delta':
        return this.#callDelta(index, message['tool_calls'])
      case 'tool-call-end':
        return this.#callEnd(this.#calls.get(index))
      case 'citation-start':
        return this.#cite(message['citations'])
      case 'message-end':
        return this.#messageEnd(delta)
      default:
        return type === undefined ? this.#failure(event) : []
    }
  }

  end(): Chunks {
    return this.#usage === null ? [] : [this.#chunk([], { usage: this.#usage })]
  }

  #start({ id }: JsonObject): Chunks {
    if (this.#hasStarted) return []
    this.#hasStarted = true
    this.#id = textOf(id)
    return this.#delta({ role: 'assistant', content: '' })
  }

  #content(content: unknown, logprobs: unknown): Chunks {
    if (!isObject(content)) return []
    const text = textOf(content['text'])
    const thinking = textOf(content['thinking'])
    if (thinking !== '') return this.#delta({ reasoning_content: thinking })
    return text === '' ? [] : this.#delta({ content: text }, logprobsOf(logprobs))
  }

  /** As in a whole answer: as reasoning, and under its own name. */
  #plan(plan: string): Chunks {
    return plan === '' ? [] : this.#delta({ reasoning_content: plan, tool_plan: plan })
  }

  #callStart(at: unknown, begun: unknown): Chunks {
    if (!isObject(begun) || this.#calls.has(at)) return []
    const call = { index: this.#calls.size, hasArguments: false }
    this.#calls.set(at, call)
    const { id, function: called } = begun
    const { name, arguments: written } = isObject(called) ? called : {}
    return this.#delta({
      tool_calls: [
        {
          index: call.index,
          id: textOf(id),
          type: 'function',
          function: { name: textOf(name), arguments: piece(call, written) },
        },
      ],
    })
  }

  #callDelta(at: unknown, going: unknown): Chunks {
    const call = this.#calls.get(at)
    const called = isObject(going) ? going['function'] : null
    if (call === undefined || !isObject(called)) return []
    return this.#arguments(call, piece(call, called['arguments']))
  }

  /** Chat's clients parse the arguments, and nothing is no JSON. */
  #callEnd(call: Call | undefined): Chunks {
    return call === undefined || call.hasArguments ? [] : this.#arguments(call, piece(call, '{}'))
  }

  #arguments({ index }: Call, json: string): Chunks {
    return json === '' ? [] : this.#delta({ tool_calls: [{ index, function: { arguments: json } }] })
  }

  /** Numbered as calls are: OpenAI's clients put the objects of a list together by their index. */
  #cite(citation: unknown): Chunks {
    return isObject(citation) ? this.#delta({ citations: [{ ...citation, index: this.#citations++ }] }) : []
  }

  #messageEnd(delta: JsonObject): Chunks {
    const failure = this.#failure(delta)
    if (failure.length > 0) return failure
    this.progress = 'over'
    this.#usage = usageToChat(delta['usage'])
    const reason = finishReasonOf(delta['finish_reason'], this.#calls.size > 0)
    const open = [...this.#calls.values()].flatMap((call) => this.#callEnd(call))
    return [...open, this.#chunk([{ index: 0, delta: {}, finish_reason: reason }])]
  }

  #failure(told: JsonObject): Chunks {
    const error = failureOf(told)
    return error === null ? [] : [{ error }]
  }

  #delta(delta: JsonObject, logprobs: JsonObject | null = null): Chunks {
    const choice = { index: 0, delta, finish_reason: null }
    return [this.#chunk([logprobs === null ? choice : { ...choice, logprobs }])]
  }

  #chunk(choices: readonly JsonObject[], members: JsonObject = {}): JsonObject {
    const { created, model } = this.#facts
    return { id: this.#id, object: 'chat.completion.chunk', created, model, choices, ...members }
  }
}

/** The next piece of a call's arguments. Where there are none, Cohere writes nothing, or `null`. */
function piece(call: Call, written: unknown): string {
  const json = textOf(written)
  if (json === '' || (json === 'null' && !call.hasArguments)) return ''
  call.hasArguments = true
  return json
}
