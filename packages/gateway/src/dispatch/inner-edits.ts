import { jsonMembers } from '@inference-gateway/protocol/json'
import type { Quirks } from '../providers/provider.ts'
import type { ModelCall } from './model-request.ts'
import { type Edit, patchWithin } from './patch.ts'

/** What has to change below the top level of a request. */
export interface InnerFit {
  /** Each writes a whole top-level member anew; what was not meant stays in it as it was written. */
  readonly edits: readonly Edit[]
  /** The places members were taken from, as the provider's row names them. */
  readonly dropped: readonly string[]
  /** Whether ids of tool calls were replaced. */
  readonly replacesIds: boolean
}

const NONE: InnerFit = { edits: [], dropped: [], replacesIds: false }
const CALL_IDS: readonly Place[] = [
  ['messages', ['tool_calls'], 'id'],
  ['messages', [], 'tool_call_id'],
]

/** A top-level member, the way down from it, and the member that is meant. */
type Place = readonly [root: string, path: readonly string[], leaf: string]

/** What a provider refuses below the top level, read once. */
interface Refused {
  readonly places: readonly (readonly [name: string, place: Place])[]
  /** Finds any of the members, wherever they stand: far quicker than to look for them in their places. */
  readonly pattern: RegExp | null
}

const known = new WeakMap<Quirks, Refused>()

function refusedBy(quirks: Quirks): Refused {
  const before = known.get(quirks)
  if (before !== undefined) return before
  const { drop = [], callIds } = quirks
  const places = drop.filter((name) => name.includes('.')).map((name) => [name, placeOf(name)] as const)
  const leaves = [...places.map(([, place]) => place), ...(callIds === undefined ? [] : CALL_IDS)].map(
    ([, , leaf]) => leaf,
  )
  const pattern =
    leaves.length === 0 ? null : new RegExp(leaves.map((leaf) => RegExp.escape(JSON.stringify(leaf))).join('|'))
  const refused = { places, pattern }
  known.set(quirks, refused)
  return refused
}

/** `messages.reasoning_content` and the like in a provider's `drop`, and ids of tool calls that it does not take. */
export function innerEdits({ bytes, members }: ModelCall, quirks: Quirks): InnerFit {
  const { places, pattern } = refusedBy(quirks)
  if (pattern === null) return NONE
  const text = decoder.decode(bytes)
  if (!pattern.test(text)) return NONE
  const written = new Map<string, Uint8Array<ArrayBuffer>>()

  /** Whether anything was there to edit. */
  function edit([root, path, leaf]: Place, editsOf: (object: Uint8Array) => readonly Edit[]): boolean {
    if (!members.has(root) || !text.includes(`"${leaf}"`)) return false
    const before = written.get(root) ?? valueOf(bytes, root)
    const after = patchWithin(before, path, editsOf)
    if (after === before) return false
    written.set(root, after)
    return true
  }

  const dropped = places.filter(([, place]) => edit(place, () => [{ kind: 'remove', name: place[2] }]))
  const newId = quirks.callIds === undefined ? null : idReplacer(quirks.callIds, text)
  const replaced =
    newId === null ? [] : CALL_IDS.filter((place) => edit(place, (call) => idEdits(call, place[2], newId)))
  const edits = [...written].map(([name, value]): Edit => ({ kind: 'replace', name, value: decoder.decode(value) }))
  return { edits, dropped: dropped.map(([name]) => name), replacesIds: replaced.length > 0 }
}

const decoder = new TextDecoder()

function placeOf(name: string): Place {
  const path = name.split('.')
  return [path[0] ?? '', path.slice(1, -1), path.at(-1) ?? '']
}

/** Where a name was written twice, the last one counts. */
export function valueOf(bytes: Uint8Array<ArrayBuffer>, name: string): Uint8Array<ArrayBuffer> {
  const member = jsonMembers(bytes).findLast((candidate) => candidate.name === name)
  return bytes.subarray(member?.valueStart ?? 0, member?.valueEnd ?? 0)
}

function idEdits(call: Uint8Array, name: string, newId: (id: string) => string): readonly Edit[] {
  const member = jsonMembers(call).findLast((candidate) => candidate.name === name)
  const id: unknown =
    member === undefined ? null : JSON.parse(decoder.decode(call.subarray(member.valueStart, member.valueEnd)))
  if (typeof id !== 'string' || newId(id) === id) return []
  return [{ kind: 'replace', name, value: JSON.stringify(newId(id)) }]
}

/**
 * The same id becomes the same everywhere in a conversation, and again whenever the conversation goes on: prompts that were
 * cached stay so.
 */
function idReplacer(pattern: RegExp, text: string): (id: string) => string {
  const replaced = new Map<string, string>()
  let count = 0
  const fresh = (): string => {
    const id = `call${String(++count).padStart(5, '0')}`
    return text.includes(id) ? fresh() : id
  }
  return (id) => {
    if (pattern.test(id)) return id
    const known = replaced.get(id) ?? fresh()
    replaced.set(id, known)
    return known
  }
}
