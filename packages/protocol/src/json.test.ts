import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isNestedDeeper, jsonMembers } from './json.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const read = (text: string) => {
  const bytes = encode(text)
  return jsonMembers(bytes).map(({ name, valueStart, valueEnd }) => [
    name,
    decode(bytes.subarray(valueStart, valueEnd)),
  ])
}

describe('jsonMembers', () => {
  const cases: [string, string, [string, string][]][] = [
    ['an empty object has none', ' { } ', []],
    ['an array has none', '[1]', []],
    [
      'values keep their spelling',
      '{"a":12345678901234567890,"b":1.0,"c":1e400,"d":-0}',
      [
        ['a', '12345678901234567890'],
        ['b', '1.0'],
        ['c', '1e400'],
        ['d', '-0'],
      ],
    ],
    [
      'duplicates are both told',
      '{"model":"a","model":"b"}',
      [
        ['model', '"a"'],
        ['model', '"b"'],
      ],
    ],
    ['an escaped key is the key it spells', String.raw`{"mod\u0065l":"x"}`, [['model', '"x"']]],
    [
      'braces and quotes in strings are text',
      String.raw`{"a":"}\"{","b":[{"c":"]"}]}`,
      [
        ['a', String.raw`"}\"{"`],
        ['b', '[{"c":"]"}]'],
      ],
    ],
    [
      'blanks of every kind are skipped',
      '\n{\t"a" :\r\n 1 ,"b": {"c": null } }\n',
      [
        ['a', '1'],
        ['b', '{"c": null }'],
      ],
    ],
    [
      'text of many bytes is counted in bytes',
      '{"é":"😀","b":true}',
      [
        ['é', '"😀"'],
        ['b', 'true'],
      ],
    ],
    ['an odd key is only a name', '{"__proto__":{"x":1}}', [['__proto__', '{"x":1}']]],
  ]
  test.each(cases)('%s', (_name, text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  test('finds every member of any object, however it is written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2), (object, indent) => {
        const found = read(JSON.stringify(object, null, indent))
        expect(found.map(([name, value]) => [name, JSON.parse(value ?? '')])).toEqual(
          Object.entries(JSON.parse(JSON.stringify(object))),
        )
      }),
    )
  })

  test('depth costs no stack', () => {
    const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)},"b":1}`
    expect(read(deep).map(([name]) => name)).toEqual(['a', 'b'])
  })
})

describe('isNestedDeeper', () => {
  const nested = (depth: number) => encode('['.repeat(depth) + ']'.repeat(depth))

  test('counts objects and arrays that stand in one another', () => {
    expect(isNestedDeeper(nested(3), 3)).toBe(false)
    expect(isNestedDeeper(nested(4), 3)).toBe(true)
    expect(isNestedDeeper(encode('{"a":[{"b":[1]}]}'), 3)).toBe(true)
    expect(isNestedDeeper(encode('[[],[],[[]]]'), 3)).toBe(false)
  })

  test('does not count brackets in strings', () => {
    expect(isNestedDeeper(encode('{"a":"[[[[\\"[[["}'), 1)).toBe(false)
  })

  test('ends with the bytes, whatever they are', () => {
    expect(isNestedDeeper(encode('"[[[['), 1)).toBe(false)
    expect(isNestedDeeper(encode(']]]][['), 1)).toBe(false)
  })
})
