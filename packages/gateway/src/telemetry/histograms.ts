import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  type HistogramMetricData,
  type MetricProducer,
  type ResourceMetrics,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import type { Metric } from './metric.ts'
import { createSeries, type Series } from './series.ts'

/** One series of a histogram. */
export interface Distribution {
  readonly record: (value: number) => void
}

/**
 * The histograms of the table. OpenTelemetry's own sort and write out the labels with every value, which cost more than
 * all else that telemetry does; here a series is found once, and a value costs a few comparisons.
 */
export interface Histograms {
  readonly open: (metric: Metric) => (labels: Attributes) => Distribution
  /** What one reader collects beside OpenTelemetry's: all since the start, or what came since it asked last. */
  readonly producer: (temporality: AggregationTemporality) => MetricProducer
}

interface HistogramsOptions {
  readonly scope: ScopeMetrics['scope']
  readonly resource: ResourceMetrics['resource']
  /** ms since 1970. */
  readonly now: () => number
}

/** Of each bound, and one more for all values above; not added up. */
interface Tally {
  readonly counts: readonly number[]
  readonly count: number
  readonly sum: number
}

interface HistogramSeries extends Distribution {
  readonly labels: Attributes
  readonly tally: () => Tally
}

interface OpenHistogram {
  readonly metric: Metric
  readonly series: Series<HistogramSeries>
}

export function createHistograms({ scope, resource, now }: HistogramsOptions): Histograms {
  const opened: OpenHistogram[] = []
  const start = hrTime(now())

  function producer(temporality: AggregationTemporality): MetricProducer {
    const isDelta = temporality === AggregationTemporality.DELTA
    const told = new WeakMap<HistogramSeries, Tally>()
    let since = start

    function pointOf(series: HistogramSeries, bounds: readonly number[], endTime: HrTime) {
      const all = series.tally()
      const { counts, count, sum } = isDelta ? difference(all, told.get(series)) : all
      if (isDelta) told.set(series, all)
      const value = { buckets: { boundaries: [...bounds], counts: [...counts] }, count, sum }
      return { startTime: since, endTime, attributes: series.labels, value }
    }

    function dataOf({ metric, series }: OpenHistogram, endTime: HrTime): HistogramMetricData {
      const { name, unit, about, buckets = [] } = metric
      const points = Array.from(series.all(), (one) => pointOf(one, buckets, endTime))
      return {
        descriptor: { name, unit, description: about, valueType: ValueType.DOUBLE },
        aggregationTemporality: temporality,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: points.filter(({ value }) => value.count > 0),
      }
    }

    return {
      collect() {
        const endTime = hrTime(now())
        const metrics = opened.map((one) => dataOf(one, endTime)).filter(({ dataPoints }) => dataPoints.length > 0)
        if (isDelta) since = endTime
        return Promise.resolve({ resourceMetrics: { resource, scopeMetrics: [{ scope, metrics }] }, errors: [] })
      },
    }
  }

  return {
    open(metric) {
      const series = createSeries((labels) => createDistribution(labels, metric.buckets ?? []))
      opened.push({ metric, series })
      return series.at
    },
    producer,
  }
}

function createDistribution(labels: Attributes, bounds: readonly number[]): HistogramSeries {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0)
  let count = 0
  let sum = 0
  return {
    labels,
    record(value) {
      let bucket = 0
      while ((bounds[bucket] ?? Infinity) < value) bucket += 1
      counts[bucket] = (counts[bucket] ?? 0) + 1
      count += 1
      sum += value
    },
    tally: () => ({ counts: [...counts], count, sum }),
  }
}

function difference(all: Tally, before: Tally | undefined): Tally {
  if (before === undefined) return all
  return {
    counts: all.counts.map((count, index) => count - (before.counts[index] ?? 0)),
    count: all.count - before.count,
    sum: all.sum - before.sum,
  }
}

/** OpenTelemetry's form of a time: seconds, and nanoseconds beside them. */
function hrTime(ms: number): HrTime {
  return [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)]
}
