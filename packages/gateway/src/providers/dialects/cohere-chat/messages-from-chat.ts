import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'

type Role = 'system' | 'user' | 'assistant' | 'tool'

/** The content parts each role may have at Cohere. */
const PARTS: Readonly<Record<Role, ReadonlySet<unknown>>> = {
  system: new Set(['text']),
  user: new Set(['text', 'image_url']),
  assistant: new Set(['text', 'thinking']),
  tool: new Set(['text', 'document']),
}

const SAID = new Set(['role', 'content'])
const ASSISTANT = new Set([
  ...SAID,
  'refusal',
  'reasoning_content',
  'reasoning',
  'tool_plan',
  'tool_calls',
  'citations',
])
/** The name of what was called; the call's id says as much. */
const TOOL = new Set([...SAID, 'tool_call_id', 'name'])
const CALL = new Set(['id', 'type', 'function', 'index'])
const PART = new Set(['type', 'text', 'refusal', 'thinking', 'image_url', 'document'])

/** Chat's messages as Cohere's: the same, in the same order. */
export function messagesFromChat(messages: unknown, losses: Losses): readonly JsonObject[] {
  losses.addOdd(messages, 'messages')
  return objectsIn(messages).flatMap((message) => {
    switch (message['role']) {
      case 'system':
      case 'developer':
        return said('system', message, losses)
      case 'user':
        return said('user', message, losses)
      case 'assistant':
        return answered(message, losses)
      case 'tool':
        return [result(message, losses)]
      default:
        losses.add(`messages.${textOf(message['role']) || 'role'}`)
        return []
    }
  })
}

/** A message of which nothing is left is refused: it is left out. */
function said(role: Role, message: JsonObject, losses: Losses): readonly JsonObject[] {
  losses.addUnknown(message, SAID, 'messages')
  const content = contentOf(role, message['content'], losses)
  return content.length === 0 && message['content'] !== '' ? [] : [{ role, content }]
}

function answered(message: JsonObject, losses: Losses): readonly JsonObject[] {
  losses.addUnknown(message, ASSISTANT, 'messages')
  const plan = textOf(message['tool_plan'])
  const thinking = thinkingOf(message, plan, losses)
  const spoken = contentOf('assistant', message['content'] ?? message['refusal'], losses)
  const content = thinking === '' ? spoken : [{ type: 'thinking', thinking }, ...asParts(spoken)]
  const calls = objectsIn(message['tool_calls']).flatMap((call) => toolCall(call, losses))
  const citations = objectsIn(message['citations']).map(({ index: _index, ...citation }) => citation)
  const members = {
    ...(content.length === 0 ? {} : { content }),
    ...(plan === '' ? {} : { tool_plan: plan }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(citations.length === 0 ? {} : { citations }),
  }
  return Object.keys(members).length === 0 ? [] : [{ role: 'assistant', ...members }]
}

/** Our own answers end their reasoning with the plan. Some providers tell the same reasoning under two names. */
function thinkingOf({ reasoning_content: content, reasoning }: JsonObject, plan: string, losses: Losses): string {
  const told = textOf(content ?? reasoning)
  if (textOf(reasoning) !== '' && reasoning !== told) losses.add('messages.reasoning')
  return told.endsWith(plan) ? told.slice(0, told.length - plan.length) : told
}

function toolCall(call: JsonObject, losses: Losses): readonly JsonObject[] {
  const { id, type, function: called } = call
  if (!isObject(called)) {
    losses.add(`messages.tool_calls.${textOf(type) || 'type'}`)
    return []
  }
  losses.addUnknown(call, CALL, 'messages.tool_calls')
  const { name, arguments: written } = called
  return [{ id, type: 'function', function: { name, arguments: textOf(written) || '{}' } }]
}

function result(message: JsonObject, losses: Losses): JsonObject {
  losses.addUnknown(message, TOOL, 'messages')
  const { tool_call_id: id, content } = message
  return { role: 'tool', tool_call_id: id, content: contentOf('tool', content, losses) }
}

type Content = string | readonly JsonObject[]

const asParts = (content: Content): readonly JsonObject[] =>
  typeof content !== 'string' ? content : content === '' ? [] : [{ type: 'text', text: content }]

/** Text stays text, and parts stay parts. Empty when there is nothing. */
function contentOf(role: Role, content: unknown, losses: Losses): Content {
  if (!Array.isArray(content)) return textOf(content)
  const parts = objectsIn(content).map(partOf)
  return parts
    .filter((part) => {
      const { type } = part
      const isKnown = PARTS[role].has(type)
      if (isKnown) losses.addUnknown(part, PART, `messages.${textOf(type)}`)
      else losses.add(`messages.${textOf(type) || 'content'}`)
      return isKnown
    })
    .map(bare)
}

/** A part as Cohere writes it, if it has such a one; others stay as they are. */
function partOf(part: JsonObject): JsonObject {
  const { type, image_url: image, thinking } = part
  if (type === 'refusal') return { type: 'text', text: part['refusal'] }
  if (type === 'image_url' && typeof image === 'string') return { ...part, image_url: { url: image } }
  // Mistral's thinking is a list of texts.
  if (type === 'thinking' && Array.isArray(thinking))
    return {
      type,
      thinking: objectsIn(thinking)
        .map(({ text }) => textOf(text))
        .join(''),
    }
  return part
}

const bare = (part: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(part).filter(([name]) => PART.has(name)))
