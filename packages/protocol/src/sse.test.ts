import { describe, expect, test } from 'bun:test'
import { formatEvent, lastEventEnd, parseEvents } from './sse.ts'

const encode = (text: string) => new TextEncoder().encode(text)

describe('lastEventEnd', () => {
  const cases: [string, string, number][] = [
    ['nothing yet', '', 0],
    ['half an event', 'data: x\n', 0],
    ['a whole event', 'data: x\n\n', 9],
    ['a whole event and a half', 'data: x\n\ndata', 9],
    ['carriage returns', 'data: x\r\rd', 9],
    ['both', 'data: x\r\n\r\nd', 11],
    ['mixed', 'data: x\r\n\nd', 10],
    ['one line end of two bytes is one line end', 'data: x\r\n', 0],
    ['a blank line at the start ends an empty event', '\n\ndata', 2],
  ]
  test.each(cases)('%s', (_name, text, end) => {
    expect(lastEventEnd(encode(text))).toBe(end)
  })
})

describe('parseEvents', () => {
  const cases: [string, string, object[]][] = [
    ['data', 'data: a\n\n', [{ event: 'message', data: 'a' }]],
    ['no blank after the colon', 'data:a\n\n', [{ event: 'message', data: 'a' }]],
    ['several lines of data', 'data: a\ndata: b\n\n', [{ event: 'message', data: 'a\nb' }]],
    ['a named event', 'event: error\ndata: {}\n\n', [{ event: 'error', data: '{}' }]],
    ['comments are skipped', ': hi\n\n: hi\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
    ['id and retry', 'id: 7\nretry: 1000\ndata: a\n\n', [{ event: 'message', data: 'a', id: '7', retry: 1000 }]],
    ['an event without data is none', 'event: ping\n\n', []],
    ['half an event is none', 'data: a\n', []],
    [
      'every line end',
      'data: a\r\n\r\ndata: b\r\rdata: c\n\n',
      [
        { event: 'message', data: 'a' },
        { event: 'message', data: 'b' },
        { event: 'message', data: 'c' },
      ],
    ],
  ]
  test.each(cases)('%s', (_name, text, events) => {
    expect(parseEvents(text)).toEqual(events as never)
  })
})

test('formatEvent writes what parseEvents reads', () => {
  const events = [
    { event: 'error', data: '{"a":\n1}' },
    { event: 'message', data: 'x' },
  ]
  expect(parseEvents(events.map(formatEvent).join(''))).toEqual(events)
})
