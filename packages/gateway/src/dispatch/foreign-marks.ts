import { jsonMembers } from '@inference-gateway/protocol/json'
import { parseObject, textOf } from '../providers/dialects/json.ts'
import { type Edit, patchWithin, withoutElements } from './patch.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface WithoutMarks {
  /** The same bytes where nothing was meant. */
  readonly messages: Bytes
  /** The places of what was taken out. */
  readonly dropped: readonly string[]
  readonly replacesIds: boolean
}

/**
 * Takes out of a conversation in Messages what answers of other makers left in it and Anthropic answers with 400: thinking
 * that nobody has signed, Google's signatures beside calls, and what ids of calls may not hold. `messages` is their JSON.
 */
export function withoutForeignMarks(messages: Bytes): WithoutMarks {
  const text = decoder.decode(messages)
  const signed = UNSIGNED.test(text) ? withoutUnsigned(messages) : messages
  const bare = text.includes(`"${EXTRA.name}"`) ? patchWithin(signed, ['content'], () => [EXTRA]) : signed
  const usable = ODD_ID.test(text) ? patchWithin(bare, ['content'], idEdits) : bare
  return {
    messages: usable,
    dropped: [
      ...(signed === messages ? [] : ['messages.thinking']),
      ...(bare === signed ? [] : ['messages.tool_use.extra_content']),
    ],
    replacesIds: usable !== bare,
  }
}

const decoder = new TextDecoder()

const EXTRA: Edit = { kind: 'remove', name: 'extra_content' }

const UNSIGNED = /"signature"\s*:\s*""/

/** As we make them, and nobody else. */
const OWN_REASONING = /"rs_[0-9a-f]{32}_\d+"/
const OWN_REASONING_ID = /^rs_[0-9a-f]{32}_\d+$/

export interface WithoutItems {
  /** The same bytes where nothing was meant. */
  readonly input: Bytes
  readonly dropped: readonly string[]
}

/**
 * The same for the input of Responses: reasoning that was translated, which whoever speaks the dialect looks for among what
 * it has stored, and Google's signatures beside calls. `input` is its JSON.
 */
export function withoutForeignItems(input: Bytes): WithoutItems {
  const text = decoder.decode(input)
  const kept = OWN_REASONING.test(text) ? withoutElements(input, isOwnReasoning) : input
  const bare = text.includes(`"${EXTRA.name}"`) ? patchWithin(kept, [], () => [EXTRA]) : kept
  return {
    input: bare,
    dropped: [
      ...(kept === input ? [] : ['input.reasoning']),
      ...(bare === kept ? [] : ['input.function_call.extra_content']),
    ],
  }
}

function isOwnReasoning(item: Bytes): boolean {
  const { type, id } = parseObject(decoder.decode(item)) ?? {}
  return type === 'reasoning' && OWN_REASONING_ID.test(textOf(id))
}

/** A message of which nothing is left goes as well: Anthropic refuses empty ones. */
function withoutUnsigned(messages: Bytes): Bytes {
  const signed = patchWithin(messages, [], (message) => {
    const content = contentOf(message)
    const kept = withoutElements(content, isUnsigned)
    return kept === content ? [] : [{ kind: 'replace', name: 'content', value: decoder.decode(kept) }]
  })
  const isEmpty = (message: Bytes) => decoder.decode(contentOf(message)) === '[]'
  return signed === messages ? messages : withoutElements(signed, isEmpty)
}

function contentOf(message: Bytes): Bytes {
  const member = jsonMembers(message).findLast(({ name }) => name === 'content')
  return message.subarray(member?.valueStart ?? 0, member?.valueEnd ?? 0)
}

function isUnsigned(block: Bytes): boolean {
  const { type, signature } = parseObject(decoder.decode(block)) ?? {}
  return type === 'thinking' && textOf(signature) === ''
}

/** Anthropic takes letters, digits, `_` and `-`. Every call has its result, and other ids stand in what tools are given. */
const ODD_ID = /"tool_use_id"\s*:\s*"[^"]*[^\w"-]/
const ODD = /[^\w-]/g
/** With its code, `call:1` and `call.1` stay two ids. */
const codeOf = (character: string): string => `_${character.charCodeAt(0)}_`

/** The same id becomes the same in a call and in its result, and again whenever the conversation goes on. */
const idEdits = (block: Bytes): readonly Edit[] =>
  jsonMembers(block).flatMap(({ name, valueStart, valueEnd }): Edit[] => {
    if (name !== 'id' && name !== 'tool_use_id') return []
    const id: unknown = JSON.parse(decoder.decode(block.subarray(valueStart, valueEnd)))
    const usable = textOf(id).replaceAll(ODD, codeOf)
    return typeof id !== 'string' || usable === id ? [] : [{ kind: 'replace', name, value: JSON.stringify(usable) }]
  })
