import type { HistogramValue } from './prometheus.ts'

/** One figure that a client pushed, understood. */
export interface PushedPoint {
  readonly metric: string
  readonly unit: string
  readonly help: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** It tells what has come since the last time, and is added up here. */
  readonly isDelta: boolean
  readonly source: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number | HistogramValue
}

type Fields = Readonly<Record<string, unknown>>

const DELTA = 1
const LABEL_LIMIT = 20
const TEXT_LIMIT = 128
const BUCKET_LIMIT = 64

/** The figures in an export request of OTLP, in its JSON form; `rejected` counts those nobody here can read. */
export function readPoints(request: unknown): { readonly points: readonly PushedPoint[]; readonly rejected: number } {
  const points: PushedPoint[] = []
  let rejected = 0
  for (const resourceMetrics of list(fields(request)['resourceMetrics'])) {
    const source = sourceOf(fields(resourceMetrics)['resource'])
    const scopes = list(fields(resourceMetrics)['scopeMetrics'])
    for (const metric of scopes.flatMap((scope) => list(fields(scope)['metrics']))) {
      const read = readMetric(fields(metric), source)
      points.push(...read.flatMap((point) => point ?? []))
      rejected += read.filter((point) => point === null).length
    }
  }
  return { points, rejected }
}

function readMetric(metric: Fields, source: string): readonly (PushedPoint | null)[] {
  const { gauge, sum, histogram, exponentialHistogram, summary } = metric
  const data = fields(gauge ?? sum ?? histogram ?? exponentialHistogram ?? summary)
  const name = text(metric['name'])
  const isRead = name !== '' && (gauge ?? sum ?? histogram) !== undefined
  const temporality = data['aggregationTemporality']
  const common = {
    metric: name,
    unit: text(metric['unit']),
    help: text(metric['description']),
    kind: kindOf(metric),
    isDelta: temporality === DELTA || temporality === 'AGGREGATION_TEMPORALITY_DELTA',
    source,
  }
  return list(data['dataPoints']).map((point) => {
    const value = histogram === undefined ? numberOf(fields(point)) : histogramOf(fields(point))
    const labels = labelsOf(fields(point)['attributes'])
    return isRead && value !== null && labels.length <= LABEL_LIMIT ? Object.assign({ labels, value }, common) : null
  })
}

/** A sum that may fall is what Prometheus calls a gauge. */
function kindOf({ sum, histogram }: Fields): PushedPoint['kind'] {
  if (histogram !== undefined) return 'histogram'
  return sum !== undefined && Boolean(fields(sum)['isMonotonic']) ? 'counter' : 'gauge'
}

const numberOf = ({ asDouble, asInt }: Fields): number | null => number(asDouble ?? asInt)

function histogramOf({ count, sum, bucketCounts, explicitBounds }: Fields): HistogramValue | null {
  const bounds = list(explicitBounds).map(number)
  const counts = list(bucketCounts).map(number)
  const total = number(count ?? 0) // protobuf leaves out what is 0
  const isWhole = total !== null && bounds.length <= BUCKET_LIMIT && counts.length === bounds.length + 1
  if (!isWhole || !bounds.every(isNumber) || !counts.every(isNumber) || !areRising(bounds)) return null
  return { bounds, counts, count: total, sum: number(sum) ?? 0 }
}

/** Of two that are the same, or of one that is infinite, a line would come twice. */
const areRising = (bounds: readonly number[]): boolean =>
  bounds.every((bound, index) => bound > (bounds[index - 1] ?? -Infinity) && bound < Infinity)

function sourceOf(resource: unknown): string {
  const [, name = ''] = labelsOf(fields(resource)['attributes']).find(([key]) => key === 'service.name') ?? []
  return name === '' ? 'unknown' : name
}

function labelsOf(attributes: unknown): PushedPoint['labels'] {
  return list(attributes).map((attribute) => {
    const { key, value } = fields(attribute)
    const { stringValue, boolValue, intValue, doubleValue } = fields(value)
    const written = stringValue ?? (boolValue === undefined ? undefined : Boolean(boolValue)) ?? intValue ?? doubleValue
    return [text(key), text(written)] as const
  })
}

const isNumber = (value: number | null): value is number => value !== null

/** OTLP's JSON writes large numbers as text. */
function number(value: unknown): number | null {
  const read = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof read === 'number' && !Number.isNaN(read) ? read : null
}

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value).slice(0, TEXT_LIMIT)
    : ''

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {})
