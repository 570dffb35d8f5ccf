import { describe, expect, test } from 'bun:test'
import { decodeMessage, type Message } from './protobuf.ts'

const message: Message = {
  1: { name: 'text', type: 'text' },
  2: { name: 'whole', type: 'varint' },
  3: { name: 'signed', type: 'sfixed64' },
  4: { name: 'counts', type: 'fixed64', repeated: true },
  5: { name: 'inner', type: () => message },
  6: { name: 'words', type: 'text', repeated: true },
}

const decode = (...bytes: readonly number[]) => decodeMessage(Uint8Array.from(bytes), message)
const eight = (first: number, rest = 0): readonly number[] => [first, ...Array.from({ length: 7 }, () => rest)]

describe('a message', () => {
  test.each([
    ['of a text', [0x0a, 2, 0x68, 0x69], { text: 'hi' }],
    ['of a number in two bytes', [0x10, 0x96, 0x01], { whole: 150 }],
    ['of a number that came twice: the last', [0x10, 1, 0x10, 2], { whole: 2 }],
    ['of a number below 0', [0x19, ...eight(0xff, 0xff)], { signed: -1 }],
    ['of numbers one by one', [0x21, ...eight(1), 0x21, ...eight(2)], { counts: [1, 2] }],
    ['of numbers packed, and more', [0x22, 16, ...eight(1), ...eight(2), 0x21, ...eight(3)], { counts: [1, 2, 3] }],
    ['of several texts', [0x32, 1, 0x61, 0x32, 1, 0x62], { words: ['a', 'b'] }],
    ['in a message', [0x2a, 2, 0x10, 7], { inner: { whole: 7 } }],
    [
      'of fields that nobody knows, of every kind',
      [0x78, 1, 0x79, ...eight(0), 0x7a, 1, 0, 0x7d, 0, 0, 0, 0, 0x10, 7],
      { whole: 7 },
    ],
  ])('%s', (_, bytes, decoded) => {
    expect(decode(...bytes)).toEqual(decoded)
  })

  test.each([
    ['that ends in the middle of a text', [0x0a, 3, 0x68]],
    ['that ends in the middle of what nobody knows', [0x79, 0]],
    ['of a number without an end', [0x10, ...Array.from({ length: 64 }, () => 0xff), 0]],
    ['of a number where a text is expected', [0x08, 1]],
    ['of a list where a number is expected', [0x12, 1, 1]],
    ['of a kind of field there is none of', [0x7b]],
  ])('%s is none', (_, bytes) => {
    expect(() => decode(...bytes)).toThrow(RangeError)
  })

  test('that is nested as deep as none is refused', () => {
    const nested = (depth: number): readonly number[] =>
      Array.from({ length: depth }, (_, index) => [0x2a, 2 * (depth - 1 - index)]).flat()
    expect(() => decode(...nested(16))).not.toThrow()
    expect(() => decode(...nested(17))).toThrow('nested too deep')
  })
})
