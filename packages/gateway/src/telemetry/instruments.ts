import type { Attributes, Histogram, Meter } from '@opentelemetry/api'
import type { Metric } from './metric.ts'

/** One series of a counter or a gauge. Writing to it costs an addition. */
export interface Cell {
  value: number
}

/** The series of one counter or gauge. */
export interface Cells {
  /** The series of these labels; made at 0 when it is new. */
  at(labels: Attributes): Cell
}

/** Opens a histogram of the table. */
export function openHistogram(meter: Meter, { name, unit, about, buckets = [] }: Metric): Histogram {
  return meter.createHistogram(name, { unit, description: about, advice: { explicitBucketBoundaries: [...buckets] } })
}

/**
 * Opens a counter or gauge of the table. OpenTelemetry asks for its values when somebody collects them: a value told with
 * its labels each time would cost ten times as much as counting here.
 */
export function openCells(meter: Meter, metric: Metric): Cells {
  const cells = new Map<string, Cell & { readonly labels: Attributes }>()
  openReading(meter, metric, (tell) => {
    for (const { value, labels } of cells.values()) tell(value, labels)
  })
  return {
    at(labels) {
      const key = JSON.stringify(labels)
      const cell = cells.get(key) ?? { value: 0, labels }
      cells.set(key, cell)
      return cell
    },
  }
}

/** Opens a counter or gauge of the table whose values somebody else keeps. */
export function openReading(
  meter: Meter,
  { name, kind, unit, about }: Metric,
  read: (tell: (value: number, labels?: Attributes) => void) => void,
): void {
  const options = { unit, description: about }
  const instrument =
    kind === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options)
  instrument.addCallback((result) => read((value, labels) => result.observe(value, labels)))
}
