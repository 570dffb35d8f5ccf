import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { callPieceOf, firstChoice, groqUsage, wordsOf } from '../chat-pieces.ts'
import { type MessageFacts, toolUseId } from './answer-from-chat.ts'
import { Blocks, type MessageEvent } from './blocks.ts'
import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { endingFromChat } from './stop-reason.ts'
import { usageFromChat } from './usage.ts'

/**
 * Tells a chat stream as a message's: message_start, the blocks one after the other, message_delta, message_stop. What
 * ends the message waits for `end`, since usage comes behind the finish reason. Never throws for what a chunk holds.
 */
export class MessageStream {
  readonly #facts: MessageFacts
  readonly #blocks = new Blocks()
  #id: string | null = null
  #finishReason: unknown = null
  #stopSequence: unknown = null
  #isRefusal = false
  #usage: unknown = null

  constructor(facts: MessageFacts) {
    this.#facts = facts
  }

  chunk(chunk: ChatChunk): readonly MessageEvent[] {
    const members: JsonObject = { ...chunk }
    this.#usage = members['usage'] ?? groqUsage(members) ?? this.#usage
    // Azure begins with what its filters found, and names nothing yet.
    const started = objectsIn(chunk.choices).length === 0 && textOf(members['id']) === '' ? [] : this.#start(members)
    const choice = firstChoice(chunk.choices)
    if (choice === undefined) return started
    this.#usage = choice['usage'] ?? this.#usage // Moonshot
    this.#finishReason = textOf(choice['finish_reason']) || this.#finishReason
    this.#stopSequence = choice['stop_reason'] ?? this.#stopSequence
    return isObject(choice['delta']) ? [...started, ...this.#tell(choice['delta'])] : started
  }

  end(): readonly MessageEvent[] {
    const rest = [...this.#start({}), ...this.#blocks.end()]
    const delta = endingFromChat({
      finishReason: this.#finishReason,
      callsTools: this.#blocks.callsTools,
      isRefusal: this.#isRefusal,
      stopSequence: this.#stopSequence,
    })
    return [...rest, { type: 'message_delta', delta, usage: usageFromChat(this.#usage) }, { type: 'message_stop' }]
  }

  #start(chunk: JsonObject): readonly MessageEvent[] {
    if (this.#id !== null) return []
    this.#id = textOf(chunk['id']) || this.#facts.id
    const message = {
      id: this.#id,
      type: 'message',
      role: 'assistant',
      model: textOf(chunk['model']) || this.#facts.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: usageFromChat(chunk['usage']),
    }
    return [{ type: 'message_start', message }]
  }

  #tell(delta: JsonObject): readonly MessageEvent[] {
    const { thinking, text } = wordsOf(delta)
    const refusal = textOf(delta['refusal'])
    if (refusal !== '') this.#isRefusal = true
    return [
      ...this.#blocks.thinking(thinking),
      ...objectsIn(delta['thinking_blocks']).flatMap((block) => this.#blocks.signed(block)),
      ...this.#blocks.text(text + refusal),
      ...objectsIn(delta['tool_calls']).flatMap((call) => this.#tellCall(call)),
    ]
  }

  #tellCall(call: JsonObject): readonly MessageEvent[] {
    return this.#blocks.toolUse({ ...callPieceOf(call), newId: (index) => toolUseId('', this.#facts.id, index) })
  }
}
