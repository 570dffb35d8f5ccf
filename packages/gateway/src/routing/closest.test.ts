import { expect, test } from 'bun:test'
import { closest } from './closest.ts'

const models = [
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-4',
  'o1',
  'claude-opus-5',
  'claude-sonnet-5',
  'llama-3.1-8b-instant',
  'llama-3.3-70b-versatile',
  'deepseek/deepseek-chat',
  'text-embedding-3-small',
  'fast',
]

const cases: readonly (readonly [wanted: string, first: string | undefined])[] = [
  ['gtp-4o', 'gpt-4o'],
  ['gpt4o', 'gpt-4o'],
  ['GPT-4o-Mini', 'gpt-4o-mini'],
  ['opnai/gpt-4o', 'gpt-4o'],
  ['cluade-opus-5', 'claude-opus-5'],
  ['sonnet', 'claude-sonnet-5'],
  ['llama-3.3-70b', 'llama-3.3-70b-versatile'],
  ['llama3', 'llama-3.1-8b-instant'],
  ['deepseek-chat', 'deepseek/deepseek-chat'],
  ['fst', 'fast'],
  ['foo', undefined],
  ['totally-unknown', undefined],
  ['x', undefined],
  ['', undefined],
]
test.each(cases)('%p is closest to %p', (wanted, first) => {
  expect(closest(wanted, models)[0]).toBe(first as string)
})

test('three are given at most, the best first, each once', () => {
  expect(closest('gpt-4', ['gpt-4o-mini-tts', 'gpt-4', 'gpt-4', 'gpt-4o', 'gpt-4-turbo'])).toEqual([
    'gpt-4',
    'gpt-4o',
    'gpt-4-turbo',
  ])
})

test('endless texts and endless lists are looked at in part', () => {
  let taken = 0
  function* endless(): Generator<string> {
    for (;;) {
      taken += 1
      yield 'gpt-4o'.repeat(1_000)
    }
  }
  expect(closest('gpt-4o'.repeat(10_000), endless())).toHaveLength(1)
  expect(taken).toBeLessThan(20_010)
})
