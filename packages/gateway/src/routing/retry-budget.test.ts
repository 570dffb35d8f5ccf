import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRetryBudget } from './retry-budget.ts'
import { handClock } from './test/targets.ts'

function scene() {
  const clock = handClock()
  const budget = createRetryBudget({ clock })
  const granted = (tries: number, provider = 'a') =>
    Array.from({ length: tries }, () => budget.take(provider)).filter(Boolean).length
  const note = (times: number, provider = 'a') => {
    for (let count = 0; count < times; count++) budget.note(provider)
  }
  return { clock, budget, granted, note }
}

describe('retries', () => {
  test.each([
    ['ten where nothing goes on', 0, 10],
    ['ten where little goes on', 50, 10],
    ['a fifth of the first tries under load', 1000, 200],
    ['a whole number of them', 54, 10],
  ])('are %s', (_, firstTries, expected) => {
    const { granted, note } = scene()
    note(firstTries)
    expect(granted(2000)).toBe(expected)
  })

  test('are counted for each provider on its own', () => {
    const { granted, note } = scene()
    note(1000, 'a')
    expect(granted(2000, 'b')).toBe(10)
    expect(granted(2000, 'a')).toBe(200)
  })

  test('are free again ten seconds later, and traffic that old does not count', () => {
    const { clock, granted, note } = scene()
    note(1000)
    expect(granted(2000)).toBe(200)
    clock.pass(9000)
    expect(granted(2000)).toBe(0)
    clock.pass(1000)
    expect(granted(2000)).toBe(10)
  })
})

test('in any ten seconds there are at most ten, or a fifth of the first tries of the same and the ten seconds before', () => {
  const step = fc.record({ ms: fc.integer({ min: 0, max: 1500 }), firstTries: fc.nat(40), tries: fc.nat(40) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, granted, note } = scene()
      const log: { readonly at: number; readonly firstTries: number; readonly retries: number }[] = []
      for (const { ms, firstTries, tries } of steps) {
        clock.pass(ms)
        note(firstTries)
        log.push({ at: Math.floor(clock.elapsed() / 1000), firstTries, retries: granted(tries) })
      }
      const sum = (from: number, to: number, key: 'firstTries' | 'retries') =>
        log.filter(({ at }) => at > from && at <= to).reduce((total, entry) => total + entry[key], 0)
      for (const { at } of log) {
        const bound = Math.max(10, 0.2 * sum(at - 20, at, 'firstTries'))
        expect(sum(at - 10, at, 'retries')).toBeLessThanOrEqual(bound)
      }
    }),
  )
})
