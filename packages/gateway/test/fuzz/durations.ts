import { expect } from 'bun:test'
import fc from 'fast-check'
import { duration, Unreadable } from '../../src/config/readers.ts'
import { fuzz, textOf } from './fuzz.ts'

/** The grammar of Go's time.ParseDuration, once more and as a whole. */
const GRAMMAR = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const LONGEST_MS = 2 ** 31 - 1

const read = (written: string): number | null => {
  try {
    return duration(written)
  } catch (error) {
    expect(error).toBeInstanceOf(Unreadable)
    return null
  }
}

const written = textOf(
  ['0', '1', '59', '999999999999', '.', '-', '+', 'ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h', 'd', ' ', 'e3'],
  8,
)

const grammatical = fc.property(written, (text) => {
  const ms = read(text)
  const isWritten = GRAMMAR.test(text) && text.length <= 64
  // What is less than a nanosecond is nothing to Go, and nothing is not negative.
  if (isWritten && text.includes('.') && text.startsWith('-')) return expect([null, 0]).toContain(ms)
  const isNothing = !/[1-9]/.test(text)
  expect(ms !== null).toBe(isWritten && (isNothing || !text.startsWith('-')))
  if (ms === null) return
  expect(Number.isInteger(ms)).toBe(true)
  expect(ms).toBeWithin(0, LONGEST_MS + 1)
  // 0 means "no limit" to many settings: nothing else may come to it.
  if (!text.includes('.')) expect(ms === 0).toBe(isNothing)
})

export const durations = [
  fuzz('a duration is read just where Go would, and only nothing is 0', grammatical, [['.999999999999ns'], ['-.59ns']]),
]
