import { describe, expect, test } from 'bun:test'
import { createModelPolicy } from './model-policy.ts'

const providers = new Set(['openai', 'openrouter', 'cloudflare', 'google', 'nvidia', 'ollama'])

/** entry, provider, model: whether the entry means this model. */
const matches: readonly (readonly [entry: string, provider: string, model: string, expected: boolean])[] = [
  ['gpt-4o', 'openai', 'gpt-4o', true],
  ['gpt-4o', 'ollama', 'gpt-4o', true],
  ['gpt-4o', 'openai', 'gpt-4o-mini', false],
  ['gpt-4o', 'openai', 'my-gpt-4o', false],
  ['GPT-4o', 'openai', 'gpt-4O', true],
  ['  gpt-4o ', 'openai', 'gpt-4o', true],
  ['gpt-4o', 'openai', ' gpt-4o', true],
  ['openai/gpt-4o', 'openai', 'gpt-4o', true],
  ['OpenAI/GPT-4o', 'openai', 'gpt-4o', true],
  ['openai/gpt-4o', 'ollama', 'gpt-4o', false],
  ['openai/gpt-4o', 'openrouter', 'openai/gpt-4o', false],
  ['openrouter/openai/gpt-4o', 'openrouter', 'openai/gpt-4o', true],
  ['openrouter/openai/*', 'openrouter', 'openai/gpt-4o', true],
  ['nvidia/nemotron', 'nvidia', 'nvidia/nemotron', true],
  ['nvidia/nvidia/nemotron', 'nvidia', 'nvidia/nemotron', true],
  ['nvidia/nemotron', 'openrouter', 'nvidia/nemotron', false],
  ['@cf/meta/llama', 'cloudflare', '@cf/meta/llama', true],
  ['@cf/*', 'cloudflare', '@cf/meta/llama', true],
  ['meta-llama/*', 'openrouter', 'meta-llama/llama-3', true],
  ['openai/*', 'openai', 'anything', true],
  ['openai/*', 'openrouter', 'openai/gpt-4o', false],
  ['gpt-4*', 'openai', 'gpt-4o-mini', true],
  ['gpt-4*', 'openai', 'gpt-3.5', false],
  ['*-mini', 'openai', 'gpt-4o-mini', true],
  ['*', 'ollama', 'qwen3:4b', true],
  ['gpt-3.5', 'openai', 'gpt-3x5', false],
  ['a+b(c)[d]', 'ollama', 'a+b(c)[d]', true],
  ['gemini-2.5-flash', 'google', 'models/gemini-2.5-flash', true],
  ['models/gemini-2.5-flash', 'google', 'gemini-2.5-flash', true],
  ['llama3', 'ollama', 'library/llama3:latest', true],
  ['llama3', 'ollama', 'registry.ollama.ai/library/LLaMA3', true],
  ['llama3', 'ollama', 'https://registry.ollama.ai/library/llama3', true],
  ['llama3', 'ollama', 'ada/llama3', false],
  ['openai', 'openai', 'gpt-4o', false],
]

describe('an entry', () => {
  test.each(matches)('%p means %s %p: %p', (entry, provider, model, expected) => {
    const only = createModelPolicy({ allowed: [entry], disallowed: [], providers })
    const except = createModelPolicy({ allowed: [], disallowed: [entry], providers })
    expect([only.isAllowed(provider, model), except.isAllowed(provider, model)]).toEqual([expected, !expected])
  })
})

/** Allowed, disallowed, and whether `fast` may be asked for, which stands for `openai/gpt-4o`. */
const throughAliases: readonly (readonly [behaviour: string, allowed: string[], disallowed: string[], boolean])[] = [
  ['without entries', [], [], true],
  ['allowed by its own name', ['fast'], [], true],
  ['allowed in another letter case', ['FAST'], [], true],
  ['allowed by a pattern', ['fa*'], [], true],
  ['allowed by what it stands for', ['openai/gpt-4o'], [], true],
  ['where others are allowed', ['slow', 'openai/gpt-4'], [], false],
  ['disallowed by its own name', [], ['fast'], false],
  ['disallowed by a pattern', [], ['f*'], false],
  ['disallowed, though what it stands for is allowed', ['gpt-4o'], ['fast'], false],
  ['allowed, though what it stands for is disallowed', ['fast'], ['openai/gpt-4o'], false],
  ['named as if it were a provider’s', ['openai/fast'], [], false],
  ['disallowed as if it were a provider’s', [], ['openai/fast'], true],
]
test.each(throughAliases)('an alias %s', (_behaviour, allowed, disallowed, expected) => {
  const policy = createModelPolicy({ allowed, disallowed, providers })
  expect(policy.isAllowed('openai', 'gpt-4o', 'fast')).toBe(expected)
})

test('an alias that is allowed opens what it stands for to nobody who asks for that', () => {
  const policy = createModelPolicy({ allowed: ['fast'], disallowed: [], providers })
  expect(policy.isAllowed('openai', 'gpt-4o')).toBe(false)
})

describe('both lists', () => {
  test('without entries everything is allowed', () => {
    const policy = createModelPolicy({ allowed: [], disallowed: [' ', ''], providers })
    expect(policy.isAllowed('openai', 'gpt-4o')).toBe(true)
  })

  test('what is disallowed stays so when it is allowed as well', () => {
    const policy = createModelPolicy({ allowed: ['openai/*'], disallowed: ['gpt-4o'], providers })
    expect(policy.isAllowed('openai', 'gpt-4o')).toBe(false)
    expect(policy.isAllowed('openai', 'gpt-4')).toBe(true)
    expect(policy.isAllowed('ollama', 'gpt-4')).toBe(false)
  })
})
