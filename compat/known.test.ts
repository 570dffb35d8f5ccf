import { expect, test } from 'bun:test'
import type { ClientResults, Result } from './client.ts'
import { explained, surprises } from './known.ts'

const groq = (outcome: Result['outcome'], feature: Result['feature'] = 'chat'): ClientResults => ({
  name: 'groq-sdk',
  version: '1.0.0',
  api: '/v1/chat/completions',
  results: [{ feature, outcome, reason: outcome === 'fails' ? 'what the client said' : '' }],
})

const curl = (outcome: Result['outcome']): ClientResults => ({ ...groq(outcome), name: 'curl' })

const cases: [string, ClientResults, number][] = [
  ['what is known to fail is no surprise', groq('fails'), 0],
  ['what is known to fail and works is one', groq('works'), 1],
  ['what fails unknown is one', curl('fails'), 1],
  ['what works is none', curl('works'), 0],
  ['what is not offered is none', curl('not offered'), 0],
]
test.each(cases)('%s', (_name, client, count) => expect(surprises(client)).toHaveLength(count))

test('a known reason stands in the place of what the client said, and nowhere else', () => {
  expect(explained(groq('fails')).results[0]?.reason).toContain('/openai/v1')
  expect(explained(curl('fails')).results[0]?.reason).toBe('what the client said')
})
