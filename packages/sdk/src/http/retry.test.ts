import { describe, expect, test } from 'bun:test'
import { askedDelayMs, mayRetry, pauseMs } from './retry.ts'

describe('an answer may be asked for again', () => {
  const answers: [number, string | null, boolean][] = [
    [400, null, false],
    [401, null, false],
    [404, null, false],
    [408, null, true],
    [409, null, true],
    [422, null, false],
    [429, null, true],
    [500, null, true],
    [529, null, true],
    [503, 'false', false],
    [400, 'true', true],
    [503, 'perhaps', true],
  ]
  test.each(answers)('status %d, x-should-retry %s: %p', (status, said, expected) => {
    const headers = said === null ? {} : { 'x-should-retry': said }
    expect(mayRetry(new Response(null, { status, headers }))).toBe(expected)
  })
})

describe('an answer says how long to wait', () => {
  const now = Date.parse('2030-01-01T00:00:00Z')
  const headers: [Record<string, string>, number | undefined][] = [
    [{}, undefined],
    [{ 'retry-after-ms': '120' }, 120],
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '120', 'retry-after': '2' }, 120],
    [{ 'retry-after': 'Tue, 01 Jan 2030 00:00:07 GMT' }, 7000],
    [{ 'retry-after': 'soon' }, undefined],
  ]
  test.each(headers)('%p: %p', (given, expected) => {
    expect(askedDelayMs(new Headers(given), now)).toBe(expected)
  })
})

describe('the pause before the next try', () => {
  const pauses: [string, number, Record<string, string>, number, number][] = [
    ['begins with half a second', 1, {}, 0, 500],
    ['doubles', 2, {}, 0, 1000],
    ['ends at eight seconds', 9, {}, 0, 8000],
    ['is up to a quarter shorter', 1, {}, 1, 375],
    ['is what the answer asks for', 1, { 'retry-after': '3' }, 1, 3000],
    ['is up to a minute', 1, { 'retry-after': '60' }, 0, 60_000],
    ['may be none', 1, { 'retry-after-ms': '0' }, 0, 0],
    ['is the usual one where the answer asks for too much', 1, { 'retry-after': '61' }, 0, 500],
    ['is the usual one where the answer names the past', 1, { 'retry-after': 'Tue, 01 Jan 2002 00:00:07 GMT' }, 0, 500],
  ]
  test.each(pauses)('%s', (_name, failures, headers, random, expected) => {
    expect(pauseMs(failures, new Headers(headers), random)).toBe(expected)
  })
})
