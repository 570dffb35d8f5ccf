import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { countTokens, firstTokens, tokens } from './tokens.ts'

describe('tokens', () => {
  const cases: [string, string, string[]][] = [
    ['nothing has none', '', []],
    ['a word takes the blanks before it', 'Hello  you', ['Hello', '  you']],
    ['a mark stands alone', 'Yes, no.', ['Yes', ',', ' no', '.']],
    ['blanks at the end are one', 'a \n ', ['a', ' \n ']],
    ['a long word is cut', 'abcdefghijklmnopqrs', ['abcdefghijklmnop', 'qrs']],
    ['a character of two halves stays whole', '😀é', ['😀', 'é']],
  ]
  test.each(cases)('%s', (_name, text, expected) => {
    expect([...tokens(text)]).toEqual(expected)
  })

  test('give the text when they are joined', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => [...tokens(text)].join('') === text))
  })
})

test('firstTokens is what the first tokens are when they are joined', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(20), (text, limit) => {
      expect(firstTokens(text, limit)).toBe([...tokens(text)].slice(0, limit).join(''))
    }),
  )
})

test('countTokens counts a million blanks as quickly as one', () => {
  expect(countTokens(' '.repeat(1_000_000))).toBe(1)
})
