import { expect } from 'bun:test'
import { isNestedDeeper, jsonMembers } from '@inference-gateway/protocol/json'
import fc from 'fast-check'
import { type Edit, patchJson } from '../../src/dispatch/patch.ts'
import { parseJsonObject } from '../../src/auth/json-object.ts'
import { fuzz, textOf } from './fuzz.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

const NAMES = ['model', 'stream', 'user', '', '__proto__', 'é"\\']
const member = fc.tuple(
  fc.constantFrom(...NAMES),
  fc.oneof(fc.json(), fc.constantFrom('1e400', '1.0', '-0', '"\\u00e9"')),
)
type Member = readonly [name: string, value: string]

/** Each name is edited in one way; what is added is not there yet. */
const edit = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES), fc.json()).map(([name, value]): Edit => ({ kind: 'replace', name, value })),
  fc.constantFrom(...NAMES).map((name): Edit => ({ kind: 'remove', name })),
  fc.constantFrom(...NAMES).map((name): Edit => ({ kind: 'rename', name, to: `${name}2` })),
  fc.json().map((value): Edit => ({ kind: 'add', name: 'new', value })),
)
const edits = fc.uniqueArray(edit, { selector: ({ name }) => name, maxLength: 5 })

/** What the edits mean, on a list of members. */
function edited(members: readonly Member[], edits: readonly Edit[]): Member[] {
  const kept = members.flatMap(([name, value]): Member[] => {
    const edit = edits.find((one) => one.name === name)
    if (edit?.kind === 'remove') return []
    if (edit?.kind === 'rename') return [[edit.to, value]]
    return [[name, edit?.kind === 'replace' ? edit.value : value]]
  })
  return [...kept, ...edits.flatMap((edit): Member[] => (edit.kind === 'add' ? [[edit.name, edit.value]] : []))]
}

const blank = fc.constantFrom('', '', ' ', '\n\t')

const patched = fc.property(fc.array(member, { maxLength: 6 }), edits, blank, (members, edits, blank) => {
  const parts = members.map(([name, value]) => `${blank}${JSON.stringify(name)}${blank}:${blank}${value}${blank}`)
  const bytes = patchJson(bytesOf(`${blank}{${parts.join(',')}${blank}}${blank}`), edits)
  const text = new TextDecoder().decode(bytes)
  JSON.parse(text)
  const slice = (start: number, end: number) => new TextDecoder().decode(bytes.subarray(start, end))
  const found = jsonMembers(bytes).map(({ name, valueStart, valueEnd }): Member => [name, slice(valueStart, valueEnd)])
  expect(found).toEqual(edited(members, edits).map(([name, value]): Member => [name, value.trim()]))
})

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

const deep = fc.property(fc.jsonValue(), fc.nat(6), (value, limit) => {
  expect(isNestedDeeper(bytesOf(JSON.stringify(value)), limit)).toBe(depthOf(value) > limit)
})

const outside = textOf(['{', '}', '[', ']', '"a"', '"\\u0061"', '"__proto__"', ':', ',', '1', 'null', '"', '\\', ' '])

const strict = fc.property(fc.oneof(outside, fc.json()), (text) => {
  let value: unknown
  try {
    value = parseJsonObject(bytesOf(text))
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return
  }
  expect(value).toEqual(JSON.parse(text))
  // A name that came twice would be missing from what was read.
  expect(jsonMembers(bytesOf(text)).length).toBe(Object.keys(JSON.parse(text)).length)
})

export const json = [
  fuzz('a patched object has exactly the members that the edits ask for', patched),
  fuzz('depth is counted as a reader would find it', deep),
  fuzz('an object from outside has one meaning, or is refused', strict),
]
