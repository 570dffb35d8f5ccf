import { describe, expect, test } from 'bun:test'
import type { BreakerStatus } from './breaker.ts'
import { explainTargets, retryInWords } from './explain.ts'
import { defaultRetry, type Plan, type PlannedTarget, routeRetry } from './plan.ts'
import { handClock, target } from './test/targets.ts'

const [a, b, c] = [target('a'), target('b'), target('c')]
const closed: BreakerStatus = { state: 'closed', until: 0, answers: true }
const open: BreakerStatus = { state: 'open', until: 1500, answers: false }
const failing: BreakerStatus = { state: 'open', until: 1500, answers: true }
const due: BreakerStatus = { state: 'half_open', until: 900, answers: false }
const probed: BreakerStatus = { state: 'half_open', until: 1200, answers: false }
const cooling: BreakerStatus = { state: 'cooling', until: 1300, answers: true }

const planOf = (targets: readonly PlannedTarget[], maxAttempts = 3): Plan => ({
  requested: 'm',
  targets,
  retry: routeRetry(targets.length, { maxAttempts }),
})

const cases: [behaviour: string, plan: Plan, states: Readonly<Record<string, BreakerStatus>>, told: string][] = [
  ['healthy targets are tried as planned', planOf([a, b, c]), {}, '1 a, 2 b, 3 c'],
  ['what rests comes last, and is not tried', planOf([a, b, c]), { a: open }, '1 b, 2 c, - a open 500'],
  ['what is due for a probe is tried in its turn', planOf([a, b]), { a: due }, '1 a half_open, 2 b'],
  ['a second request does not probe as well', planOf([a, b]), { a: probed }, '1 b, - a half_open 200'],
  ['a cooling target is left alone while others rest not', planOf([a, b]), { a: cooling }, '1 b, - a cooling 300'],
  [
    'a cooling target is asked when nobody else is left',
    planOf([a, b]),
    { a: cooling, b: open },
    '1 a cooling 300, - b open 500',
  ],
  [
    'so is one that fails by its answers',
    planOf([a, b, c]),
    { a: open, b: failing, c: cooling },
    '1 b open 500, 2 c cooling 300, - a open 500',
  ],
  ['nobody is tried while none gives answers', planOf([a, b]), { a: open, b: open }, '- a open 500, - b open 500'],
  ['tries run out before targets do', planOf([a, b, c], 2), {}, '1 a, 2 b, - c'],
  ['a lone target is tried in any state', planOf([a]), { a: open }, '1 a open 500'],
]

test.each(cases)('%s', (_, plan, states, told) => {
  const clock = handClock()
  clock.pass(1000)
  const look = ({ provider }: Pick<PlannedTarget, 'provider'>) => states[provider.id] ?? closed
  const explained = explainTargets(plan, { look }, clock).map(({ target, state, restsMs, attempt }) =>
    [attempt ?? '-', target.provider.id, state === 'closed' ? [] : state, restsMs || []].flat().join(' '),
  )
  expect(explained.join(', ')).toBe(told)
})

describe('the retry policy in words', () => {
  test.each([
    ['one try', defaultRetry(false), 'There is one try.'],
    ['a lone model', defaultRetry(true), 'before the provider began to answer'],
    ['a chain', routeRetry(3), 'There are 3 tries at most'],
    ['a wish', routeRetry(2, { budgetMs: 700 }), '700 ms of waiting'],
  ])('%s', (_, retry, words) => {
    expect(retryInWords(retry)).toContain(words)
  })
})
