import { expect, test } from 'bun:test'
import type { TokenUsage } from './events.ts'
import { priceTable } from './price-table.ts'
import { costUsd, type Price, priceLookup } from './prices.ts'

const MILLION = 1_000_000
const used = (usage: Partial<TokenUsage>): TokenUsage => ({ input: 0, output: 0, total: 0, ...usage })
const flat: Price = { input: 2, output: 8 }
const classes: Price = { input: 10, output: 50, cachedInput: 1, cacheWrite: 12.5, cacheWriteHour: 20, reasoning: 30 }
const all = used({
  input: MILLION,
  output: 100_000,
  cached: 400_000,
  cacheWritten: 300_000,
  cacheWrittenHour: 100_000,
  reasoning: 40_000,
})

const cases: readonly [what: string, usage: TokenUsage, price: Price, dollars: number][] = [
  ['input and output', used({ input: 500_000, output: 250_000 }), flat, 1 + 2],
  ['cached input is like other input where no price is said', used({ input: MILLION, cached: MILLION }), flat, 2],
  ['cached input', used({ input: MILLION, cached: 600_000 }), classes, 4 + 0.6],
  ['what is written to the cache', used({ input: MILLION, cacheWritten: 200_000 }), classes, 8 + 2.5],
  ['written for an hour', used({ input: 100_000, cacheWritten: 100_000, cacheWrittenHour: 100_000 }), classes, 2],
  [
    'written for an hour is like all that is written where no price is said',
    used({ input: 100_000, cacheWritten: 100_000, cacheWrittenHour: 100_000 }),
    { ...flat, cacheWrite: 3 },
    0.3,
  ],
  ['reasoning is like other output where no price is said', used({ output: MILLION, reasoning: MILLION }), flat, 8],
  // 0.3 M fresh, 0.4 M cached, 0.2 M written, 0.1 M for an hour; 0.06 M told, 0.04 M reasoned
  ['all classes at once', all, classes, 3 + 0.4 + 2.5 + 2 + 3 + 1.2],
  ['nothing', used({}), classes, 0],
]

test.each(cases)('%s', (_, usage, price, dollars) => {
  expect(costUsd(usage, price)).toBeCloseTo(dollars, 9)
})

test("cached input costs no more than other input, and Anthropic's hour in the cache twice as much", () => {
  for (const [model, price] of Object.entries(priceTable)) {
    expect([model, (price?.cachedInput ?? 0) <= (price?.input ?? 0)]).toEqual([model, true])
    // Anthropic: an hour is twice the input (platform.claude.com/docs/en/about-claude/pricing).
    if (model.startsWith('anthropic/')) expect([model, price?.cacheWriteHour]).toEqual([model, (price?.input ?? 0) * 2])
  }
})

test.each([
  ['gpt-4o-2024-08-06', 2.5],
  ['gpt-4o-2024-05-13', 5],
  ['gpt-4o-unheard-of', null],
])('the price of %s is %p', (model, input) => {
  expect(priceLookup(priceTable)('openai', model)?.input ?? null).toBe(input)
})
