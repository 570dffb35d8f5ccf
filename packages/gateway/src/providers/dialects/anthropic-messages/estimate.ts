import { numberOf } from '../exact-json.ts'
import { isObject, type JsonObject, objectsIn } from '../json.ts'

/** What most tokenizers make of English, of most other scripts, and of a picture in full size. */
const LATIN_CHARACTERS_PER_TOKEN = 3.5
const OTHER_CHARACTERS_PER_TOKEN = 1
const TOKENS_PER_IMAGE = 1600
const DOCUMENT_BYTES_PER_TOKEN = 30
/** Role and separators. */
const TOKENS_PER_MESSAGE = 4
/** What a provider writes around tools to explain them to its model. */
const TOKENS_FOR_TOOLS = 340

/**
 * About how many tokens a request has, rather too many than too few. Nobody but the provider knows: for one that does not
 * count, this is a guess from the length of its texts.
 */
export function estimateTokens({ system, messages, tools }: JsonObject): number {
  const functions = objectsIn(tools)
  const fixed = functions.length === 0 ? 0 : TOKENS_FOR_TOOLS
  const perMessage = objectsIn(messages).length * TOKENS_PER_MESSAGE
  return Math.max(1, Math.ceil(fixed + perMessage + tokensIn(system) + tokensIn(messages) + tokensIn(functions)))
}

function tokensIn(value: unknown): number {
  if (typeof value === 'string') return tokensOfText(value)
  if (typeof value === 'boolean' || numberOf(value) !== null) return 1
  if (Array.isArray(value)) return sum(value.map(tokensIn))
  if (!isObject(value)) return 0
  if (value['type'] === 'image') return TOKENS_PER_IMAGE
  if (value['type'] === 'document') return tokensOfDocument(value)
  return sum(
    Object.entries(value).map(([name, member]) => (UNREAD.has(name) ? 0 : tokensIn(member) + tokensOfName(name))),
  )
}

/** Members that say how the request is to be handled; no model reads them. */
const UNREAD = new Set(['type', 'role', 'cache_control', 'signature', 'data', 'id', 'tool_use_id'])

/** Of the API's own names nothing is read; those of tools' parameters and inputs are. */
const tokensOfName = (name: string): number => (API_NAMES.has(name) ? 0 : tokensOfText(name) + 1)

const API_NAMES = new Set([
  'text',
  'content',
  'thinking',
  'name',
  'description',
  'input',
  'input_schema',
  'source',
  'is_error',
])

function tokensOfDocument({ source, title }: JsonObject): number {
  const { type, data, content } = isObject(source) ? source : {}
  if (type === 'base64' && typeof data === 'string') return (data.length * 0.75) / DOCUMENT_BYTES_PER_TOKEN
  return tokensIn(title) + tokensIn(typeof data === 'string' ? data : content)
}

function tokensOfText(text: string): number {
  const others = text.match(/[^\p{ASCII}\p{Script=Latin}]/gu)?.length ?? 0
  return (text.length - others) / LATIN_CHARACTERS_PER_TOKEN + others / OTHER_CHARACTERS_PER_TOKEN
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
