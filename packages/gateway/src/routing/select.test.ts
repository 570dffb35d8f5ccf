import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createSelector, type Strategy } from './select.ts'
import { target } from './test/targets.ts'

const [a, b, c] = [target('a'), target('b'), target('c')]

function scene(random: () => number = () => 0.5) {
  const selector = createSelector({ random })
  const order = (strategy: Strategy, targets = [a, b, c], alias = 'fast') =>
    selector
      .order(alias, strategy, targets)
      .map(({ provider }) => provider.id)
      .join('')
  const firsts = (strategy: Strategy, times: number, targets = [a, b, c]) =>
    Array.from({ length: times }, () => order(strategy, targets)[0]).join('')
  const measure = (of: typeof a, ms: number) => {
    const running = selector.begin(of)
    running.firstToken(ms)
    running.end()
  }
  const begin = (of: typeof a) => selector.begin(of)
  return { selector, begin, order, firsts, measure }
}

test('priority keeps the order as written, and says so', () => {
  const { selector, order } = scene()
  expect(order('priority')).toBe('abc')
  expect(selector.order('fast', 'priority', [a, b])).toEqual([
    { ...a, because: 'priority 1' },
    { ...b, because: 'priority 2' },
  ])
})

test.each(['round_robin', 'weighted', 'least_busy', 'priority', 'lowest_latency'] as const)(
  '%s takes none and one as they are',
  (strategy) => {
    const { order } = scene(() => 0)
    expect(order(strategy, [])).toBe('')
    expect([order(strategy, [b]), order(strategy, [b])]).toEqual(['b', 'b'])
  },
)

describe('round robin', () => {
  test('gives everybody a turn, and falls back in the same circle', () => {
    const { order } = scene()
    expect([1, 2, 3, 4].map(() => order('round_robin'))).toEqual(['abc', 'bca', 'cab', 'abc'])
  })

  test('counts each alias on its own, and survives a change of its targets', () => {
    const { order } = scene()
    expect(order('round_robin', [a, b, c], 'one')).toBe('abc')
    expect(order('round_robin', [a, b, c], 'two')).toBe('abc')
    order('round_robin', [a, b, c], 'one')
    expect(order('round_robin', [a, b], 'one')).toBe('ab')
  })
})

describe('weighted', () => {
  test('spreads the turns of a heavy target', () => {
    const { firsts } = scene()
    expect(firsts('weighted', 7, [target('a', 5), target('b', 1), target('c')])).toBe('aabacaa')
  })

  test('falls back by weight', () => {
    expect(scene().order('weighted', [target('a', 1), target('b', 9), target('c', 3)])).toBe('bca')
  })

  test('keeps a weight of nothing for fallback', () => {
    const { order, firsts } = scene()
    expect(firsts('weighted', 20, [target('a', 0), target('b', 1)])).toBe('b'.repeat(20))
    expect(order('weighted', [target('a', 0), target('b', 1)])).toBe('ba')
    expect(order('weighted', [target('a', 0), target('b', 0)], 'idle')).toBe('ab')
  })

  test('gives everybody exactly its share', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        fc.pre(total > 0)
        const ids = ['a', 'b', 'c', 'd', 'e', 'f']
        const chosen = scene().firsts(
          'weighted',
          total * 2,
          weights.map((weight, index) => target(ids[index] ?? '', weight)),
        )
        expect(weights.map((_, index) => chosen.split(ids[index] ?? '').length - 1)).toEqual(
          weights.map((weight) => weight * 2),
        )
      }),
    )
  })
})

describe('least busy', () => {
  test('asks who has least to do, in turns among equals', () => {
    const { begin, order } = scene()
    expect([1, 2, 3].map(() => order('least_busy'))).toEqual(['abc', 'bca', 'cab'])
    const [first, second] = [begin(a), begin(a)]
    begin(b)
    expect(order('least_busy')).toBe('cba')
    first.end()
    second.end()
    second.end()
    expect(order('least_busy', [b, a])).toBe('ab')
  })
})

describe('lowest latency', () => {
  test('asks the unmeasured first, then the fastest', () => {
    const { order, measure } = scene()
    measure(a, 300)
    expect(order('lowest_latency')).toBe('bca')
    measure(b, 200)
    measure(c, 400)
    expect(order('lowest_latency')).toBe('bac')
  })

  test('follows a change, but not every whim', () => {
    const { order, measure } = scene()
    measure(a, 100)
    measure(b, 150)
    measure(a, 300)
    expect(order('lowest_latency', [a, b])).toBe('ab')
    measure(a, 300)
    expect(order('lowest_latency', [a, b])).toBe('ba')
  })

  test('counts the first measurement of a request only', () => {
    const { selector, begin } = scene()
    const running = begin(a)
    running.firstToken(100)
    running.firstToken(900)
    running.end()
    running.firstToken(900)
    expect(selector.order('fast', 'lowest_latency', [a])[0]?.because).toBe('first token after 100 ms')
  })

  test('does not take quick failures for speed', () => {
    const { order, measure, begin } = scene()
    measure(a, 100)
    measure(b, 150)
    begin(a).end()
    begin(c).end()
    expect(order('lowest_latency')).toBe('bac')
    measure(c, 10)
    expect(order('lowest_latency')).toBe('cba')
  })

  test('tries another one by chance', () => {
    const chances = [0.04, 0.9, 0.05]
    const { order, measure } = scene(() => chances.shift() ?? 0.5)
    for (const [index, each] of [a, b, c].entries()) measure(each, index)
    expect(order('lowest_latency')).toBe('cab')
    expect(order('lowest_latency')).toBe('abc')
  })
})

describe('peek', () => {
  test.each(['round_robin', 'weighted', 'least_busy', 'priority', 'lowest_latency'] as const)(
    'says what order says next under %s, and moves nobody’s turn',
    (strategy) => {
      const { selector, measure } = scene()
      const targets = [target('a', 1), target('b', 3), target('c', 2)]
      measure(b, 10)
      measure(c, 20)
      measure(a, 30)
      for (let request = 0; request < 12; request++) {
        const peeked = [1, 2, 3].map(() => selector.peek('fast', strategy, targets))
        const ordered = selector.order('fast', strategy, targets)
        expect(peeked).toEqual([ordered, ordered, ordered])
      }
    },
  )

  test('explores nothing', () => {
    const { selector, measure } = scene(() => 0)
    measure(a, 10)
    measure(b, 20)
    expect(selector.order('fast', 'lowest_latency', [a, b])[0]?.provider.id).toBe('b')
    expect(selector.peek('fast', 'lowest_latency', [a, b])[0]?.provider.id).toBe('a')
  })
})

test('what is forgotten of a provider has to be measured anew, the rest stays', () => {
  const { selector, measure, order } = scene()
  measure(a, 10)
  measure(b, 20)
  measure(c, 30)
  selector.forget('b')
  expect(order('lowest_latency')).toBe('bac')
})
