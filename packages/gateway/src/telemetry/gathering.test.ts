import { expect, test } from 'bun:test'
import { until } from '../../test/support/wire.ts'
import { gather } from './gathering.ts'

test('what is gathered is handed on after a while, at once when it is asked for, and once', async () => {
  const handed: number[] = []
  const { add, flush } = gather((item: number) => void handed.push(item))
  add(1)
  add(2)
  expect(handed).toEqual([])
  await until(() => handed.length > 0)
  add(3)
  flush()
  flush()
  expect(handed).toEqual([1, 2, 3])
})

test('a thousand wait no longer', () => {
  const handed: number[] = []
  const { add } = gather((item: number) => void handed.push(item))
  for (let item = 0; item < 1000; item++) add(item)
  expect(handed).toHaveLength(1000)
})
