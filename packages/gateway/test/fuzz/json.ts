import { expect } from 'bun:test'
import { isNestedDeeper, jsonMembers } from '@inference-gateway/protocol/json'
import fc from 'fast-check'
import { type Edit, patchJson, patchWithin } from '../../src/dispatch/patch.ts'
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

const KEYS = ['a', 'b', 'x', '__proto__']
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('1.0', '1e400', '"x"', '[ ]', '{ }', 'null'),
    fc.array(tie('tree'), { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`),
    fc
      .array(fc.tuple(fc.constantFrom(...KEYS), tie('tree')), { maxLength: 4 })
      .map((members) => `{${members.map(([name, value]) => `"${name}" : ${String(value)}`).join(' ,')}}`),
  ),
}))

/** The way there as a reader finds it: every value at a place, lists on the way gone through. */
const valuesAt = (value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] => {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, name === undefined ? [] : [name, ...rest]))
  if (name === undefined) return [value]
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? valuesAt(Reflect.get(value, name), rest)
    : []
}

const within = fc.property(tree, fc.array(fc.constantFrom(...KEYS), { maxLength: 3 }), (text, place) => {
  const bytes = bytesOf(text)
  const edited = patchWithin(bytes, place, () => [{ kind: 'remove', name: 'x' }])
  expect(valuesAt(JSON.parse(new TextDecoder().decode(edited)), [...place, 'x'])).toEqual([])
  // What is left was there before, in this order.
  let at = 0
  for (const byte of edited) at = bytes.indexOf(byte, at) + 1 || Number.POSITIVE_INFINITY
  expect(at).toBeLessThanOrEqual(bytes.byteLength)
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
  fuzz('a member that is taken out deep inside is gone everywhere, and nothing else is', within),
  fuzz('depth is counted as a reader would find it', deep),
  fuzz('an object from outside has one meaning, or is refused', strict),
]
