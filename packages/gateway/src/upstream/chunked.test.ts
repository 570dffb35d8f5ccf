import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ChunkedDecoder } from './chunked.ts'
import { MalformedAnswer } from './response-head.ts'

/** Decodes a body that arrives in these pieces. `surplus` counts the bytes behind its end. */
function decode(pieces: readonly string[]) {
  const decoder = new ChunkedDecoder()
  let data = ''
  let surplus = 0
  for (const piece of pieces) {
    const bytes = new Uint8Array(Buffer.from(piece, 'latin1'))
    const read = decoder.push(bytes, (part) => (data += Buffer.from(part).toString('latin1')))
    surplus += bytes.length - read
  }
  return { data, surplus, isDone: decoder.isDone }
}

const BODY = '5\r\nhello\r\n6;a="b"\r\n world\r\n00\r\nx-trailer: 1\r\n\r\n'

describe('a chunked body', () => {
  test('is its chunks, without their sizes, extensions and trailers', () => {
    expect(decode([BODY])).toEqual({ data: 'hello world', surplus: 0, isDone: true })
  })

  test('is the same however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(BODY.length)), (cuts) => {
        const ends = [...cuts, BODY.length].toSorted((one, other) => one - other)
        const pieces = ends.map((end, index) => BODY.slice(ends[index - 1] ?? 0, end))
        expect(decode(pieces)).toEqual({ data: 'hello world', surplus: 0, isDone: true })
      }),
      { seed: 7, numRuns: 300 },
    )
  })

  test('ends where it ends: what follows is not read', () => {
    expect(decode([`${BODY}HTTP/1.1 200 OK`])).toEqual({ data: 'hello world', surplus: 15, isDone: true })
  })

  test('is not over before its last line', () => {
    expect(decode([BODY.slice(0, -1)]).isDone).toBe(false)
    expect(decode(['5\r\nhello\r\n']).isDone).toBe(false)
  })

  const malformed: [what: string, body: string][] = [
    ['no size', '\r\nhello\r\n'],
    ['a size that is none', 'xyz\r\n'],
    ['a sign', '-5\r\nhello\r\n'],
    ['a prefix', '0x5\r\nhello\r\n'],
    ['a blank behind the size', '5 \r\nhello\r\n'],
    ['a size beyond all numbers', 'fffffffffffff\r\n'],
    ['LF alone behind the size', '5\nhello\r\n'],
    ['LF in an extension', '5;a\nb\r\nhello\r\n'],
    ['CR without LF', '5\r5hello\r\n'],
    ['more than its size', '5\r\nhello!\r\n'],
    ['less than its size', '5\r\nhell\r\n0\r\n\r\n'],
    ['LF alone in a trailer', '0\r\na: b\n\r\n'],
    ['an endless extension', `5;${'a'.repeat(9000)}`],
    ['endless trailers', `0\r\n${'a: b\r\n'.repeat(2000)}`],
  ]
  test.each(malformed)('with %s is refused', (_, body) => {
    expect(() => decode([body])).toThrow(MalformedAnswer)
    expect(() => decode(body.split(''))).toThrow(MalformedAnswer)
  })
})
