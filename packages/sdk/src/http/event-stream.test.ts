import { describe, expect, test } from 'bun:test'
import { eventsOf } from './event-stream.ts'

async function* cut(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.slice(at, at + size)
}

async function read(parts: AsyncIterable<Uint8Array>): Promise<string[]> {
  const data: string[] = []
  for await (const event of eventsOf(parts)) data.push(event.data)
  return data
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

describe('events come out whole, however the bytes are cut', () => {
  const streams: [string, string, string[]][] = [
    ['LF', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['line ends mixed', 'data: a\r\n\ndata: b\n\r\n', ['a', 'b']],
    ['a byte order mark', '\uFEFFdata: a\n\n', ['a']],
    ['comments between', ': hi\n\ndata: a\n\n:\n\ndata: b\n\n', ['a', 'b']],
    ['no blank after the colon', 'data:a\n\n', ['a']],
    ['several lines of data', 'data: a\ndata: b\n\n', ['a\nb']],
    ['characters of several bytes', 'data: äß漢😀\n\n', ['äß漢😀']],
    ['an event without an end', 'data: a\n\ndata: b', ['a']],
    ['nothing', '', []],
  ]
  for (const [name, text, expected] of streams) {
    test.each([1, 2, 3, 5, 1000])(`${name}, in pieces of %d`, async (size) => {
      expect(await read(cut(bytesOf(text), size))).toEqual(expected)
    })
  }
})

test('an event without end does not fill the memory', async () => {
  async function* endless() {
    for (;;) yield new Uint8Array(1024 * 1024).fill(0x61)
  }
  await expect(read(endless())).rejects.toMatchObject({ code: 'invalid_response' })
})
