import { describe, expect, test } from 'bun:test'
import { boundaryOf, createFormScanner } from './form.ts'

const encoder = new TextEncoder()
const part = (head: string, value: string) => `--B\r\n${head}\r\n\r\n${value}\r\n`
const named = (name: string, value: string) => part(`Content-Disposition: form-data; name="${name}"`, value)

function valuesIn(form: string, size: number) {
  const bytes = encoder.encode(form)
  const scanner = createFormScanner('B', 'model')
  for (let at = 0; at < bytes.byteLength; at += size) scanner.push(bytes.subarray(at, at + size))
  return scanner.values.map(({ text, start, end }) => {
    expect(new TextDecoder().decode(bytes.subarray(start, end))).toBe(text)
    return text
  })
}

describe('the boundary of a form', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data; charset=utf-8; boundary="a b;c"', 'a b;c'],
    ['multipart/form-data', null],
    ['application/json; boundary=x', null],
    ['', null],
  ])('of %p is %p', (contentType, boundary) => expect(boundaryOf(contentType)).toBe(boundary))
})

describe('the values of a field', () => {
  const cases: [string, string, string[]][] = [
    ['first', `${named('model', 'a/b')}${named('file', 'x')}--B--\r\n`, ['a/b']],
    [
      'after a file that looks like a form',
      `${named('file', '--A\r\n-\r\n--\r\n\r\n')}${named('model', 'é')}--B--`,
      ['é'],
    ],
    ['twice', `${named('model', 'a')}${named('model', 'b')}--B--`, ['a', 'b']],
    ['in other spellings', `${part('content-disposition:form-data;NAME=Model', 'a')}--B--`, ['a']],
    ['with quotes escaped', `${named('mo\\del', 'a')}--B--`, ['a']],
    ['none', `${named('models', 'a')}--B--`, []],
    ['not yet whole', named('model', 'a').slice(0, -3), []],
    ['behind a preamble', `Hello\r\n${named('model', 'a')}--B--`, ['a']],
    ['empty', `${named('model', '')}--B--`, ['']],
  ]
  test.each(cases)('%s', (_, form, values) => {
    for (const size of [1, 2, 3, 7, 1000]) expect(valuesIn(form, size)).toEqual(values)
  })

  test('of more than a thousand parts are not looked for', () => {
    const formOf = (parts: number) => `${named('model', 'a').repeat(parts)}--B--`
    expect(valuesIn(formOf(1000), 1000)).toHaveLength(1000)
    expect(() => valuesIn(formOf(1001), 1000)).toThrow('more than 1000 parts')
  })

  test('a head without an end is refused, and not held', () => {
    const scanner = createFormScanner('B', 'model')
    scanner.push(encoder.encode('--B\r\n'))
    expect(() => scanner.push(encoder.encode('x'.repeat(20_000)))).toThrow('over 16384 bytes')
  })
})
