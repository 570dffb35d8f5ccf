import { expect, test } from 'bun:test'
import type { ClientResults, Result } from './client.ts'
import { explained, surprises } from './known.ts'

const codex = (outcome: Result['outcome'], feature: Result['feature'] = 'error 429'): ClientResults => ({
  name: '@openai/codex',
  version: '1.0.0',
  api: '/v1/responses',
  results: [{ feature, outcome, reason: outcome === 'fails' ? 'what the client said' : '' }],
})

const curl = (outcome: Result['outcome']): ClientResults => ({ ...codex(outcome), name: 'curl' })

const cases: [string, ClientResults, number][] = [
  ['what is known to fail is no surprise', codex('fails'), 0],
  ['what is known to fail and works is one', codex('works'), 1],
  ['what is known to fail elsewhere is one', codex('fails', 'chat'), 1],
  ['what fails unknown is one', curl('fails'), 1],
  ['what works is none', curl('works'), 0],
  ['what is not offered is none', curl('not offered'), 0],
]
test.each(cases)('%s', (_name, client, count) => expect(surprises(client)).toHaveLength(count))

test('a known reason stands in the place of what the client said, and nowhere else', () => {
  expect(explained(codex('fails')).results[0]?.reason).toContain('words of its own')
  expect(explained(curl('fails')).results[0]?.reason).toBe('what the client said')
})
