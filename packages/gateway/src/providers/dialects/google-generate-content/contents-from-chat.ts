import { isObject, type JsonObject, objectsIn, parseObject, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'
import { partsFromContent } from './parts-from-chat.ts'
import { googleExtra, marked, signed } from './signature.ts'

export interface Conversation {
  readonly system: readonly JsonObject[]
  readonly contents: readonly JsonObject[]
  /** Whether calls that no signature came with had to be marked as another model's. */
  readonly isMarked: boolean
}

type Role = 'system' | 'user' | 'assistant' | 'tool'

interface Turn {
  readonly role: Role
  readonly parts: readonly JsonObject[]
}

/** Chat's messages as Google wants them: what the system says apart, the results of one turn's calls in one turn. */
export function conversationFromChat(
  messages: unknown,
  losses: Losses,
  /** Gemini 3 refuses calls without a signature, and takes pictures inside of results. */
  isThird: boolean,
): Conversation {
  losses.addOdd(messages, 'messages')
  const reader = new MessageReader(losses, isThird)
  const turns: Turn[] = []
  for (const message of objectsIn(messages)) {
    const turn = { role: roleOf(message['role']), parts: reader.partsOf(message) }
    const last = turns.at(-1)
    if (last?.role === turn.role) turns[turns.length - 1] = { ...last, parts: [...last.parts, ...turn.parts] }
    else if (turn.role === 'system' || turn.parts.length > 0) turns.push(turn)
  }
  const said = turns.filter(({ role, parts }) => role !== 'system' && parts.length > 0)
  return {
    system: turns.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts),
    contents:
      said.length === 0
        ? SILENCE
        : said.map(({ role, parts }) => ({ role: role === 'assistant' ? 'model' : 'user', parts })),
    isMarked: reader.isMarked,
  }
}

/** A conversation in which only the system speaks: Google wants a turn, and takes an empty one. */
const SILENCE = [{ role: 'user', parts: [{ text: '' }] }]

function roleOf(role: unknown): Role {
  if (role === 'developer') return 'system'
  if (role === 'function') return 'tool'
  return role === 'system' || role === 'assistant' || role === 'tool' ? role : 'user'
}

const SAID_MEMBERS = new Set([
  'role',
  'name',
  'content',
  'refusal',
  'reasoning_content',
  'reasoning',
  'images',
  'tool_calls',
  'extra_content',
])

/** Reads messages in their order: a result is told with the name of the function that an earlier message called. */
class MessageReader {
  isMarked = false
  readonly #losses: Losses
  readonly #isThird: boolean
  readonly #names = new Map<unknown, unknown>()

  constructor(losses: Losses, isThird: boolean) {
    this.#losses = losses
    this.#isThird = isThird
  }

  partsOf(message: JsonObject): readonly JsonObject[] {
    const role = roleOf(message['role'])
    if (role === 'tool') return this.#result(message)
    if (typeof message['name'] === 'string') this.#losses.add('messages.name')
    return role === 'assistant' ? this.#said(message) : partsFromContent(message['content'], this.#losses)
  }

  #said(message: JsonObject): readonly JsonObject[] {
    const google = googleExtra(message)
    this.#losses.addUnknown(message, SAID_MEMBERS, 'messages')
    const thought = textOf(message['reasoning_content'] ?? message['reasoning'])
    return [
      ...(thought === '' ? [] : [{ text: thought, thought: true }]),
      ...objectsIn(google['parts']),
      ...this.#words(message, google),
      ...objectsIn(message['images']).flatMap((image) =>
        partsFromContent([image], this.#losses).map((part) => signed(part, googleExtra(image))),
      ),
      ...this.#calls(message['tool_calls']),
    ]
  }

  /** The signature belongs to the last of the texts, and stands alone where there is none. */
  #words({ content, refusal }: JsonObject, google: JsonObject): readonly JsonObject[] {
    const parts = partsFromContent(content ?? refusal, this.#losses)
    const last = parts.at(-1) ?? { text: '' }
    if (parts.length === 0 && typeof google['thought_signature'] !== 'string') return []
    return [...parts.slice(0, -1), signed(last, google)]
  }

  #calls(list: unknown): readonly JsonObject[] {
    const calls = objectsIn(list).map((call) => {
      const { name, arguments: written } = isObject(call['function']) ? call['function'] : {}
      this.#names.set(call['id'], name)
      return signed(
        { functionCall: { ...idOf(call['id']), name, args: argumentsOf(textOf(written)) } },
        googleExtra(call),
      )
    })
    if (!this.#isThird) return calls
    const told = marked(calls)
    this.isMarked ||= told !== calls && calls.length > 0
    return told
  }

  #result({ tool_call_id: id, name, content }: JsonObject): readonly JsonObject[] {
    const parts = partsFromContent(content, this.#losses)
    const media = parts.filter((part) => !('text' in part))
    const text = parts.map(({ text: words }) => textOf(words)).join('')
    const called = {
      ...idOf(id),
      name: this.#names.get(id) ?? name ?? id,
      response: parseObject(text) ?? { result: text },
    }
    if (this.#isThird && media.length > 0) return [{ functionResponse: { ...called, parts: media } }]
    return [{ functionResponse: called }, ...media]
  }
}

const idOf = (id: unknown): JsonObject => (textOf(id) === '' ? {} : { id })

const argumentsOf = (text: string): JsonObject => (text.trim() === '' ? {} : (parseObject(text) ?? { arguments: text }))
