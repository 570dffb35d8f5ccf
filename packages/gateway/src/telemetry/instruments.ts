import type { Attributes, Meter } from '@opentelemetry/api'
import type { Distribution, Histograms } from './histograms.ts'
import type { Metric } from './metric.ts'
import { createSeries } from './series.ts'

/** One series of a counter or a gauge. Writing to it costs an addition. */
export interface Cell {
  value: number
}

/** Opens metrics of the table; each finds its series by their labels. */
export interface Instruments {
  readonly counter: (metric: Metric) => (labels: Attributes) => Cell
  readonly histogram: (metric: Metric) => (labels: Attributes) => Distribution
}

/**
 * OpenTelemetry asks for the values of counters and gauges when somebody collects them: a value told with its labels each
 * time would cost ten times as much as counting here.
 */
export function createInstruments(meter: Meter, histograms: Histograms): Instruments {
  return {
    counter(metric) {
      const series = createSeries((labels) => ({ value: 0, labels }))
      openReading(meter, metric, (tell) => {
        for (const { value, labels } of series.all()) tell(value, labels)
      })
      return series.at
    },
    histogram: histograms.open,
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
