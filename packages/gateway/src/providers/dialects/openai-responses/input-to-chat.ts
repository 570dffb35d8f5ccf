import { entryOf, isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'
import { argumentsFromInput } from './custom-tools.ts'

/** Something that cannot be left out without the answer being about something else. */
export interface Impossible {
  /** The member that holds it. */
  readonly param: string
  readonly why: string
}

export interface InputOptions {
  readonly losses: Losses
  /** What the provider understands beyond OpenAI's chat; see `Quirks.extensions`. */
  readonly extensions: ReadonlySet<string>
  /** Told of what cannot be said in chat and must not be left out. */
  readonly refuse: (impossible: Impossible) => void
}

/** The instructions and the input of a request, as chat messages. Items that belong to one turn become one message. */
export function chatMessages({ instructions, input }: JsonObject, options: InputOptions): readonly JsonObject[] {
  const conversation = new Conversation(options)
  options.losses.addOdd(input, 'input')
  if (typeof instructions === 'string' && instructions !== '')
    conversation.say({ role: 'system', content: instructions })
  else for (const item of objectsIn(instructions)) conversation.item(item)
  if (typeof input === 'string') conversation.say({ role: 'user', content: input })
  else for (const item of objectsIn(input)) conversation.item(item)
  conversation.end()
  return conversation.messages
}

/** The AI SDK writes references unless it is told that nobody stores anything. */
const REFERENCE =
  'it refers to an earlier item that is not known here, or no longer: send the item itself (AI SDK: `store: false`)'

const OUTPUTS = new Set<unknown>(['function_call_output', 'custom_tool_call_output'])

/** Left out, the model would know nothing of what was said before. */
const COMPACTIONS = new Set<unknown>(['compaction', 'compaction_summary'])
const COMPACTION = 'it holds a conversation that was compacted for its provider alone: send the items themselves'

const MESSAGE_MEMBERS = new Set(['type', 'id', 'role', 'content', 'status'])
const SAID_MEMBERS = new Set(['type', 'text', 'refusal'])
const REASONING_MEMBERS = new Set(['type', 'id', 'summary', 'content', 'encrypted_content', 'status'])
const CALL_MEMBERS = new Set(['type', 'id', 'call_id', 'name', 'arguments', 'input', 'status', 'extra_content'])
const OUTPUT_MEMBERS = new Set(['type', 'id', 'call_id', 'output', 'status'])

class Conversation {
  readonly messages: JsonObject[] = []
  readonly #options: InputOptions
  /** Of reasoning whose message or call is still to come. */
  #reasoning = ''
  /** What a tool's message cannot hold: it follows the last result of the turn. */
  #besides: readonly JsonObject[] = []

  constructor(options: InputOptions) {
    this.#options = options
  }

  say(message: JsonObject): void {
    this.messages.push(message)
  }

  item(item: JsonObject): void {
    const { type = 'message' } = item
    if (!OUTPUTS.has(type)) this.endResults()
    if (type === 'message') this.#message(item)
    else if (type === 'reasoning') this.#reason(item)
    else if (type === 'function_call') this.#call(item, textOf(item['arguments']) || '{}')
    else if (type === 'custom_tool_call') this.#call(item, argumentsFromInput(item['input']))
    else if (OUTPUTS.has(type)) this.#output(item)
    else if (type === 'item_reference') this.#options.refuse({ param: 'input', why: REFERENCE })
    else if (COMPACTIONS.has(type)) this.#options.refuse({ param: 'input', why: COMPACTION })
    else this.#options.losses.add(`input.${textOf(type)}`)
  }

  end(): void {
    this.endResults()
    this.#forgetReasoning()
  }

  /** Chat wants the results of a turn's calls in one row; pictures can only stand with the user. */
  endResults(): void {
    if (this.#besides.length === 0) return
    this.say({ role: 'user', content: this.#besides })
    this.#besides = []
  }

  #message(item: JsonObject): void {
    const { role, content } = item
    this.#options.losses.addUnknown(item, MESSAGE_MEMBERS, 'input.message')
    if (role === 'assistant') {
      const text =
        typeof content === 'string'
          ? content
          : objectsIn(content)
              .map((part) => this.#said(part))
              .join('')
      // Some providers refuse a message that says nothing.
      return text === '' ? undefined : this.say({ role, content: text, ...this.#takeReasoning() })
    }
    this.#forgetReasoning()
    // Many providers do not know `developer`; those that do treat `system` alike.
    this.say({ role: role === 'developer' ? 'system' : role, content: contentOf(content, this.#options) })
  }

  /** What the assistant said before. */
  #said(part: JsonObject): string {
    const { type, text, refusal } = part
    const { losses } = this.#options
    if (typeof text === 'string' || typeof refusal === 'string')
      losses.addUnknown(part, SAID_MEMBERS, `input.${textOf(type)}`)
    else losses.add(`input.${textOf(type)}`)
    return textOf(text) || textOf(refusal)
  }

  #reason(item: JsonObject): void {
    const { summary, content, encrypted_content: encrypted } = item
    const { losses, extensions } = this.#options
    losses.addUnknown(item, REASONING_MEMBERS, 'input.reasoning')
    const told = [...objectsIn(content), ...objectsIn(summary)].map(({ text }) => textOf(text))
    const takes = extensions.has('reasoning_content') || extensions.has('reasoning')
    if (takes) this.#reasoning += told.join('\n')
    else if (told.length > 0) losses.add('input.reasoning')
    if (textOf(encrypted) !== '') losses.add('input.reasoning.encrypted_content')
  }

  /** Behind what the message holds already. */
  #takeReasoning(message: JsonObject = {}): JsonObject {
    const text = this.#reasoning
    this.#reasoning = ''
    if (text === '') return {}
    const name = this.#options.extensions.has('reasoning_content') ? 'reasoning_content' : 'reasoning'
    return { [name]: [textOf(message[name]), text].filter((part) => part !== '').join('\n') }
  }

  /** It belongs to a message or a call that did not come. */
  #forgetReasoning(): void {
    if (this.#reasoning !== '') this.#options.losses.add('input.reasoning')
    this.#reasoning = ''
  }

  /** Calls of one turn stand in one message, with what was said before them. */
  #call(item: JsonObject, written: string): void {
    const { call_id: id, name, extra_content: extra } = item
    const { extensions, losses } = this.#options
    losses.addUnknown(item, CALL_MEMBERS, 'input.function_call')
    const keepsExtra = isObject(extra) && extensions.has('extra_content')
    if (isObject(extra) && !keepsExtra) losses.add('input.function_call.extra_content')
    const call = {
      id,
      type: 'function',
      function: { name, arguments: written },
      ...(keepsExtra ? { extra_content: extra } : {}),
    }
    const last = this.messages.at(-1)
    if (last?.['role'] !== 'assistant')
      return this.say({ role: 'assistant', content: null, ...this.#takeReasoning(), tool_calls: [call] })
    const calls = objectsIn(last['tool_calls'])
    this.messages.splice(-1, 1, { ...last, ...this.#takeReasoning(last), tool_calls: [...calls, call] })
  }

  #output(item: JsonObject): void {
    const { call_id: id, output } = item
    this.#forgetReasoning()
    this.#options.losses.addUnknown(item, OUTPUT_MEMBERS, 'input.function_call_output')
    if (!Array.isArray(output)) {
      const content = typeof output === 'string' ? output : JSON.stringify(output ?? '')
      return this.say({ role: 'tool', tool_call_id: id, content })
    }
    const parts = objectsIn(output).flatMap((part) => partOf(part, this.#options))
    const texts = parts.flatMap(({ type, text }) => (type === 'text' ? [textOf(text)] : []))
    const besides = parts.filter(({ type }) => type !== 'text')
    if (besides.length > 0) {
      this.#besides = [...this.#besides, { type: 'text', text: `Result of ${textOf(id)}:` }, ...besides]
      texts.push(`The result goes on in the next message (${besides.length} attached).`)
    }
    this.say({ role: 'tool', tool_call_id: id, content: texts.join('\n') })
  }
}

/** One text is told as a text: some providers know no lists. */
function contentOf(content: unknown, options: InputOptions): unknown {
  if (!Array.isArray(content)) return content
  const parts = objectsIn(content).flatMap((part) => partOf(part, options))
  const [only, other] = parts
  return only?.['type'] === 'text' && other === undefined ? only['text'] : parts
}

const PART_MEMBERS: Readonly<Record<string, ReadonlySet<string>>> = {
  input_text: new Set(['type', 'text']),
  output_text: new Set(['type', 'text']),
  input_image: new Set(['type', 'image_url', 'detail', 'file_id']),
  input_file: new Set(['type', 'filename', 'file_data', 'file_id', 'file_url']),
  input_audio: new Set(['type', 'input_audio']),
}

function partOf(part: JsonObject, { losses, refuse }: InputOptions): readonly JsonObject[] {
  const members = entryOf(PART_MEMBERS, part['type'])
  if (members !== undefined) losses.addUnknown(part, members, `input.${textOf(part['type'])}`)
  const { type, text, image_url: url, detail, file_id: fileId, file_url: fileUrl } = part
  const { filename, file_data: data, input_audio: audio } = part
  if (typeof text === 'string') return [{ type: 'text', text }]
  if (typeof fileId === 'string')
    refuse({ param: 'input', why: `it names the file ${fileId} that another provider keeps` })
  else if (typeof fileUrl === 'string')
    refuse({ param: 'input', why: 'chat takes no files by address: send the file itself as `file_data`' })
  else if (type === 'input_image' && typeof url === 'string')
    return [{ type: 'image_url', image_url: { url, ...(typeof detail === 'string' ? { detail } : {}) } }]
  else if (type === 'input_file') return [{ type: 'file', file: { filename, file_data: data } }]
  else if (type === 'input_audio') return [{ type: 'input_audio', input_audio: audio }]
  else losses.add(`input.${textOf(type)}`)
  return []
}
