import { describe, expect, test } from 'bun:test'
import { jsonFault } from './json-fault.ts'

describe('the place where a text stops being JSON, and what should stand there', () => {
  const cases: [behaviour: string, text: string, place: string, expected: string][] = [
    ['nothing at all', ' \n', '2:1', 'a value'],
    ['a trailing comma in an object', '{"a":1,}', '1:8', 'a name in double quotes'],
    ['a trailing comma in a list', '[1,\n]', '2:1', 'a value'],
    ['a forgotten comma', '{\n  "a": 1\n  "b": 2\n}', '3:3', '`,` or `}`'],
    ['a forgotten comma in a list', '[1 2]', '1:4', '`,` or `]`'],
    ['a bare name', '{a:1}', '1:2', 'a name in double quotes or `}`'],
    ['single quotes', "['a']", '1:2', 'a value or `]`'],
    ['a forgotten colon', '{"a" 1}', '1:6', '`:`'],
    ['a value that JSON has not', '{"a":NaN}', '1:6', 'a value'],
    ['half a word', '[tru]', '1:2', 'a value or `]`'],
    ['a number with a zero before it', '[01]', '1:3', '`,` or `]`'],
    ['a point without digits', '[1.]', '1:3', '`,` or `]`'],
    [
      'a line break in a text',
      '{"a":"é\nb"}',
      '1:8',
      'an escape such as `\\n` instead of a control character in a text',
    ],
    [
      'an escape that is none',
      String.raw`{"a":"C:\users"}`,
      '1:9',
      'an escape that JSON knows, such as `\\n`, `\\"`, `\\\\` or `\\u00e9`',
    ],
    ['a text without an end', '{"a":\r\n"b}', '2:1', 'a closing `"` for the text that begins here'],
    ['an object without an end', '{"a":[1]', '1:9', '`,` or `}`'],
    ['the wrong end', '{"a":[1}', '1:8', '`,` or `]`'],
    ['something behind it', '{} x', '1:4', 'the end'],
  ]

  test.each(cases)('%s', (_, text, place, expected) => {
    const fault = jsonFault(text)
    expect([`${fault?.line}:${fault?.column}`, fault?.expected]).toEqual([place, expected])
  })
})

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('finds a fault in what the parser refuses and in nothing else, whatever one character becomes', () => {
  const sound = String.raw` {"a" : [1, -2.5e+3, "\u00e9\"", true,null , {}, [] ],"":{"b":0}}`
  const characters = '{}[]:,"\\ \n\t\u0001\u00a0\ufeffaEe0+-.tn\''.split('')
  const changed = Array.from({ length: sound.length + 1 }, (_, at) => {
    const [before, after] = [sound.slice(0, at), sound.slice(at + 1)]
    return ['', ...characters].flatMap((put) => [before, before + put + after, before + put + sound.slice(at)])
  }).flat()
  const wrong = changed.filter((text) => (jsonFault(text) === null) !== isJson(text))
  expect(wrong).toEqual([])
})

test('a long chain of brackets takes no stack', () => {
  expect(jsonFault('['.repeat(100_000))).toMatchObject({ line: 1, column: 100_001 })
})
