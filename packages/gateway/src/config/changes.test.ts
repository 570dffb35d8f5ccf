import { expect, test } from 'bun:test'
import { changesBetween } from './changes.ts'
import { parseGatewayFile } from './gateway-file.ts'

/** Providers as `id` or `id@url`, models as `name=provider`. */
function files(...entries: readonly string[]) {
  const providers = entries.filter((entry) => !entry.includes('='))
  const models = entries.filter((entry) => entry.includes('='))
  const text = [
    'providers:',
    ...providers.map((entry) => {
      const [id, url = 'http://mine.test/v1'] = entry.split('@')
      return `  - { id: ${id}, base_url: "${url}" }`
    }),
    'models:',
    ...models.map((entry) => {
      const [name, provider] = entry.split('=')
      return `  ${name}: { deployments: [{ provider: ${provider}, model: m }] }`
    }),
  ].join('\n')
  const file = parseGatewayFile(text, 'gateway.yaml', [])
  expect(file.problems).toEqual([])
  return { customProviders: file.providers, models: file.models }
}

const cases: [behaviour: string, before: string[], after: string[], told: string[]][] = [
  ['nothing', ['a', 'fast=a'], ['a', 'fast=a'], []],
  ['another order alone is nothing', ['a', 'b'], ['b', 'a'], []],
  ['what came', [], ['a', 'fast=a'], ['provider a added', 'model fast added']],
  ['what went', ['a', 'b', 'fast=a'], ['a'], ['provider b removed', 'model fast removed']],
  [
    'what says something else',
    ['a', 'b', 'fast=a'],
    ['a@http://new.test', 'b', 'fast=b'],
    ['provider a changed', 'model fast changed'],
  ],
  ['a new name is another one', ['a'], ['b'], ['provider b added', 'provider a removed']],
]

test.each(cases)('tells of %s', (_, before, after, told) => {
  expect(changesBetween(files(...before), files(...after))).toEqual(told)
})
