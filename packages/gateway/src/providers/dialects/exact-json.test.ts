import { describe, expect, test } from 'bun:test'
import { comparable, numberOf, parseExactly } from './exact-json.ts'
import { isObject, objectsIn, parseObject } from './json.ts'

const again = (text: string): string => JSON.stringify(parseExactly(text))

describe('JSON comes out with its numbers as they were written', () => {
  test.each([
    ['more digits than a double holds', '12345678901234567890'],
    ['the last integers of 64 bits', '[9223372036854775807,-9223372036854775808]'],
    ['a zero behind the point', '{"x":1.0}'],
    ['zeros at the end', '{"x":0.10}'],
    ['an exponent', '[1e2,1E+2,1e-7,1.50e10]'],
    ['what is too large, or too small', '[1e400,-1e400,1e-400]'],
    ['a negative zero', '{"x":-0}'],
    ['a long fraction', '[3.14159265358979323846264338327950288]'],
    ['those that JavaScript writes alike', '[0,-1,1.5,999999999999999,1e+21,1e-7]'],
    ['deep inside, between others', '{"a":[1,{"b":[[],{},1.0,"1.0",{"c":1e2}]},2.50],"d":1.0}'],
    ['behind strings of every kind', '{"\\"a\\\\":1.0,"\\\\":2.0,"é😀":3.0,"a":"\\"1.0,","b":4.0}'],
    ['behind long strings', JSON.stringify({ a: `${'x'.repeat(50)}\\"`, b: '"'.repeat(50) }).replace('}', ',"c":1.0}')],
    ['under names that mean something in JavaScript', '{"__proto__":{"x":1.0},"constructor":2.0,"length":3.0}'],
  ])('%s', (_, text) => {
    expect(again(text)).toBe(text)
  })

  test.each([
    ['blanks are none of them', ' { "a" : [ 1.0 ,\n2 ] }\t', '{"a":[1.0,2]}'],
    ['of a name that is written twice the last value counts', '{"a":1.0,"a":2.0}', '{"a":2.0}'],
    [
      'also where they are of another kind',
      '{"a":{"x":1.0},"b":{"length":0.0},"a":[3.0],"b":[]}',
      '{"a":[3.0],"b":[]}',
    ],
    [
      'or not in the same place',
      '{"__proto__":{"x":1.0},"a":{"x":1.0},"a":{"y":1.0},"__proto__":1}',
      '{"__proto__":1,"a":{"y":1.0}}',
    ],
    ['names that are whole numbers come first, as in every object', '{"b":1.0,"1":2.0}', '{"1":2.0,"b":1.0}'],
  ])('%s', (_, text, told) => {
    expect(again(text)).toBe(told)
  })

  test('a name of every object is no way into it', () => {
    again('{"a":{"__proto__":{"polluted":1.0}},"a":{}}')
    expect('polluted' in {}).toBe(false)
  })

  test.each(['', '{"a":1.0', '[01]', 'NaN', "{'a':1}", '"', '["\\"', `"${'a'.repeat(40)}\\"`, '[1.0.0]'])(
    'what is no JSON is refused: %s',
    (text) => {
      expect(() => parseExactly(text)).toThrow(SyntaxError)
    },
  )

  test('as deep as any request may be, and no deeper than the runtime can go', () => {
    const deep = (levels: number) => `${'['.repeat(levels)}1.0${']'.repeat(levels)}`
    expect(again(deep(512))).toBe(deep(512))
    expect(() => parseExactly(deep(1_000_000))).toThrow(RangeError)
  })
})

describe('a number is a number, however it is written', () => {
  test.each([
    ['1', 1],
    ['1.0', 1],
    ['1e2', 100],
    ['12345678901234567890', 12345678901234567000],
    ['"1"', null],
    ['{"rawJSON":"1.0"}', null],
    ['null', null],
  ])('%s', (text, number) => {
    expect(numberOf(parseExactly(text))).toBe(number)
  })

  test('and nothing else: it is no object', () => {
    expect(isObject(parseExactly('1.0'))).toBe(false)
    expect(objectsIn(parseExactly('[1.0,{"a":1.0}]'))).toBeArrayOfSize(1)
    expect(parseObject('1.0')).toBeNull()
    expect(comparable(parseExactly('1.0'))).toBe(1)
    expect(comparable('1.0')).toBe('1.0')
  })
})
