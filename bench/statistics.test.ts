import { expect, test } from 'bun:test'
import { median, percentile } from './statistics.ts'

test.each([
  [[3], 3],
  [[9, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[], Number.NaN],
])('the median of %p is %p', (values, middle) => {
  expect(median(values)).toBe(middle)
})

test.each([
  [0, 1],
  [0.5, 51],
  [0.99, 100],
  [1, 100],
])('the percentile %p of 1..100 is %p', (share, value) => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentile(values, share)).toBe(value)
})
