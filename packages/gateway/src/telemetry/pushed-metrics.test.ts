import { describe, expect, test } from 'bun:test'
import { prometheusText } from './prometheus.ts'
import { createPushedMetrics } from './pushed-metrics.ts'

const CUMULATIVE = 2
const DELTA = 1

/** What is shown of these metrics, pushed one after the other, and how many figures of each were not taken. */
function after(pushes: readonly object[], attributes: readonly object[] = []) {
  const pushed = createPushedMetrics({ own: new Map([['ours_total', 'counter']]), nameOf: () => undefined })
  const rejected = pushes.map((metric) => {
    const request = { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics: [metric] }] }] }
    return pushed.take(new TextEncoder().encode(JSON.stringify(request)), 'json')
  })
  const lines = prometheusText(pushed.families())
    .split('\n')
    .filter((line) => line !== '')
  return { lines, rejected }
}

const gauge = (name: string, value: unknown, attributes: readonly object[] = [], unit = '') => ({
  name,
  unit,
  gauge: { dataPoints: [{ asDouble: value, attributes }] },
})
const sum = (name: string, value: number, aggregationTemporality: unknown = CUMULATIVE, isMonotonic = true) => ({
  name,
  sum: { aggregationTemporality, isMonotonic, dataPoints: [{ asInt: String(value), attributes: [] }] },
})
const histogram = (counts: readonly number[], bounds: readonly number[], aggregationTemporality = DELTA) => ({
  name: 'h',
  histogram: {
    aggregationTemporality,
    dataPoints: [{ count: 3, sum: 4, bucketCounts: counts, explicitBounds: bounds, attributes: [] }],
  },
})
const valued = (value: object) => ({ key: 'b', value })
const many = (count: number, of: (index: number) => object) => Array.from({ length: count }, (_, index) => of(index))

const cases: [behaviour: string, pushes: readonly object[], lines: readonly string[], rejected: readonly number[]][] = [
  [
    'a sum that is told whole stands as it was told last',
    [sum('a', 2), sum('a', 5)],
    ['# TYPE a_total counter', 'a_total{source="unknown"} 5'],
    [0, 0],
  ],
  [
    'differences are added up, in either form of their name',
    [sum('a_total', 2, DELTA), sum('a_total', 5, 'AGGREGATION_TEMPORALITY_DELTA')],
    ['# TYPE a_total counter', 'a_total{source="unknown"} 7'],
    [0, 0],
  ],
  [
    'a sum that may fall is a gauge',
    [sum('a', 2, CUMULATIVE, false)],
    ['# TYPE a gauge', 'a{source="unknown"} 2'],
    [0],
  ],
  [
    'histograms are added up bucket by bucket, where their bounds are the same',
    [histogram([1, 2], [1]), histogram([2, 1], [1]), histogram([2, 1], [9])],
    [
      '# TYPE h histogram',
      'h_bucket{source="unknown",le="1"} 3',
      'h_bucket{source="unknown",le="+Inf"} 6',
      'h_sum{source="unknown"} 8',
      'h_count{source="unknown"} 6',
    ],
    [0, 0, 1],
  ],
  [
    'a histogram that does not fit its bounds is none',
    [
      histogram([1], [1]),
      histogram(
        Array.from({ length: 66 }, () => 1),
        Array.from({ length: 65 }, (_, at) => at),
      ),
    ],
    [],
    [1, 1],
  ],
  [
    'a name is of the kind it was first, or that it has here',
    [gauge('a_total', 1), sum('a', 1), gauge('ours_total', 1)],
    ['# TYPE a_total gauge', 'a_total{source="unknown"} 1'],
    [0, 1, 1],
  ],
  [
    'a unit is part of the name, once',
    [
      gauge('a', 1, [], 's'),
      gauge('b_bytes', 1, [], 'By'),
      gauge('c', 1, [], 'By'),
      gauge('d', 1, [], 'ms'),
      gauge('e', 1, [], 'h'),
    ],
    ['a_seconds', 'b_bytes', 'c_bytes', 'd_milliseconds', 'e'].flatMap((name) => [
      `# TYPE ${name} gauge`,
      `${name}{source="unknown"} 1`,
    ]),
    [0, 0, 0, 0, 0],
  ],
  [
    'labels come in their order, and none that is kept for others',
    [
      gauge(
        'a',
        1,
        ['z', 'source', 'le', '__name__', 'b'].map((key) => ({ key, value: { stringValue: key } })),
      ),
    ],
    ['# TYPE a gauge', 'a{b="b",source="unknown",z="z"} 1'],
    [0],
  ],
  [
    'a value may be of any kind',
    [{ stringValue: 'x'.repeat(200) }, { boolValue: false }, { intValue: '7' }, { doubleValue: 0.5 }].map((value, at) =>
      gauge(`a${at}`, at, [valued(value)]),
    ),
    ['x'.repeat(128), 'false', '7', '0.5'].flatMap((value, at) => [
      `# TYPE a${at} gauge`,
      `a${at}{b="${value}",source="unknown"} ${at}`,
    ]),
    [0, 0, 0, 0],
  ],
  [
    'what is no number, or has more labels than anybody reads, is not taken',
    [
      gauge('a', 'x'),
      gauge('a', ''),
      gauge(
        'a',
        1,
        many(21, (index) => ({ key: `k${index}` })),
      ),
    ],
    [],
    [1, 1, 1],
  ],
]

describe('of what clients push', () => {
  test.each(cases)('%s', (_, pushes, lines, rejected) => {
    expect(after(pushes)).toEqual({ lines: [...lines], rejected: [...rejected] })
  })
})

test('what is known already is told further when there is no room for more', () => {
  const { lines, rejected } = after([...many(501, (index) => gauge(`a${index}`, 1)), gauge('a0', 2)])
  expect(rejected.slice(-3)).toEqual([0, 1, 0])
  expect(lines).toContain('a0{source="unknown"} 2')
})

test('the source is the service that pushes', () => {
  const named = (name: string) => [{ key: 'service.name', value: { stringValue: name } }]
  expect(after([gauge('a', 1)], named('agent')).lines).toContain('a{source="agent"} 1')
  expect(after([gauge('a', 1)], named('')).lines).toContain('a{source="unknown"} 1')
})
