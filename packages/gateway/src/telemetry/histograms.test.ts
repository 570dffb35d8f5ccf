import { AggregationTemporality } from '@opentelemetry/sdk-metrics'
import { expect, test } from 'bun:test'
import { createHistograms } from './histograms.ts'
import { metrics } from './metric-table.ts'

const { CUMULATIVE, DELTA } = AggregationTemporality

test.each([
  [
    'all since the start',
    CUMULATIVE,
    [
      [0, 1],
      [0, 2],
    ],
    [1, 3],
  ],
  [
    'what came since the time before',
    DELTA,
    [
      [0, 1],
      [1, 2],
    ],
    [1, 2],
  ],
] as const)('a reader is told of %s, and of which time it is', async (_, temporality, seconds, counts) => {
  const time = { ms: 0.25 }
  const scope = { name: 'test' }
  const resource = { attributes: {}, merge: () => resource, getRawAttributes: () => [] }
  const histograms = createHistograms({ scope, resource, now: () => time.ms })
  const reader = histograms.producer(temporality)
  const { record } = histograms.open(metrics.overhead)({ 'http.route': '/' })
  const told: unknown[] = []
  for (const values of [1, 2]) {
    for (let value = 0; value < values; value++) record(value)
    time.ms += 1000
    const { resourceMetrics } = await reader.collect()
    for (const { dataPoints } of resourceMetrics.scopeMetrics[0]?.metrics ?? [])
      for (const { startTime, endTime, value } of dataPoints) told.push([startTime, endTime, value])
  }
  const at = (second: number) => [second, 250_000]
  expect(told).toEqual(
    seconds.map(([from, to], index) => [at(from), at(to), expect.objectContaining({ count: counts[index] })]),
  )
})
