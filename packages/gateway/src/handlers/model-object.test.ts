import { expect, test } from 'bun:test'
import type { Price } from '../kernel/prices.ts'
import { modelObject } from './model-object.ts'

const bare = { id: 'groq/m', object: 'model', created: 0, owned_by: 'meta', served_by: 'groq', price: null } as const

test('a model of which nothing is known says so, and no length is made up', () => {
  expect(modelObject(bare)).toEqual({
    id: 'groq/m',
    object: 'model',
    type: 'model',
    created: 0,
    created_at: '1970-01-01T00:00:00.000Z',
    owned_by: 'meta',
    served_by: 'groq',
    name: 'groq/m',
    display_name: 'groq/m',
    pricing: { prompt: '0', completion: '0', known: false },
  })
})

test('what its provider tells is there under every client’s name', () => {
  const told = { ...bare, created: 1_721_172_741, name: 'M', context_length: 128_000, max_output_tokens: 16_384 }
  expect(modelObject(told)).toMatchObject({
    created_at: '2024-07-16T23:32:21.000Z',
    name: 'M',
    display_name: 'M',
    context_length: 128_000,
    max_output_tokens: 16_384,
  })
})

const prices: [what: string, price: Price, pricing: object][] = [
  ['small', { input: 0.15, output: 0.6 }, { prompt: '0.00000015', completion: '0.0000006' }],
  [
    'of the cache',
    { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75 },
    { prompt: '0.000003', completion: '0.000015', input_cache_read: '0.0000003', input_cache_write: '0.00000375' },
  ],
  ['nothing at all', { input: 0, output: 0 }, { prompt: '0', completion: '0' }],
  ['large', { input: 2_000_000, output: 10_500_000 }, { prompt: '2', completion: '10.5' }],
  ['hardly divisible', { input: 0.28, output: 1e-6 }, { prompt: '0.00000028', completion: '0.000000000001' }],
]
test.each(prices)('a price is written for one token, without an exponent: %s', (_, price, pricing) => {
  expect(modelObject({ ...bare, price }).pricing).toEqual({ ...pricing, known: true } as never)
})
