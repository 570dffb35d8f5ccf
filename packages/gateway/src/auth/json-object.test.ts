import { describe, expect, test } from 'bun:test'
import { parseJsonObject } from './json-object.ts'

const read = (text: string): unknown => parseJsonObject(new TextEncoder().encode(text))
const nested = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`

describe('a JSON object from outside', () => {
  test('keeps names that readers often confuse with structure', () => {
    const text = String.raw`{"a\"":{"b":1},"b":["a:","{",{"b":2}],"c":"\\"}`
    expect(read(text)).toEqual(JSON.parse(text))
  })

  test('has no prototype smuggled in', () => {
    expect(Object.getPrototypeOf(read('{"__proto__":{"aud":"us"}}'))).toBe(Object.prototype)
  })

  const refused = [
    ['a list', '[]'],
    ['a text', '"iss"'],
    ['null', 'null'],
    ['nothing', ''],
    ['a byte order mark', '\uFEFF{}'],
    ['something behind it', '{}{}'],
    ['a name twice', '{"iss":1,"aud":2,"iss":3}'],
    ['a name twice, once escaped', String.raw`{"iss":1,"\u0069ss":3}`],
    ['a name twice further inside', '{"a":[{"b":1,"b" :2}]}'],
    ['33 levels', nested(32)],
    ['20,000 levels', nested(20_000)],
  ]
  test.each(refused)('is not %s', (_, text) => expect(() => read(text)).toThrow())

  test('may nest 32 levels', () => expect(read(nested(31))).toBeDefined())

  test('is not invalid UTF-8', () => {
    expect(() => parseJsonObject(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow()
  })
})
