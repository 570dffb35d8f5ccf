import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { arithmetic } from './arithmetic.ts'

describe('arithmetic', () => {
  const cases: [string, string, number | null][] = [
    ['multiplies before it adds', 'what is 2+3*4', 14],
    ['minds brackets', '(2+3)*4', 20],
    ['subtracts from left to right', '10 - 3 - 2 =', 5],
    ['takes powers from right to left', '2^3^2', 512],
    ['knows the other way to write a power', '2**10', 1024],
    ['knows signs', '-2 * -3', 6],
    ['a sign binds less than a power', '2*-3^2', -18],
    ['reads words', 'How much is 7 times 6?', 42],
    ['reads other signs', '6 × 7 ÷ 2', 21],
    ['rounds as people do', '0.1 + 0.2', 0.3],
    ['a number alone is no sum', 'what is 42?', null],
    ['division by zero has no value', '1/0', null],
    ['half a sum is none', '(1+2', null],
    ['a sum that breaks off is none', '1+', null],
    ['two points are no number', '1.2.3+1', null],
    ['text is no sum', 'what is love', null],
    ['a text with numbers is no sum', 'I have 2 + 3 apples', null],
    ['code is not run', 'what is process.exit(1)+1', null],
  ]
  test.each(cases)('%s', (_name, text, value) => {
    expect(arithmetic(text)?.value ?? null).toBe(value)
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('1', '2', '.', '+', '-', '*', '/', '^', '(', ')', ' ', 'x')), (symbols) => {
        arithmetic(symbols.join(''))
      }),
    )
  })
})
