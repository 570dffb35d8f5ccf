import { expect } from 'bun:test'
import fc from 'fast-check'
import { prometheusText } from '../../src/telemetry/prometheus.ts'
import { createPushedMetrics } from '../../src/telemetry/pushed-metrics.ts'
import { encode } from '../telemetry/otlp-collector.ts'
import { fuzz, odd, textOf } from './fuzz.ts'

const name = textOf(['a', 'steps', 'total', '_total', '.', '_', '1', 'é', ' ', '"', '\n', '{', '#', 'constructor'], 3)
const text = textOf(['a', '"', '\\', '\n', '\r', '}', ' ', 'é', '\0'], 4)
const key = fc.oneof(name, fc.constantFrom('service.name', 'source', 'le', '__name__', '__proto__', 'a:b', ''))
const whole = fc.integer({ min: 0, max: 9 })
const decimal = fc.double({ noNaN: true, noDefaultInfinity: true })

const value = fc.oneof(
  text.map((stringValue) => ({ stringValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  whole.map((intValue) => ({ intValue })),
  decimal.map((doubleValue) => ({ doubleValue })),
)
const attributes = fc.array(fc.record({ key, value }), { maxLength: 2 })
const point = fc.oneof(
  fc.record({ asInt: whole, attributes }),
  fc.record({ asDouble: decimal, attributes }),
  fc.record({
    count: whole,
    sum: decimal,
    bucketCounts: fc.array(whole, { minLength: 1, maxLength: 3 }),
    explicitBounds: fc.array(decimal, { maxLength: 2 }),
    attributes,
  }),
)
const dataPoints = fc.array(point, { maxLength: 2 })
const aggregationTemporality = fc.constantFrom(1, 2)
const head = { name, unit: fc.constantFrom('', 's', 'ms', 'By', '{a}', 'constructor', '__proto__'), description: text }
const metric = fc.oneof(
  fc.record({ ...head, gauge: fc.record({ dataPoints }) }),
  fc.record({ ...head, sum: fc.record({ aggregationTemporality, isMonotonic: fc.boolean(), dataPoints }) }),
  fc.record({ ...head, histogram: fc.record({ aggregationTemporality, dataPoints }) }),
)
const request = fc
  .array(
    fc.record({
      resource: fc.record({ attributes }),
      scopeMetrics: fc.tuple(fc.record({ metrics: fc.array(metric, { maxLength: 2 }) })),
    }),
    { maxLength: 2 },
  )
  .map((resourceMetrics) => ({ resourceMetrics }))

type Body = readonly [bytes: Uint8Array, form: 'json' | 'protobuf']

const inJson = (request: unknown): Body => [new TextEncoder().encode(JSON.stringify(request)), 'json']
const inProtobuf = (request: object): Body => [encode('ExportMetricsServiceRequest', { ...request }), 'protobuf']

/** What is shown of what was pushed, without the bodies that are refused. */
function pageAfter(bodies: readonly Body[]): string {
  const pushed = createPushedMetrics({ own: new Map([['a_total', 'counter']]), nameOf: () => undefined })
  for (const body of bodies)
    try {
      pushed.take(...body)
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error
    }
  return prometheusText(pushed.families())
}

// prometheus.io/docs/instrumenting/exposition_formats
const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
const HELP = String.raw`(?:# HELP (${NAME}) [^\n]*\n)?`
const SAMPLE = String.raw`${NAME}\{${LABEL}(?:,${LABEL})*\} (?:NaN|[+-]Inf|-?[\d.]+(?:e[+-]\d+)?)\n`
const FAMILY = new RegExp(`^${HELP}# TYPE (${NAME}) (?:counter|gauge|histogram)\n((?:${SAMPLE})+)`)

/** The page is one family behind the other, each of its own name, and no series stands twice in one. */
function checkReadable(page: string): void {
  const names = new Set<string | undefined>()
  for (let rest = page; rest !== '';) {
    const [family, helped, name, samples = ''] = FAMILY.exec(rest) ?? []
    if (family === undefined) return expect(rest).toMatch(FAMILY)
    expect([name, undefined]).toContain(helped)
    expect(names).not.toContain(name)
    names.add(name)
    const series = samples.split('\n').map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(series).toBeArrayOfSize(new Set(series).size)
    rest = rest.slice(family.length)
  }
}

const readable = fc.property(fc.array(request, { maxLength: 2 }), (requests) =>
  checkReadable(pageAfter(requests.map(inJson))),
)

const alike = fc.property(fc.array(request, { maxLength: 2 }), (requests) =>
  expect(pageAfter(requests.map(inProtobuf))).toBe(pageAfter(requests.map(inJson))),
)

/** What belongs there, with members that are anything else. */
const bent = request.chain((request) =>
  fc.array(fc.tuple(fc.nat(), odd(null, '', '7', '1e999', {}, [], true))).map((changes) => {
    let at = 0
    const places = new Map(changes.map(([place, value]) => [place % 60, value]))
    return JSON.parse(JSON.stringify(request), (_, value: unknown) => {
      const place = at++
      return places.has(place) ? places.get(place) : value
    })
  }),
)

const jumbled = fc.property(fc.array(bent, { maxLength: 2 }), (requests) =>
  checkReadable(pageAfter(requests.map(inJson))),
)

const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })

const spoiled = fc.property(request, changes, (request, changes) => {
  const [bytes] = inProtobuf(request)
  for (const [place, byte] of changes) bytes[place % bytes.length] = byte
  checkReadable(pageAfter([[bytes, 'protobuf']]))
})

export const pushed = [
  fuzz('whatever clients push, all metrics can be read', readable),
  fuzz('what clients push is the same in JSON and in protobuf', alike),
  fuzz('whatever stands where a figure or a name is expected, all metrics can be read', jumbled),
  fuzz('whatever bytes come as protobuf, all metrics can be read', spoiled),
]
