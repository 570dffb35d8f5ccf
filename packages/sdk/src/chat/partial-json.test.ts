import { describe, expect, test } from 'bun:test'
import { partialJson } from './partial-json.ts'

describe('JSON that is still being written is read as far as it goes', () => {
  const texts: [string, unknown][] = [
    ['', undefined],
    ['{', {}],
    ['{"ci', {}],
    ['{"city"', {}],
    ['{"city":', {}],
    ['{"city": "Ber', { city: 'Ber' }],
    ['{"city": "Berlin",', { city: 'Berlin' }],
    ['{"city": "Berlin", "da', { city: 'Berlin' }],
    ['{"city": "Berlin", "days": 1', { city: 'Berlin', days: 1 }],
    ['{"city": "Berlin", "days": -', { city: 'Berlin' }],
    ['{"warm": tr', {}],
    ['{"warm": true', { warm: true }],
    ['["a", nul', ['a']],
    ['[1, -', [1]],
    ['{"a": [{"b": "c', { a: [{ b: 'c' }] }],
    ['"say \\', 'say '],
    ['"say \\"', 'say "'],
    [String.raw`"\u00e`, ''],
    [String.raw`"\\u00`, String.raw`\u00`],
    ['{"a": "}{]["', { a: '}{][' }],
    ['12', 12],
  ]
  test.each(texts)('%s', (text, expected) => {
    expect(partialJson(text)).toEqual(expected)
  })

  test('every beginning of an object is an object', () => {
    const text = JSON.stringify({ a: 'x"\\y', b: [1.5, -2e3, null], c: { d: true, 'e:f': '漢\n' }, g: '' })
    for (let end = 1; end <= text.length; end++) expect(partialJson(text.slice(0, end))).toBeObject()
    expect(partialJson(text)).toEqual(JSON.parse(text))
  })
})
