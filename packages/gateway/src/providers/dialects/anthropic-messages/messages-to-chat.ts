import { type ChatPart, contentOf, type PartOptions, partsOf } from './content-to-chat.ts'
import { type JsonObject, isObject, objectsIn, textOf } from '../json.ts'

/** What a provider understands beyond OpenAI's chat; see `Quirks.extensions`. */
export type Extensions = ReadonlySet<string>

export interface MessageOptions extends PartOptions {
  readonly extensions: Extensions
}

/** The messages of a request, as chat messages. */
export function chatMessages(body: JsonObject, options: MessageOptions): readonly JsonObject[] {
  options.losses.addOdd(body['messages'], 'messages')
  const system = contentOf(blocksOf(body['system']).flatMap((block) => partsOf(block, options)))
  const messages = objectsIn(body['messages']).flatMap((message) => chatMessagesOf(message, options))
  return system.length === 0 ? messages : [{ role: 'system', content: system }, ...messages]
}

const blocksOf = (content: unknown): readonly JsonObject[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : objectsIn(content)

const MESSAGE_MEMBERS = new Set(['role', 'content'])

function chatMessagesOf(message: JsonObject, options: MessageOptions): readonly JsonObject[] {
  const { role, content } = message
  options.losses.addUnknown(message, MESSAGE_MEMBERS, 'messages')
  const blocks = blocksOf(content)
  if (role === 'assistant') return assistantMessages(blocks, options)
  if (role === 'user') return userMessages(blocks, options)
  return [{ role, content: contentOf(blocks.flatMap((block) => partsOf(block, options))) }]
}

/** Chat wants the results of a turn's calls first, each a message of its own; pictures can only stand with the user. */
function userMessages(blocks: readonly JsonObject[], options: MessageOptions): readonly JsonObject[] {
  const results = blocks.filter(({ type }) => type === 'tool_result').map((block) => toolResult(block, options))
  const others = blocks.filter(({ type }) => type !== 'tool_result').flatMap((block) => partsOf(block, options))
  const parts = [...results.flatMap(({ besides }) => besides), ...others]
  const isEmpty = parts.length === 0 && results.length > 0
  return [...results.map(({ message }) => message), ...(isEmpty ? [] : [{ role: 'user', content: contentOf(parts) }])]
}

interface ToolResult {
  readonly message: JsonObject
  /** What a tool's message cannot hold. */
  readonly besides: readonly ChatPart[]
}

const RESULT_MEMBERS = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control'])

function toolResult(block: JsonObject, options: MessageOptions): ToolResult {
  options.losses.addUnknown(block, RESULT_MEMBERS, 'messages.tool_result')
  options.losses.addOdd([block], 'messages.tool_result')
  const id = textOf(block['tool_use_id'])
  if ((block['cache_control'] ?? null) !== null) options.losses.add('cache_control')
  const parts = blocksOf(block['content']).flatMap((inner) => partsOf(inner, options))
  const texts = parts.filter(({ type }) => type === 'text').map(({ text }) => textOf(text))
  const besides = parts.filter(({ type }) => type !== 'text')
  const note = besides.length === 0 ? [] : [`The result goes on in the next message (${besides.length} attached).`]
  // Chat has no mark for it; to the model, the word is one.
  const mark = block['is_error'] === true ? 'Error: ' : ''
  return {
    message: { role: 'tool', tool_call_id: id, content: mark + [...texts, ...note].join('\n\n') },
    besides: besides.length === 0 ? [] : [{ type: 'text', text: `Result of ${id}:` }, ...besides],
  }
}

/** A message of which nothing is left is left out: some providers refuse it. */
function assistantMessages(blocks: readonly JsonObject[], options: MessageOptions): readonly JsonObject[] {
  const told = blocks.filter(({ type }) => type !== 'tool_use' && !isThinking(type))
  const content = contentOf(told.flatMap((block) => partsOf(block, options)))
  const calls = blocks.filter(({ type }) => type === 'tool_use').map((block) => toolCall(block, options))
  const members = { ...reasoning(blocks, options), ...(calls.length === 0 ? {} : { tool_calls: calls }) }
  const isEmpty = content.length === 0
  if (isEmpty && Object.keys(members).length === 0) return []
  // Next to calls, nothing is better than an empty text: some refuse that.
  return [{ role: 'assistant', content: isEmpty && calls.length > 0 ? null : content, ...members }]
}

const isThinking = (type: unknown): boolean => type === 'thinking' || type === 'redacted_thinking'

/** Reasoning goes back only to those who want it: others refuse a message that holds it. */
function reasoning(blocks: readonly JsonObject[], { extensions, losses }: MessageOptions): JsonObject {
  const thinking = blocks.filter(({ type }) => isThinking(type))
  if (thinking.length === 0) return {}
  if (extensions.has('thinking_blocks')) return { thinking_blocks: thinking }
  const name = ['reasoning_content', 'reasoning'].find((member) => extensions.has(member))
  if (name === undefined) {
    losses.add('messages.thinking')
    return {}
  }
  if (thinking.some(({ signature }) => textOf(signature) !== '')) losses.add('messages.thinking.signature')
  if (thinking.some(({ type }) => type === 'redacted_thinking')) losses.add('messages.redacted_thinking')
  const text = thinking.map((block) => textOf(block['thinking'])).join('')
  return text === '' ? {} : { [name]: text }
}

const CALL_MEMBERS = new Set(['type', 'id', 'name', 'input', 'cache_control', 'extra_content', 'caller'])

function toolCall(block: JsonObject, { extensions, losses }: MessageOptions): JsonObject {
  losses.addUnknown(block, CALL_MEMBERS, 'messages.tool_use')
  if ((block['cache_control'] ?? null) !== null) losses.add('cache_control')
  const extra = block['extra_content']
  const keepsExtra = isObject(extra) && extensions.has('extra_content')
  if (isObject(extra) && !keepsExtra) losses.add('messages.tool_use.extra_content')
  return {
    id: textOf(block['id']),
    type: 'function',
    function: { name: textOf(block['name']), arguments: JSON.stringify(block['input'] ?? {}) },
    ...(keepsExtra ? { extra_content: extra } : {}),
  }
}
