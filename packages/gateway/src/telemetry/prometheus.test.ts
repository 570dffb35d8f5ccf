import { expect, test } from 'bun:test'
import { type Family, prometheusName, prometheusText } from './prometheus.ts'

const family = (changes: Partial<Family>): Family => ({
  name: 'a_total',
  kind: 'counter',
  help: 'About it.',
  samples: [{ name: 'a_total', labels: [['source', 'x']], value: 1 }],
  ...changes,
})

test.each([
  ['nothing of a family without series', [family({ samples: [] })], ''],
  [
    'families of one name as one, and none of another kind beside it',
    [
      family({}),
      family({ samples: [{ name: 'a_total', labels: [], value: 2 }] }),
      family({ kind: 'gauge', samples: [{ name: 'a_total', labels: [], value: 3 }] }),
    ],
    '# HELP a_total About it.\n# TYPE a_total counter\na_total{source="x"} 1\na_total 2\n',
  ],
  [
    'one line, whatever stands in texts',
    [family({ help: 'a\n\\"', samples: [{ name: 'a_total', labels: [['source', 'a\n\\"']], value: 1 }] })],
    '# HELP a_total a\\n\\\\"\n# TYPE a_total counter\na_total{source="a\\n\\\\\\""} 1\n',
  ],
  [
    'numbers that are none, in its own words',
    [
      family({
        help: '',
        kind: 'gauge',
        samples: [Infinity, -Infinity, NaN].map((value) => ({ name: 'a_total', labels: [], value })),
      }),
    ],
    '# TYPE a_total gauge\na_total +Inf\na_total -Inf\na_total NaN\n',
  ],
] as const)('the page holds %s', (_, families, page) => {
  expect(prometheusText(families)).toBe(page)
})

test('a name that Prometheus cannot write is changed until it can', () => {
  expect(['a.b-c:d', '9 lives', 'é'].map(prometheusName)).toEqual(['a_b_c:d', '_9_lives', '_'])
})
