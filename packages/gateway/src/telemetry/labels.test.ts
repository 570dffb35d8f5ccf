import { expect, test } from 'bun:test'
import { createLabels } from './labels.ts'

const labels = createLabels({ knowsModel: (_, model) => model.startsWith('known') })

test('at most a hundred models are named, those that nobody knows never', () => {
  const names = Array.from({ length: 1000 }, (_, index) => [`known-${index}`, `unknown-${index}`]).flat()
  const named = new Set(names.map((name) => labels.model('openai', name)))
  expect(named.size).toBe(101)
  expect([...named].filter((name) => name.startsWith('unknown'))).toEqual([])
  // Whoever is named stays named, where it is known.
  expect(['openai', 'groq'].map((provider) => labels.model(provider, 'known-0'))).toEqual(['known-0', 'other'])
})

test.each([
  [null, 200, null],
  ['unauthorized', 401, 'unauthorized'],
  ['whatever they say', 429, 'provider_4xx'],
  ['constructor', 429, 'provider_4xx'],
  [null, 503, 'provider_5xx'],
  [null, 499, 'client_closed_request'],
  ['whatever they say', 200, 'provider_error'],
] as const)('the error %p of status %p is labelled %p', (code, status, label) => {
  expect(labels.error(code, status)).toBe(label)
})

test.each([
  ['/v1/chat/completions', '', 'chat'],
  ['/v1/embeddings', '', 'embeddings'],
  ['/v1/completions', '', 'text_completion'],
  ['/proxy/{provider}/{path}', '/proxy/google/v1beta/models/x:streamGenerateContent', 'generate_content'],
  ['/proxy/{provider}/{path}', '/proxy/anthropic/v1/messages', 'chat'],
  ['/proxy/{provider}/{path}', '/proxy/google/v1beta/models/x:batchEmbedContents', 'embeddings'],
  ['/proxy/{provider}/{path}', '/proxy/openai/files', 'other'],
] as const)('%s %s is the operation %s', (route, path, operation) => {
  expect(labels.operation(route, path)).toBe(operation)
})

test('methods and statuses from outside fall into few', () => {
  expect(['GET', 'BREW'].map((method) => labels.method(method))).toEqual(['GET', 'other'])
  expect([200, 418, 799].map((status) => labels.status(status))).toEqual(['200', '4xx', '7xx'])
})
