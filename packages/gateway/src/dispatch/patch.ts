import { jsonElements, jsonMembers, type JsonMember } from '@inference-gateway/protocol/json'

/** One change to a JSON object in its original bytes. `value` is JSON text. */
export type Edit =
  /** Writes another value in the place of every member of this name (duplicates too: no reader may see the old one). */
  | { readonly kind: 'replace'; readonly name: string; readonly value: string }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string }
  /** Adds a member behind the last one. */
  | { readonly kind: 'add'; readonly name: string; readonly value: string }

interface Splice {
  readonly start: number
  readonly end: number
  readonly written: Uint8Array
}

const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)

/**
 * Applies edits to the top level of the JSON object in `bytes`. What is not edited stays as it was written, byte for
 * byte: number spelling, key order, blanks, duplicates. The bytes must be valid JSON and an object.
 */
export function patchJson(bytes: Uint8Array<ArrayBuffer>, edits: readonly Edit[]): Uint8Array<ArrayBuffer> {
  if (edits.length === 0) return bytes
  const members = jsonMembers(bytes)
  const splices = inPlace(edits, members)
  if (edits.some(({ kind }) => kind === 'remove')) {
    splices.push(...removals(edits, members))
    splices.sort((one, other) => one.start - other.start)
  }
  if (edits.some(({ kind }) => kind === 'add')) splices.push(addition(edits, members, bytes))
  return applySplices(bytes, splices)
}

/**
 * Edits the objects that stand at a place deeper down: `['messages', 'tool_calls']` are the calls of every message. Lists
 * on the way are gone through. Gives the same bytes back where there was nothing to edit.
 */
export function patchWithin(
  bytes: Uint8Array<ArrayBuffer>,
  place: readonly string[],
  editsOf: (object: Uint8Array<ArrayBuffer>) => readonly Edit[],
): Uint8Array<ArrayBuffer> {
  const patched = (start: number, end: number, rest: readonly string[]): Splice[] => {
    const inner = bytes.subarray(start, end)
    const written = patchWithin(inner, rest, editsOf)
    return written === inner ? [] : [{ start, end, written }]
  }
  const elements = jsonElements(bytes)
  if (elements.length > 0)
    return applySplices(
      bytes,
      elements.flatMap(({ start, end }) => patched(start, end, place)),
    )
  const [name, ...rest] = place
  if (name === undefined) return patchJson(bytes, editsOf(bytes))
  const members = jsonMembers(bytes).filter((member) => member.name === name)
  return applySplices(
    bytes,
    members.flatMap(({ valueStart, valueEnd }) => patched(valueStart, valueEnd, rest)),
  )
}

/** The JSON array in `bytes` without the elements that are meant; the same bytes where there are none. */
export function withoutElements(
  bytes: Uint8Array<ArrayBuffer>,
  isMeant: (element: Uint8Array<ArrayBuffer>) => boolean,
): Uint8Array<ArrayBuffer> {
  const elements = jsonElements(bytes).map(({ start, end }) => bytes.subarray(start, end))
  const kept = elements.filter((element) => !isMeant(element))
  if (kept.length === elements.length) return bytes
  const parts = kept.flatMap((element, index) => (index === 0 ? [element] : [encoder.encode(','), element]))
  return concatenate([encoder.encode('['), ...parts, encoder.encode(']')])
}

/** The JSON array in `bytes` with the text that `textAt` gives in the place of an element; `null`: it stays as it was written. */
export function replaceElements(
  bytes: Uint8Array<ArrayBuffer>,
  textAt: (index: number) => string | null,
): Uint8Array<ArrayBuffer> {
  const splices = jsonElements(bytes).flatMap(({ start, end }, index): Splice[] => {
    const text = textAt(index)
    return text === null ? [] : [{ start, end, written: encoder.encode(text) }]
  })
  return applySplices(bytes, splices)
}

function inPlace(edits: readonly Edit[], members: readonly JsonMember[]): Splice[] {
  const splices: Splice[] = []
  for (const { name, keyStart, keyEnd, valueStart, valueEnd } of members) {
    const edit = edits.find((candidate) => candidate.name === name)
    if (edit?.kind === 'replace')
      splices.push({ start: valueStart, end: valueEnd, written: encoder.encode(edit.value) })
    if (edit?.kind === 'rename')
      splices.push({ start: keyStart, end: keyEnd, written: encoder.encode(JSON.stringify(edit.to)) })
  }
  return splices
}

/** A removed member goes with the comma behind it; the last ones go with the comma before them. */
function removals(edits: readonly Edit[], members: readonly JsonMember[]): Splice[] {
  const names = new Set(edits.filter(({ kind }) => kind === 'remove').map(({ name }) => name))
  const lastKept = members.findLastIndex(({ name }) => !names.has(name))
  const splices: Splice[] = []
  for (const [index, member] of members.entries()) {
    if (!names.has(member.name)) continue
    const next = members[index + 1]
    const start = index > lastKept ? (members[index - 1]?.valueEnd ?? member.keyStart) : member.keyStart
    const end = index > lastKept || next === undefined ? member.valueEnd : next.keyStart
    splices.push({ start, end, written: NOTHING })
  }
  return splices
}

function addition(edits: readonly Edit[], members: readonly JsonMember[], bytes: Uint8Array): Splice {
  const added = edits.filter((edit) => edit.kind === 'add').map(({ name, value }) => `${JSON.stringify(name)}:${value}`)
  const removed = new Set(edits.filter(({ kind }) => kind === 'remove').map(({ name }) => name))
  const isEmpty = members.every(({ name }) => removed.has(name))
  const at = members.at(-1)?.valueEnd ?? bytes.indexOf(0x7b) + 1
  return { start: at, end: at, written: encoder.encode((isEmpty ? '' : ',') + added.join(',')) }
}

function applySplices(bytes: Uint8Array<ArrayBuffer>, splices: readonly Splice[]): Uint8Array<ArrayBuffer> {
  if (splices.length === 0) return bytes
  const parts: Uint8Array[] = []
  let at = 0
  for (const { start, end, written } of splices) {
    parts.push(bytes.subarray(at, start), written)
    at = end
  }
  parts.push(bytes.subarray(at))
  return concatenate(parts)
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
