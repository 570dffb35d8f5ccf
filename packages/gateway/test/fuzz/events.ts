import { expect } from 'bun:test'
import { formatEvent, parseEvents } from '@inference-gateway/protocol/sse'
import fc from 'fast-check'
import { createEventBuffer } from '../../src/dispatch/event-buffer.ts'
import { concatenate } from '../../src/dispatch/patch.ts'
import { fuzz, textOf } from './fuzz.ts'

const stream = textOf(
  ['data: {}', 'data', ':', ' ', '\n', '\n', '\r', '\r\n', '\r\n\r\n', 'event: é', 'id: 1', 'retry: 5', '😀', '\0'],
  20,
)
const cuts = fc.array(fc.nat(80), { maxLength: 12 })

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.filter((at) => at < bytes.length), bytes.length].toSorted((one, other) => one - other)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}

const textIn = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const whole = fc.property(stream, cuts, (text, cuts) => {
  const buffer = createEventBuffer(1_000_000)
  const given = cut(new TextEncoder().encode(text), cuts).map((piece) => Uint8Array.from(buffer.push(piece)))
  const rest = textIn(buffer.rest())
  expect(given.map(textIn).join('') + rest).toBe(text)
  // Each piece stands for itself: nothing of an event is in another.
  expect([...given.map(textIn), rest].flatMap(parseEvents)).toEqual(parseEvents(text))
})

const oversized = fc.property(stream, cuts, fc.nat(30), (text, cuts, limitBytes) => {
  const buffer = createEventBuffer(limitBytes)
  const given = cut(new TextEncoder().encode(text), cuts).map((piece) => Uint8Array.from(buffer.push(piece)))
  expect(textIn(concatenate([...given, buffer.rest()]))).toBe(text)
})

const name = fc.constantFrom('message', 'ping', 'a b', 'data:')
const data = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\r'))

const written = fc.property(fc.array(fc.record({ event: name, data })), (events) => {
  expect(parseEvents(events.map(formatEvent).join(''))).toEqual(events)
})

export const events = [
  fuzz('a stream is cut between its events, wherever the network has cut it', whole),
  fuzz('an event over the limit passes unchanged', oversized),
  fuzz('what is written as events is read as them', written),
]
