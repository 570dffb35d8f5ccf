import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
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

describe('whatever comes', () => {
  const lineEnd = fc.constantFrom('\n', '\r', '\r\n')
  const noise = fc.constantFrom(
    '',
    ': still there',
    'event: message',
    'id: 7',
    'retry: 10',
    'unknown: x',
    'data-like: y',
  )
  const line = fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replaceAll(/[\r\n]/g, '') || 'x')
  const written = fc.record({
    noise,
    lines: fc.array(line, { minLength: 1, maxLength: 3 }),
    ends: fc.infiniteStream(lineEnd),
  })
  const cuts = fc.array(fc.nat(200), { maxLength: 20 })

  test('the events are what was written, in any cut, with any line ends, with or without a byte order mark', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(written, { maxLength: 6 }), cuts, async (hasMark, events, cuts) => {
        let text = hasMark ? '\uFEFF' : ''
        for (const { noise, lines, ends } of events) {
          const end = () => ends.next().value as string // the stream has no end
          if (noise !== '') text += noise + end()
          for (const each of lines) text += `data: ${each}${end()}`
          // A carriage return and a line feed behind it would be one line end, and the event would stay open.
          text += text.endsWith('\r') ? '\r' : end()
        }
        const bytes = bytesOf(text)
        const places = [...cuts.filter((at) => at < bytes.length), bytes.length].toSorted((one, other) => one - other)
        async function* parts() {
          for (const [index, at] of places.entries()) yield bytes.slice(places[index - 1] ?? 0, at)
        }
        expect(await read(parts())).toEqual(events.map(({ lines }) => lines.join('\n')))
      }),
      { numRuns: 500 },
    )
  })
})

test('an event without end does not fill the memory', async () => {
  async function* endless() {
    for (;;) yield new Uint8Array(1024 * 1024).fill(0x61)
  }
  await expect(read(endless())).rejects.toMatchObject({ code: 'invalid_response' })
})
