import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'bun:test'
import { parse } from 'yaml'
import { metrics } from '../../src/telemetry/metric-table.ts'

const ROOT = resolve(import.meta.dir, '../../../..')
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8')

/** Every name of a series there can be, with the labels it may have. */
const series = new Map<string, ReadonlySet<string>>(
  Object.values(metrics).flatMap(({ prometheus, kind, labels }): [string, ReadonlySet<string>][] => {
    const own = new Set(labels.map((label) => label.replaceAll('.', '_')))
    if (kind !== 'histogram') return [[prometheus, own]]
    return [
      [`${prometheus}_bucket`, new Set([...own, 'le'])],
      [`${prometheus}_sum`, own],
      [`${prometheus}_count`, own],
    ]
  }),
)

/** Words of PromQL that may stand beside names of series and labels; `source` is on what clients push. */
const SURROUNDINGS = new Set([
  'up',
  'job',
  'source',
  'by',
  'sum',
  'max',
  'rate',
  'increase',
  'histogram_quantile',
  '__rate_interval',
])

/** The names in a query, strings and durations left out. */
const namesIn = (query: string): string[] =>
  query.replaceAll(/"[^"]*"|\[[^\]]*\]/g, ' ').match(/\b[a-zA-Z_][\w:]*\b/g) ?? []

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
}

const rules: Rules = parse(read('examples/monitoring/alerts.yml'))
const dashboard: Dashboard = JSON.parse(read('examples/monitoring/grafana-dashboard.json'))
const guide = read('docs/guide/observability.md')
  .split('```')
  .filter((block) => block.startsWith('promql\n'))
  .flatMap((block) => block.slice('promql\n'.length).split('\n\n'))
  .map((query) => query.replaceAll(/^#.*$/gm, '').trim())

const queries = [
  ...rules.groups.flatMap((group) => group.rules).map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [`panel ${title}`, expr] as const)),
  ...guide.map((query, index) => [`guide ${index}`, query] as const),
]

test.each(queries)('%s asks for series and labels that exist', (_, query) => {
  const names = namesIn(query)
  const asked = names.filter((name) => series.has(name))
  const labels = new Set(asked.flatMap((name) => [...(series.get(name) ?? [])]))
  expect(names.filter((name) => !series.has(name) && !labels.has(name) && !SURROUNDINGS.has(name))).toEqual([])
  expect(asked.length > 0 || query.startsWith('up')).toBe(true)
})

test('Prometheus is pointed at the port of the metrics', () => {
  const config: { readonly scrape_configs: readonly { readonly static_configs: readonly unknown[] }[] } = parse(
    read('examples/monitoring/prometheus.yml'),
  )
  expect(config.scrape_configs[0]?.static_configs).toEqual([{ targets: ['localhost:9464'] }])
})
