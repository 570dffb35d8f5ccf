import { exportMetricsRequest } from './otlp-request.ts'
import { type Family, type HistogramValue, histogramSamples, prometheusLabel, prometheusName } from './prometheus.ts'
import { decodeMessage } from './protobuf.ts'
import { type PushedPoint, readPoints } from './pushed-points.ts'

export interface PushedMetricsOptions {
  /** The kinds of the gateway's own metrics by their Prometheus name: who pushes under such a name means the same. */
  readonly own: ReadonlyMap<string, Family['kind']>
  /** The Prometheus name of a metric of ours by OpenTelemetry's. */
  readonly nameOf: (metric: string) => string | undefined
}

/** What clients push over OTLP, kept until it is scraped. */
export interface PushedMetrics {
  /** Takes an export request. Answers how many figures were not taken. Throws when the bytes are no such request. */
  take(bytes: Uint8Array, form: 'json' | 'protobuf'): number
  families(): readonly Family[]
}

/** Clients choose names and labels, and none may fill the memory: beyond so many series new ones are refused. */
const SERIES_LIMIT = 500

interface Series extends Pick<Family, 'name' | 'kind' | 'help'> {
  readonly labels: readonly (readonly [name: string, value: string])[]
  value: number | HistogramValue
}

/** Every series carries the `source` that pushed it, its `service.name`. */
export function createPushedMetrics({ own, nameOf }: PushedMetricsOptions): PushedMetrics {
  const series = new Map<string, Series>()
  const kinds = new Map(own)

  function take(point: PushedPoint): boolean {
    const name = nameOf(point.metric) ?? usualName(point)
    const kind = kinds.get(name) ?? point.kind
    if (kind !== point.kind) return false
    const labels = labelsOf(point)
    const key = JSON.stringify([name, labels])
    const before = series.get(key)
    if (before === undefined && series.size >= SERIES_LIMIT) return false
    kinds.set(name, kind)
    const value = point.isDelta && before !== undefined ? sum(before.value, point.value) : point.value
    if (value === null) return false
    series.set(key, { name, kind, help: point.help, labels, value })
    return true
  }

  return {
    take(bytes, form) {
      const request =
        form === 'protobuf' ? decodeMessage(bytes, exportMetricsRequest) : JSON.parse(new TextDecoder().decode(bytes))
      const { points, rejected } = readPoints(request)
      return rejected + points.filter((point) => !take(point)).length
    },
    families: () => Array.from(series.values(), familyOf),
  }
}

function familyOf({ name, kind, help, labels, value }: Series): Family {
  const samples = typeof value === 'number' ? [{ name, labels, value }] : histogramSamples(name, labels, value)
  return { name, kind, help, samples }
}

/** As the OpenTelemetry specification names metrics for Prometheus: with their unit, and `_total` for what only grows. */
function usualName({ metric, unit, kind }: PushedPoint): string {
  const suffix = UNITS.get(unit)
  const name = prometheusName(metric)
  const withUnit = suffix === undefined || name.endsWith(suffix) ? name : name + suffix
  return kind !== 'counter' || withUnit.endsWith('_total') ? withUnit : `${withUnit}_total`
}

const UNITS = new Map([
  ['s', '_seconds'],
  ['ms', '_milliseconds'],
  ['By', '_bytes'],
])

/** A client that writes a `source`, or a name Prometheus keeps for itself, does not get it. */
function labelsOf({ labels, source }: PushedPoint): Series['labels'] {
  const written = labels.map(([name, value]) => [prometheusLabel(name), value] as const)
  const kept = new Map(written.filter(([name]) => name !== '' && name !== 'le' && !name.startsWith('__')))
  return [...kept.set('source', source)].toSorted(([one], [other]) => (one < other ? -1 : 1))
}

/** `null`: histograms with other bounds do not add up. */
function sum(before: Series['value'], more: Series['value']): Series['value'] | null {
  if (typeof before === 'number' || typeof more === 'number')
    return typeof before === 'number' && typeof more === 'number' ? before + more : null
  if (JSON.stringify(before.bounds) !== JSON.stringify(more.bounds)) return null
  return {
    bounds: more.bounds,
    counts: more.counts.map((count, index) => count + (before.counts[index] ?? 0)),
    count: before.count + more.count,
    sum: before.sum + more.sum,
  }
}
