/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** A part of a message in the words of the GenAI conventions. */
export interface SpanPart {
  readonly type: string
  readonly [name: string]: unknown
}

export interface SpanMessage {
  readonly role: string
  readonly parts: readonly SpanPart[]
  readonly finish_reason?: string
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** Of one text in a span. */
const TEXT_LIMIT = 8 * 1024

const cut = (text: string): string => (text.length <= TEXT_LIMIT ? text : `${text.slice(0, TEXT_LIMIT)}…`)

/** JSON as what it means; anything else as it is. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const textPart = (content: unknown): SpanPart[] =>
  typeof content === 'string' && content !== '' ? [{ type: 'text', content: cut(content) }] : []

const reasoningPart = (content: unknown): SpanPart[] =>
  typeof content === 'string' && content !== '' ? [{ type: 'reasoning', content: cut(content) }] : []

/** What stands apart from the conversation. */
export const systemParts = (value: unknown): readonly SpanPart[] => (value === undefined ? [] : contentParts(value))

/** The parts of a message of any dialect, or of an item of a response. */
export function partsOf(message: unknown): readonly SpanPart[] {
  if (!isObject(message)) return contentParts(message)
  const { role, content, type } = message
  if (role === 'tool') return [resultPart(message['tool_call_id'], content)]
  if (type === 'function_call') return [callPart(message['call_id'], message['name'], message['arguments'])]
  if (type === 'function_call_output') return [resultPart(message['call_id'], message['output'])]
  if (type === 'reasoning') return [...contentParts(message['summary']), ...contentParts(content)].map(asReasoning)
  const calls = objectsIn(message['tool_calls']).map(({ id, function: called }) =>
    isObject(called) ? callPart(id, called['name'], called['arguments']) : callPart(id, undefined, undefined),
  )
  const reasoning = reasoningPart(message['reasoning_content'] ?? message['reasoning'])
  return [...reasoning, ...contentParts(content), ...calls]
}

function contentParts(content: unknown): readonly SpanPart[] {
  if (!Array.isArray(content)) return textPart(content)
  return objectsIn(content).flatMap(blockParts)
}

function blockParts(block: JsonObject): readonly SpanPart[] {
  const { type, text } = block
  switch (type) {
    case 'thinking':
      return reasoningPart(block['thinking'])
    case 'tool_use':
      return [callPart(block['id'], block['name'], block['input'])]
    case 'tool_result':
      return [resultPart(block['tool_use_id'], block['content'])]
    case 'image_url':
    case 'input_image':
      return [imagePart(isObject(block['image_url']) ? block['image_url']['url'] : block['image_url'])]
    case 'image':
      return [imagePart(isObject(block['source']) ? block['source']['url'] : null)]
    default:
      // A kind that is not known here is named, and its content left out.
      return typeof text === 'string' ? textPart(text) : [{ type: String(type) }]
  }
}

const asReasoning = (part: SpanPart): SpanPart => (part.type === 'text' ? { ...part, type: 'reasoning' } : part)

/** Where a picture is; those that come along are not repeated. */
const imagePart = (url: unknown): SpanPart =>
  typeof url === 'string' && !url.startsWith('data:')
    ? { type: 'uri', modality: 'image', uri: cut(url) }
    : { type: 'blob', modality: 'image' }

function callPart(id: unknown, name: unknown, given: unknown): SpanPart {
  const written = typeof given === 'string' ? given : JSON.stringify(given ?? {})
  return { type: 'tool_call', id, name, arguments: written.length > TEXT_LIMIT ? cut(written) : parsed(written) }
}

function resultPart(id: unknown, content: unknown): SpanPart {
  const texts = contentParts(content).map(({ content: text }) => (typeof text === 'string' ? text : ''))
  return { type: 'tool_call_response', id, response: texts.join('\n') }
}
