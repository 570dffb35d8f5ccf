import { expect, test } from 'bun:test'
import { type ClientResults, features } from './client.ts'
import { matrixPage, staleRows } from './matrix.ts'

const wget: ClientResults = {
  name: 'wget',
  version: '1.0',
  api: '/v1',
  results: features.map((feature) =>
    feature === 'tools' || feature === 'abort'
      ? { feature, outcome: 'fails', reason: 'a | b\nc' }
      : { feature, outcome: 'works', reason: '' },
  ),
}

const page = matrixPage([wget], [{ name: 'fetch', reason: 'It is not here.' }])

test('a client is one row with a cell for each feature', () => {
  const row = page.split('\n').find((line) => line.startsWith('| `wget` | 1.0'))
  expect(row?.match(/ yes | \*\*no\*\* /g)).toHaveLength(features.length)
})

test('features with the same reason share a row, and the reason cannot break the table', () => {
  expect(page).toContain('| `wget` | `/v1` | tools, abort | **no** | a \\| b c |')
})

test('a client that was left out is named with its reason', () => expect(page).toContain('- `fetch`: It is not here.'))

test('the page is stale when a client did otherwise, or is not there; another version is none', () => {
  expect(staleRows(page, { ...wget, version: '2.0' })).toEqual([])
  expect(staleRows(page, { ...wget, name: 'lynx' })).toHaveLength(1)
  const results = wget.results.map((result) => ({ ...result, outcome: 'works' as const }))
  expect(staleRows(page, { ...wget, results })).toHaveLength(1)
})
