import { expect, test } from 'bun:test'
import { parsePrices } from './prices-file.ts'

const cases: readonly [what: string, text: string, problem: string][] = [
  ['no JSON', '{', 'expected a JSON object of prices, by `provider/model`'],
  ['a list', '[]', 'expected a JSON object of prices, by `provider/model`'],
  ['a name without a provider', '{"gpt": {"input": 1, "output": 1}}', 'gpt: expected a name such as openai/gpt-4o'],
  ['a price that lacks one half', '{"a/b": {"input": 1}}', 'a/b: expected `input` and `output`'],
  [
    'a price below nothing',
    '{"a/b": {"input": -1, "output": 1}}',
    'a/b: input: expected US dollars for a million tokens',
  ],
  ['a price in words', '{"a/b": "cheap"}', 'a/b: expected an object with `input` and `output`'],
  [
    'another class of token',
    '{"a/b": {"input": 1, "output": 1, "audio": 2}}',
    'a/b: audio: expected one of input, output, cached_input, cache_write, cache_write_1h, reasoning',
  ],
]

test.each(cases)('%s is a problem that is named', (_, text, problem) => {
  const { problems } = parsePrices(text, 'prices.json')
  expect(problems).toEqual([`prices.json: ${problem}`])
})

test('prices are read by class of token, and `null` takes one away', () => {
  const text =
    '{"a/b": {"input": 1, "output": 2, "cached_input": 0.1, "cache_write": 1.25, "cache_write_1h": 2, "reasoning": 3}, "a/c": null}'
  expect(parsePrices(text, 'prices.json')).toEqual({
    prices: {
      'a/b': { input: 1, output: 2, cachedInput: 0.1, cacheWrite: 1.25, cacheWriteHour: 2, reasoning: 3 },
      'a/c': null,
    },
    problems: [],
  })
})
