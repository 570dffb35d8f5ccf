import { expect, test } from 'bun:test'
import { countsIn, type TokenCounts } from './token-counts.ts'

const nothing = { cached: null, written: null, writtenHour: null, reasoning: null }
const cases: [behaviour: string, usage: unknown, counts: TokenCounts | null][] = [
  ['none', undefined, null],
  ['no numbers', { prompt_tokens: '3', completion_tokens: null }, null],
  [
    "chat's",
    {
      prompt_tokens: 9,
      completion_tokens: 5,
      total_tokens: 14,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2, cache_write_1h_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 3 },
    },
    { input: 9, output: 5, cached: 4, written: 2, writtenHour: 1, reasoning: 3 },
  ],
  [
    "those of OpenAI's responses",
    {
      input_tokens: 9,
      output_tokens: 5,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
      output_tokens_details: { reasoning_tokens: 3 },
    },
    { input: 9, output: 5, cached: 4, written: 2, writtenHour: null, reasoning: 3 },
  ],
  [
    'reasoning that is in the total only',
    { prompt_tokens: 9, completion_tokens: 5, total_tokens: 20, completion_tokens_details: { reasoning_tokens: 6 } },
    { ...nothing, input: 9, output: 11, reasoning: 6 },
  ],
  [
    'sound that is in the total only',
    { prompt_tokens: 9, completion_tokens: 5, total_tokens: 20, prompt_tokens_details: { audio_tokens: 6 } },
    { ...nothing, input: 15, output: 5 },
  ],
  [
    'a total that is too small',
    { prompt_tokens: 9, completion_tokens: 5, total_tokens: 1 },
    { ...nothing, input: 9, output: 5 },
  ],
  [
    'the cache of DeepSeek',
    { prompt_tokens: 9, prompt_cache_hit_tokens: 4 },
    { ...nothing, input: 9, output: 0, cached: 4 },
  ],
  ['the cache of Moonshot', { prompt_tokens: 9, cached_tokens: 4 }, { ...nothing, input: 9, output: 0, cached: 4 }],
  ['the cache of Mistral', { prompt_tokens: 9, num_cached_tokens: 4 }, { ...nothing, input: 9, output: 0, cached: 4 }],
]

test.each(cases)('%s', (_, usage, counts) => {
  expect(countsIn(usage)).toEqual(counts)
})
