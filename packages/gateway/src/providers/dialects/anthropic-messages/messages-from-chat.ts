import { isObject, type JsonObject, objectsIn, parseObject, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'

/** A turn of a conversation with Anthropic. */
interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: readonly JsonObject[]
}

export interface Conversation {
  readonly system: readonly JsonObject[]
  readonly messages: readonly Turn[]
}

/** Chat's messages as Anthropic wants them: what the system says apart, and the turns of each side in one piece. */
export function conversationFromChat(messages: unknown, losses: Losses): Conversation {
  losses.addOdd(messages, 'messages')
  const system: JsonObject[] = []
  const turns: Turn[] = []
  for (const message of objectsIn(messages)) {
    const { role } = message
    if (role === 'system' || role === 'developer') {
      system.push(...blocksFromContent(message['content'], losses))
      continue
    }
    const turn = turnOf(message, losses)
    const last = turns.at(-1)
    // All results of one turn's calls have to stand in the next turn, before what else it says.
    if (last?.role === turn.role) turns[turns.length - 1] = { ...last, content: [...last.content, ...turn.content] }
    else turns.push(turn)
  }
  return { system, messages: turns.filter(({ content }) => content.length > 0) }
}

const MESSAGE_MEMBERS = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'tool_call_id',
  'thinking_blocks',
  'reasoning_content',
  'reasoning',
])
/** The call has named its function. */
const RESULT_MEMBERS = new Set([...MESSAGE_MEMBERS, 'name'])

function turnOf(message: JsonObject, losses: Losses): Turn {
  const { role, content } = message
  losses.addUnknown(message, role === 'tool' ? RESULT_MEMBERS : MESSAGE_MEMBERS, 'messages')
  if (role === 'tool') return { role: 'user', content: [toolResult(message, losses)] }
  if (role !== 'assistant') return { role: 'user', content: blocksFromContent(content, losses) }
  const calls = objectsIn(message['tool_calls']).map((call) => toolUse(call, losses))
  const spoken = blocksFromContent(content ?? message['refusal'], losses)
  return { role: 'assistant', content: [...thinkingOf(message, losses), ...spoken, ...calls] }
}

/** Only signed thinking may come back; Anthropic refuses any other. */
function thinkingOf(message: JsonObject, losses: Losses): readonly JsonObject[] {
  const blocks = objectsIn(message['thinking_blocks'])
  if (blocks.length > 0) return blocks
  if (textOf(message['reasoning_content'] ?? message['reasoning']) !== '') losses.add('messages.reasoning_content')
  return []
}

function toolResult({ tool_call_id: id, content }: JsonObject, losses: Losses): JsonObject {
  const result = typeof content === 'string' ? content : blocksFromContent(content, losses)
  return { type: 'tool_result', tool_use_id: usableId(id), content: result }
}

const CALL_MEMBERS = new Set(['id', 'index', 'type', 'function'])

function toolUse(call: JsonObject, losses: Losses): JsonObject {
  losses.addUnknown(call, CALL_MEMBERS, 'messages.tool_calls')
  const { id, function: called } = call
  const { name, arguments: written } = isObject(called) ? called : {}
  const text = textOf(written)
  const input = text.trim() === '' ? {} : (parseObject(text) ?? { arguments: text })
  return { type: 'tool_use', id: usableId(id), name, input }
}

/** Anthropic takes letters, digits, `_` and `-`; the same id becomes the same every time. */
const usableId = (id: unknown): string => textOf(id).replaceAll(/[^\w-]/g, '_')

/** Text or parts as blocks. Empty texts are refused, and say nothing. */
function blocksFromContent(content: unknown, losses: Losses): readonly JsonObject[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return objectsIn(content).flatMap((part) => {
    const block = blockOf(part, losses)
    const { cache_control: mark = null } = part
    return block === null ? [] : [mark === null ? block : { ...block, cache_control: mark }]
  })
}

const IMAGE_MEMBERS = new Set(['url'])

function blockOf({ type, text, refusal, image_url: image, file }: JsonObject, losses: Losses): JsonObject | null {
  if (type === 'text') return textOf(text) === '' ? null : { type, text }
  if (type === 'refusal') return textOf(refusal) === '' ? null : { type: 'text', text: refusal }
  if (type === 'image_url') {
    const url = isObject(image) ? textOf(image['url']) : textOf(image)
    if (isObject(image)) losses.addUnknown(image, IMAGE_MEMBERS, 'messages.image_url')
    return { type: 'image', source: sourceOf(url) }
  }
  const data = type === 'file' && isObject(file) ? textOf(file['file_data']) : ''
  if (isObject(file) && data !== '') {
    const { filename } = file
    return { type: 'document', source: sourceOf(data), ...(typeof filename === 'string' ? { title: filename } : {}) }
  }
  losses.add(`messages.${textOf(type) || 'content'}`)
  return null
}

function sourceOf(url: string): JsonObject {
  const [, mediaType, data] = /^data:([^;,]*);base64,(.*)$/s.exec(url) ?? []
  return data === undefined ? { type: 'url', url } : { type: 'base64', media_type: mediaType, data }
}
