import { type CallPiece, canBegin } from '../chat-pieces.ts'
import { type JsonObject, parseObject, textOf } from '../json.ts'
import { inputFromArguments } from './custom-tools.ts'

/** An event of a response's stream, before it has its number. */
export interface ResponseEvent {
  readonly type: string
  readonly [member: string]: unknown
}

type Events = readonly ResponseEvent[]
type Status = 'in_progress' | 'completed' | 'incomplete'

const NOTHING: Events = []

/** What an item says piece by piece. */
interface Item {
  readonly kind: 'reasoning' | 'message' | 'function_call'
  readonly index: number
  readonly id: string
  /** Of a message: its parts. Of reasoning and calls: one, their whole text. */
  readonly parts: Part[]
  readonly call: {
    readonly key: unknown
    /** As the provider gave it. */
    readonly givenId: string
    readonly id: string
    readonly name: string
    readonly extra: JsonObject
    /** It takes plain text, which is known once its arguments are whole. */
    readonly isCustom: boolean
  } | null
  status: Status
}

interface Part {
  readonly kind: 'output_text' | 'refusal' | 'summary_text' | 'arguments'
  text: string
}

/**
 * The output of one response. An item is told from its beginning to its end before another begins, but for calls: chat may
 * mix their pieces, so that one whose arguments are not whole stays open beside the next.
 */
export class OutputItems {
  readonly #seed: string
  readonly #custom: ReadonlySet<string>
  readonly #items: Item[] = []

  /** `seed` makes the ids of the items; `custom` are the names of tools that take plain text. */
  constructor(seed: string, custom: ReadonlySet<string>) {
    this.#seed = seed
    this.#custom = custom
  }

  /** All items as they stand. */
  get output(): readonly JsonObject[] {
    return this.#items.map((item) => told(item))
  }

  reasoning(text: string): Events {
    return text === '' ? NOTHING : this.#say('reasoning', 'summary_text', text)
  }

  text(text: string): Events {
    return text === '' ? NOTHING : this.#say('message', 'output_text', text)
  }

  refusal(text: string): Events {
    return text === '' ? NOTHING : this.#say('message', 'refusal', text)
  }

  call(piece: CallPiece): Events {
    const known = this.#knownCall(piece)
    if (known === null && !canBegin(piece)) return NOTHING
    const begun = known === null ? this.#beginCall(piece) : NOTHING
    const item = known ?? this.#items.at(-1)
    const part = item?.parts[0]
    // Cohere writes so that there are no arguments.
    if (item === undefined || part === undefined || piece.json === '' || (part.text === '' && piece.json === 'null'))
      return begun
    part.text += piece.json
    return item.call?.isCustom === true ? begun : [...begun, deltaOf(item, 0, piece.json)]
  }

  /** Nothing more will come. What is open then is as incomplete as the response. */
  end(status: Status): Events {
    return this.#items.filter(isOpen).flatMap((item) => finish(item, status))
  }

  /** The stream has broken off: what is open stays so, and nobody is told. */
  abandon(): void {
    for (const item of this.#items.filter(isOpen)) item.status = 'incomplete'
  }

  #say(kind: Item['kind'], part: Part['kind'], text: string): Events {
    const last = this.#items.at(-1)
    const goesOn = last?.kind === kind && isOpen(last)
    const begun = goesOn ? NOTHING : this.#begin(kind, null)
    const item = this.#items.at(-1)
    if (item === undefined) return begun
    const { events, index } = openPart(item, part)
    const spoken = item.parts[index]
    if (spoken !== undefined) spoken.text += text
    return [...begun, ...events, deltaOf(item, index, text)]
  }

  #knownCall(piece: CallPiece): Item | null {
    const calls = this.#items.filter(({ kind }) => kind === 'function_call')
    const known = calls.findLast(({ call }) => typeof piece.key !== 'number' || call?.key === piece.key)
    // A name comes with the first piece of a call; with the same id again, it is still the same call.
    const isAnother =
      piece.name !== '' && (piece.id === '' ? typeof piece.key !== 'number' : piece.id !== known?.call?.givenId)
    return known === undefined || isAnother || !isOpen(known) ? null : known
  }

  #beginCall({ key, id, name, extra }: CallPiece): Events {
    const calls = this.#items.filter(({ kind }) => kind === 'function_call')
    // Some providers give several calls the same id: then nobody could tell their results apart.
    const isUsable = id !== '' && calls.every(({ call }) => call?.givenId !== id)
    const callId = isUsable ? id : `call_${this.#seed}_${calls.length}`
    const begun = this.#begin('function_call', {
      key,
      givenId: id,
      id: callId,
      name,
      extra,
      isCustom: this.#custom.has(name),
    })
    this.#items.at(-1)?.parts.push({ kind: 'arguments', text: '' })
    return begun
  }

  /** What came before is over, unless it is a call that may go on. */
  #begin(kind: Item['kind'], call: Item['call']): Events {
    const over = this.#items.filter((item) => isOpen(item) && (kind !== 'function_call' || isSettled(item)))
    const ended = over.flatMap((item) => finish(item, 'completed'))
    const index = this.#items.length
    const id = `${call?.isCustom === true ? 'ctc' : PREFIXES[kind]}_${this.#seed}_${index}`
    const item: Item = { kind, index, id, parts: [], call, status: 'in_progress' }
    this.#items.push(item)
    return [...ended, { type: 'response.output_item.added', output_index: index, item: told(item) }]
  }
}

