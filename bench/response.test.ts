import { describe, expect, test } from 'bun:test'
import { responseReader } from './response.ts'

const cases = [
  ['reads a body of a known length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
  ['reads an empty body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ''],
  [
    'joins chunks, whatever is written in them',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel\r\n\r\nA\r\nlo, world!\r\n0\r\n\r\n',
    'hel\r\nlo, world!',
  ],
] as const

describe('a response', () => {
  test.each(cases)('%s', (_, wire, body) => {
    expect(responseReader().read(Buffer.from(wire))).toEqual({ status: 200, close: false, body, reads: 1 })
  })

  test.each(cases)('%s, cut into single bytes', (_, wire, body) => {
    const reader = responseReader()
    const answers = wire.split('').map((byte) => reader.read(Buffer.from(byte)))
    expect(answers.slice(0, -1).every((answer) => answer === null)).toBe(true)
    expect(answers.at(-1)).toEqual({ status: 200, close: false, body, reads: wire.length })
  })

  test('is followed by the next one on the same connection', () => {
    const reader = responseReader()
    const bodies = cases.map(([, wire]) => reader.read(Buffer.from(wire))?.body)
    expect(bodies).toEqual(cases.map(([, , body]) => body))
  })

  test.each([
    ['is not HTTP', 'SSH-2.0-server\r\n\r\n'],
    ['has no length', 'HTTP/1.1 200 OK\r\n\r\nhello'],
    ['has a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n'],
    ['has a chunk that is longer than it says', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n'],
  ])('is refused when it %s', (_, wire) => {
    expect(() => responseReader().read(Buffer.from(wire))).toThrow()
  })
})
