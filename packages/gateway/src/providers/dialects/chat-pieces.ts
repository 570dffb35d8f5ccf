import { comparable, numberOf } from './exact-json.ts'
import { isObject, type JsonObject, objectsIn, textOf } from './json.ts'

/** A piece of a tool call, as a chat stream gives it. */
export interface CallPiece {
  /** The call's number; some providers leave it out (`null`), and some give all calls the same. */
  readonly key: number | null
  /** Empty but in the first piece. */
  readonly id: string
  readonly name: string
  readonly json: string
  /** More members of the call. */
  readonly extra: JsonObject
}

/** Reads a member of a delta's `tool_calls`. */
export function callPieceOf(call: JsonObject): CallPiece {
  const called = isObject(call['function']) ? call['function'] : {}
  return {
    key: numberOf(call['index']),
    // Nobody can answer to a blank one.
    id: textOf(call['id']).trim() === '' ? '' : textOf(call['id']),
    name: textOf(called['name']),
    json: textOf(called['arguments']),
    extra: extraContent(call),
  }
}

/** Whether a call can begin with it: without a name nobody can be called. */
export const canBegin = ({ name }: CallPiece): boolean => name !== ''

/** What a chunk tells of the first choice, the only one that other dialects have. */
export const firstChoice = (choices: unknown): JsonObject | undefined =>
  objectsIn(choices).find(({ index }) => comparable(index ?? 0) === 0)

/** Google's signatures of thoughts stand beside a call, and must come back with it. */
export const extraContent = ({ extra_content: extra }: JsonObject): JsonObject =>
  isObject(extra) ? { extra_content: extra } : {}

/** Groq's place for usage in a stream. */
export const groqUsage = ({ x_groq: groq }: JsonObject): unknown => (isObject(groq) ? groq['usage'] : null)

const GAVE_UP = new Set<unknown>(['error', 'network_error', 'insufficient_system_resource'])

/** What went wrong, where a finish reason says that the provider gave up; `null`: it did not. */
export const failureIn = (finishReason: unknown): { readonly code: string; readonly message: string } | null =>
  GAVE_UP.has(finishReason)
    ? { code: 'server_error', message: `The provider ended the answer with "${textOf(finishReason)}".` }
    : null

/** What a message or a delta of one says: reasoning under either of its names, and text. */
export function wordsOf(message: JsonObject): { readonly thinking: string; readonly text: string } {
  const { content } = message
  const thinking = textOf(message['reasoning_content']) || textOf(message['reasoning'])
  if (typeof content === 'string') return { thinking, text: content }
  // Mistral's reasoning models answer in parts.
  const parts = objectsIn(content)
  return {
    thinking:
      thinking + parts.flatMap(({ thinking: inner }) => objectsIn(inner).map(({ text }) => textOf(text))).join(''),
    text: parts.map(({ text }) => textOf(text)).join(''),
  }
}
