import type { ChatNarrator } from '../chat-dialect.ts'
import { comparable } from '../exact-json.ts'
import { isObject, type JsonObject, textOf } from '../json.ts'
import { finishReasonOf } from './stop-reason.ts'
import { usageToChat } from './usage.ts'

/** A call whose block is open. */
interface OpenCall {
  readonly index: number
  hasArguments: boolean
}

/**
 * Tells a message's stream as a chat's. `created` is in Unix seconds. Events and deltas it does not know are skipped, as
 * Anthropic asks of clients.
 */
export class ChatStream implements ChatNarrator {
  progress: ChatNarrator['progress'] = 'running'
  readonly #created: number
  readonly #calls = new Map<unknown, OpenCall>()
  #id = ''
  #model = ''
  #hasStarted = false
  #usage: JsonObject = {}
  /** Of the block that is open: told once more with its signature, since only both together may come back. */
  #thinking = ''

  constructor(created: number) {
    this.#created = created
  }

  event(event: JsonObject): readonly JsonObject[] {
    const index = comparable(event['index'])
    switch (event['type']) {
      case 'message_start':
        return this.#start(event['message'])
      case 'content_block_start':
        return this.#blockStart(index, event['content_block'])
      case 'content_block_delta':
        return this.#blockDelta(index, event['delta'])
      case 'content_block_stop':
        return this.#blockStop(index)
      case 'message_delta':
        return this.#messageDelta(event)
      case 'message_stop':
        this.progress = 'over'
        return []
      case 'error':
        return [{ error: event['error'] ?? event }]
      default:
        return []
    }
  }

  end(): readonly JsonObject[] {
    return [this.#chunk([], { usage: usageToChat(this.#usage) })]
  }

  /** Behind proxies it may come twice. */
  #start(message: unknown): readonly JsonObject[] {
    if (this.#hasStarted || !isObject(message)) return []
    this.#hasStarted = true
    this.#id = textOf(message['id'])
    this.#model = textOf(message['model'])
    this.#count(message['usage'])
    return this.#delta({ role: 'assistant', content: '' })
  }

  #blockStart(index: unknown, block: unknown): readonly JsonObject[] {
    if (!isObject(block)) return []
    const { type, id, name, input, text, extra_content: extra } = block
    if (type === 'text') return this.#delta({ content: textOf(text) })
    if (type === 'thinking') this.#thinking = textOf(block['thinking'])
    if (type === 'redacted_thinking') return this.#delta({ thinking_blocks: [block] })
    if (type !== 'tool_use') return []
    const isWhole = isObject(input) && Object.keys(input).length > 0
    const call = { index: this.#calls.size, hasArguments: isWhole }
    this.#calls.set(index, call)
    const called = { name, arguments: isWhole ? JSON.stringify(input) : '' }
    const extras = isObject(extra) ? { extra_content: extra } : {}
    return this.#delta({ tool_calls: [{ index: call.index, id, type: 'function', function: called, ...extras }] })
  }

  #blockDelta(index: unknown, delta: unknown): readonly JsonObject[] {
    if (!isObject(delta)) return []
    switch (delta['type']) {
      case 'text_delta':
        return this.#delta({ content: textOf(delta['text']) })
      case 'thinking_delta':
        this.#thinking += textOf(delta['thinking'])
        return this.#delta({ reasoning_content: textOf(delta['thinking']) })
      case 'signature_delta': {
        const block = { type: 'thinking', thinking: this.#thinking, signature: delta['signature'] }
        return this.#delta({ thinking_blocks: [block] })
      }
      case 'input_json_delta':
        return this.#arguments(index, textOf(delta['partial_json']))
      default:
        return []
    }
  }

  #arguments(index: unknown, json: string): readonly JsonObject[] {
    const call = this.#calls.get(index)
    if (call === undefined || json === '') return []
    call.hasArguments = true
    return this.#delta({ tool_calls: [{ index: call.index, function: { arguments: json } }] })
  }

  /** Chat's clients parse the arguments, and nothing is no JSON. */
  #blockStop(index: unknown): readonly JsonObject[] {
    const call = this.#calls.get(index)
    return call === undefined || call.hasArguments ? [] : this.#arguments(index, '{}')
  }

  #messageDelta({ delta, usage }: JsonObject): readonly JsonObject[] {
    this.#count(usage)
    if (!isObject(delta) || (delta['stop_reason'] ?? null) === null) return []
    const { stop_reason: reason, stop_sequence: sequence } = delta
    const met = typeof sequence === 'string' ? { stop_reason: sequence } : {}
    return [this.#chunk([{ index: 0, delta: {}, finish_reason: finishReasonOf(reason), ...met }])]
  }

  /** Counts are cumulative; those an event leaves out stay as they were. */
  #count(usage: unknown): void {
    const told = Object.entries(isObject(usage) ? usage : {}).filter(([, count]) => count !== null)
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) }
  }

  #delta(delta: JsonObject): readonly JsonObject[] {
    const isEmpty = Object.values(delta).every((value) => value === '')
    return isEmpty ? [] : [this.#chunk([{ index: 0, delta, finish_reason: null }])]
  }

  #chunk(choices: readonly JsonObject[], members: JsonObject = {}): JsonObject {
    const object = 'chat.completion.chunk'
    return { id: this.#id, object, created: this.#created, model: this.#model, choices, ...members }
  }
}