const PREFIXES = { reasoning: 'rs', message: 'msg', function_call: 'fc' } as const

const isOpen = ({ status }: Item): boolean => status === 'in_progress'

const isSettled = ({ kind, parts }: Item): boolean =>
  kind !== 'function_call' || parseObject(parts[0]?.text ?? '') !== null

/** The item as it stands. */
function told({ kind, id, parts, call, status }: Item): JsonObject {
  if (kind === 'reasoning') return { id, type: kind, summary: parts.map(toldPart) }
  if (kind === 'message') return { id, type: kind, status, role: 'assistant', content: parts.map(toldPart) }
  const { id: callId, name, extra, isCustom } = call ?? {}
  const written = textOf(parts[0]?.text)
  if (isCustom === true) {
    const input = status === 'in_progress' ? '' : inputFromArguments(written)
    return { id, type: 'custom_tool_call', status, call_id: callId, name, input, ...extra }
  }
  const whole = status === 'in_progress' ? written : written || '{}'
  return { id, type: kind, status, call_id: callId, name, arguments: whole, ...extra }
}

function toldPart({ kind, text }: Part): JsonObject {
  if (kind === 'output_text') return { type: kind, annotations: [], logprobs: [], text }
  return kind === 'refusal' ? { type: kind, refusal: text } : { type: kind, text }
}

/** Where an event belongs. */
function placeOf({ kind, id, index }: Item, part: number): JsonObject {
  const place = { item_id: id, output_index: index }
  if (kind === 'function_call') return place
  return kind === 'reasoning' ? { ...place, summary_index: part } : { ...place, content_index: part }
}

const PART_EVENTS = { reasoning: 'reasoning_summary_part', message: 'content_part', function_call: null } as const
const TEXT_EVENTS = {
  output_text: 'output_text',
  refusal: 'refusal',
  summary_text: 'reasoning_summary_text',
  arguments: 'function_call_arguments',
} as const

/** The part that is being told, begun where it is not; another kind of part ends the one before. */
function openPart(item: Item, kind: Part['kind']): { readonly events: Events; readonly index: number } {
  const last = item.parts.at(-1)
  if (last?.kind === kind) return { events: NOTHING, index: item.parts.length - 1 }
  const ended = last === undefined ? NOTHING : finishPart(item, item.parts.length - 1)
  const part: Part = { kind, text: '' }
  item.parts.push(part)
  const index = item.parts.length - 1
  const added = { type: `response.${PART_EVENTS[item.kind]}.added`, ...placeOf(item, index), part: toldPart(part) }
  return { events: [...ended, added], index }
}

function deltaOf(item: Item, index: number, delta: string): ResponseEvent {
  const kind = item.parts[index]?.kind ?? 'output_text'
  const type = `response.${TEXT_EVENTS[kind]}.delta`
  return { type, ...placeOf(item, index), delta, ...(kind === 'output_text' ? { logprobs: [] } : {}) }
}

function finishPart(item: Item, index: number): Events {
  const part = item.parts[index]
  const name = PART_EVENTS[item.kind]
  if (part === undefined || name === null) return NOTHING
  const place = placeOf(item, index)
  const { text } = part
  const whole = part.kind === 'refusal' ? { refusal: text } : { text }
  const logprobs = part.kind === 'output_text' ? { logprobs: [] } : {}
  return [
    { type: `response.${TEXT_EVENTS[part.kind]}.done`, ...place, ...whole, ...logprobs },
    { type: `response.${name}.done`, ...place, part: toldPart(part) },
  ]
}

function finish(item: Item, status: Status): Events {
  item.status = status
  const whole = told(item)
  const done = { type: 'response.output_item.done', output_index: item.index, item: whole }
  if (item.kind !== 'function_call') return [...finishPart(item, item.parts.length - 1), done]
  const { name, arguments: written, input } = whole
  if (item.call?.isCustom === true) {
    const said = { type: 'response.custom_tool_call_input.delta', ...placeOf(item, 0), delta: input }
    const over = { type: 'response.custom_tool_call_input.done', ...placeOf(item, 0), input }
    return [...(input === '' ? [] : [said]), over, done]
  }
  const type = 'response.function_call_arguments.done'
  return [{ type, ...placeOf(item, 0), name, arguments: written }, done]
}
