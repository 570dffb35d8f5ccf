import { type CallPiece, canBegin } from '../chat-pieces.ts'
import { type JsonObject, parseObject, textOf } from '../json.ts'

/** An event of a message's stream. */
export interface MessageEvent {
  readonly type: string
  readonly [member: string]: unknown
}

/** A piece of a tool call, and an id for one that came without; `index` counts calls. */
export interface NamedCallPiece extends CallPiece {
  readonly newId: (index: number) => string
}

interface Block {
  readonly index: number
  readonly type: unknown
  readonly start: JsonObject
  /** Deltas that came while an earlier block was open. */
  readonly waiting: JsonObject[]
  /** Of a call, as the provider gave them. */
  readonly key: unknown
  readonly givenId: string
  /** A call's arguments so far. */
  json: string
  isSigned: boolean
}

type Events = readonly MessageEvent[]

const NOTHING: Events = []

/** One ping once the first block has begun, as Anthropic sends it. */
const PING: MessageEvent = { type: 'ping' }

/**
 * The blocks of one message, told one after the other: chat may mix pieces of several calls, a message has at most one
 * block open. What comes for a later block waits until nothing more can come for the open one.
 */
export class Blocks {
  readonly #blocks: Block[] = []
  /** How many blocks have been begun; the last of them is open. */
  #begun = 0

  get callsTools(): boolean {
    return this.#blocks.some(({ type }) => type === 'tool_use')
  }

  thinking(text: string): Events {
    return text === '' ? NOTHING : this.#put(this.#thought(), { type: 'thinking_delta', thinking: text })
  }

  /** A block of Anthropic's own that chat has no words for, or the signature of the thinking block before it. */
  signed(block: JsonObject): Events {
    if (block['type'] === 'redacted_thinking') {
      this.#add(block).isSigned = true
      return this.#advance(false)
    }
    const thought = this.#thought()
    thought.isSigned = true
    return this.#put(thought, { type: 'signature_delta', signature: textOf(block['signature']) })
  }

  text(text: string): Events {
    if (text === '') return NOTHING
    const last = this.#blocks.at(-1)
    const block = last?.type === 'text' ? last : this.#add({ type: 'text', text: '' })
    return this.#put(block, { type: 'text_delta', text })
  }

  toolUse(piece: NamedCallPiece): Events {
    const block = this.#callOf(piece)
    if (block === null) return NOTHING
    const begun = this.#advance(false)
    // Cohere writes so that there are no arguments.
    if (piece.json === '' || (block.json === '' && piece.json === 'null')) return begun
    block.json += piece.json
    return [...begun, ...this.#put(block, { type: 'input_json_delta', partial_json: piece.json })]
  }

  /** Nothing more will come. */
  end(): Events {
    const rest = this.#advance(true)
    return this.#begun === 0 ? rest : [...rest, stopped(this.#begun - 1)]
  }

  #thought(): Block {
    const last = this.#blocks.at(-1)
    if (last?.type === 'thinking' && !last.isSigned) return last
    return this.#add({ type: 'thinking', thinking: '', signature: '' })
  }

  #callOf(piece: NamedCallPiece): Block | null {
    const calls = this.#blocks.filter(({ type }) => type === 'tool_use')
    const known = calls.findLast(({ key }) => typeof piece.key !== 'number' || key === piece.key)
    if (known !== undefined && !beginsAnother(piece, known)) return known
    if (!canBegin(piece)) return null
    const { id, name, extra, newId } = piece
    // Some providers give several calls the same id: then nobody could tell their results apart.
    const isUsable = id !== '' && calls.every(({ givenId }) => givenId !== id)
    const start = { type: 'tool_use', id: isUsable ? id : newId(calls.length), name, input: {}, ...extra }
    return this.#add(start, piece)
  }

  #add(start: JsonObject, { key = null, id: givenId = '' }: Partial<CallPiece> = {}): Block {
    const { type } = start
    const index = this.#blocks.length
    const block: Block = { index, type, start, waiting: [], key, givenId, json: '', isSigned: false }
    this.#blocks.push(block)
    return block
  }

  #put(block: Block, delta: JsonObject): Events {
    if (block.index === this.#begun - 1) return [put(block.index, delta)]
    block.waiting.push(delta)
    return this.#advance(false)
  }

  /** Goes on to later blocks as soon as nothing more can come for the open one; at the end, to all of them. */
  #advance(isEnd: boolean): Events {
    if (this.#begun === this.#blocks.length) return NOTHING
    const events: MessageEvent[] = []
    for (const { index, start, waiting } of this.#blocks.slice(this.#begun)) {
      const open = this.#blocks[index - 1]
      if (open !== undefined) {
        if (!isEnd && !isSettled(open)) break
        events.push(stopped(index - 1))
      }
      events.push({ type: 'content_block_start', index, content_block: start })
      if (index === 0) events.push(PING)
      events.push(...waiting.splice(0).map((delta) => put(index, delta)))
      this.#begun++
    }
    return events
  }
}

/** A name comes with the first piece of a call; with the same id again, it is still the same call. */
const beginsAnother = ({ key, id, name }: CallPiece, known: Block): boolean =>
  name !== '' && (id === '' ? typeof key !== 'number' : id !== known.givenId)

/** A call's block is over once its arguments are whole; other blocks are when another begins. */
const isSettled = ({ type, json }: Block): boolean => type !== 'tool_use' || parseObject(json) !== null

const put = (index: number, delta: JsonObject): MessageEvent => ({ type: 'content_block_delta', index, delta })
const stopped = (index: number): MessageEvent => ({ type: 'content_block_stop', index })
