import type { Attributes } from '@opentelemetry/api'
import { DataPointType, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics'

/** One line of the text format: the name may have a suffix beside its family's. */
export interface Sample {
  readonly name: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number
}

/** A metric with all its series. */
export interface Family {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** Writes families as Prometheus reads them (its text format, version 0.0.4). Families of one name become one. */
export function prometheusText(families: readonly Family[]): string {
  const byName = new Map<string, Family>()
  for (const family of families) {
    const before = byName.get(family.name)
    // Two kinds under one name would make the whole page unreadable.
    if (before !== undefined && before.kind !== family.kind) continue
    byName.set(family.name, { ...family, samples: [...(before?.samples ?? []), ...family.samples] })
  }
  return Array.from(byName.values(), familyText).join('')
}

function familyText({ name, kind, help, samples }: Family): string {
  if (samples.length === 0) return ''
  const lines = samples.map((sample) => `${sample.name}${labelText(sample.labels)} ${numberText(sample.value)}\n`)
  const helpLine = help === '' ? '' : `# HELP ${name} ${escaped(help)}\n`
  return `${helpLine}# TYPE ${name} ${kind}\n${lines.join('')}`
}

function labelText(labels: Sample['labels']): string {
  if (labels.length === 0) return ''
  const written = labels.map(([name, value]) => `${name}="${escaped(value).replaceAll('"', String.raw`\"`)}"`)
  return `{${written.join(',')}}`
}

const escaped = (text: string): string => text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** A name of OpenTelemetry's as Prometheus can write it. */
export const prometheusName = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=\d)/, '_')

/** The same for a label, which may hold no colon. */
export const prometheusLabel = (name: string): string => prometheusName(name).replaceAll(':', '_')

/** What the SDK has collected, as families. `nameOf` tells a metric's Prometheus name by OpenTelemetry's. */
export function familiesOf({ scopeMetrics }: ResourceMetrics, nameOf: (name: string) => string): readonly Family[] {
  return scopeMetrics.flatMap(({ metrics }) => metrics).flatMap((data) => familyOf(data, nameOf(data.descriptor.name)))
}

function familyOf(data: MetricData, name: string): Family[] {
  const help = data.descriptor.description
  switch (data.dataPointType) {
    case DataPointType.SUM:
    case DataPointType.GAUGE: {
      const isCounter = data.dataPointType === DataPointType.SUM && data.isMonotonic
      const samples = data.dataPoints.map(({ attributes, value }) => ({ name, labels: labelsOf(attributes), value }))
      return [{ name, kind: isCounter ? 'counter' : 'gauge', help, samples }]
    }
    case DataPointType.HISTOGRAM: {
      const samples = data.dataPoints.flatMap(({ attributes, value: { buckets, count, sum = 0 } }) =>
        histogramSamples(name, labelsOf(attributes), {
          bounds: buckets.boundaries,
          counts: buckets.counts,
          count,
          sum,
        }),
      )
      return [{ name, kind: 'histogram', help, samples }]
    }
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return []
  }
}

export interface HistogramValue {
  /** Upper bounds, in order. */
  readonly bounds: readonly number[]
  /** Of each bound, and one more for all above; not added up. */
  readonly counts: readonly number[]
  readonly count: number
  readonly sum: number
}

/** The lines of one histogram: Prometheus adds the buckets up. */
export function histogramSamples(
  name: string,
  labels: Sample['labels'],
  { bounds, counts, count, sum }: HistogramValue,
): readonly Sample[] {
  let below = 0
  const buckets = bounds.map((bound, index): Sample => {
    below += counts[index] ?? 0
    return { name: `${name}_bucket`, labels: [...labels, ['le', numberText(bound)]], value: below }
  })
  return [
    ...buckets,
    { name: `${name}_bucket`, labels: [...labels, ['le', '+Inf']], value: count },
    { name: `${name}_sum`, labels, value: sum },
    { name: `${name}_count`, labels, value: count },
  ]
}

const labelsOf = (attributes: Attributes): Sample['labels'] =>
  Object.entries(attributes).map(([name, value]) => [prometheusLabel(name), text(value)])

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
