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

/** Anthropic takes letters, digits, `_` and `-`. */
const ODD_ID = /"(?:id|tool_use_id)"\s*:\s*"[^"]*[^\w"-]/
const ODD = /[^\w-]/g

/** The same id becomes the same in a call and in its result, and again whenever the conversation goes on. */
const idEdits = (block: Bytes): readonly Edit[] =>
  jsonMembers(block).flatMap(({ name, valueStart, valueEnd }): Edit[] => {
    if (name !== 'id' && name !== 'tool_use_id') return []
    const id: unknown = JSON.parse(decoder.decode(block.subarray(valueStart, valueEnd)))
    const usable = textOf(id).replaceAll(ODD, '_')
    return typeof id !== 'string' || usable === id ? [] : [{ kind: 'replace', name, value: JSON.stringify(usable) }]
  })
