import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'bun:test'
import { parse } from 'yaml'
import { labelsOf } from './promql.ts'

const ROOT = resolve(import.meta.dir, '../../../..')
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8')

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string }
}
interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const rules: { readonly groups: readonly { readonly rules: readonly Alert[] }[] } = parse(
  read('examples/monitoring/alerts.yml'),
)
const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(read('examples/monitoring/grafana-dashboard.json'))
const guide = read('docs/guide/observability.md')
  .split('```')
  .filter((block) => block.startsWith('promql\n'))
  .flatMap((block) => block.slice('promql\n'.length).split('\n\n'))

/** Each query with the words that are shown with its answers. */
const queries: readonly (readonly [place: string, query: string, shown: string])[] = [
  ...rules.groups
    .flatMap((group) => group.rules)
    .map(({ alert, expr, annotations }) => [`alert ${alert}`, expr, annotations.summary] as const),
  ...dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => [`panel ${title}`, expr, legendFormat] as const),
  ),
  ...guide.map((query, index) => [`guide ${index}`, query, ''] as const),
]

test.each(queries)('%s is PromQL on series and labels that exist', (_, query, shown) => {
  const labels = labelsOf(query.replaceAll('$__rate_interval', '5m')) // which Grafana fills in
  const named = [...shown.matchAll(/{{\s*(?:\$labels\.)?(\w+)\s*}}/g)].map(([, label]) => label)
  expect(labels).toEqual(expect.arrayContaining(named))
})

test.each([
  ['sum(rate(inference_gateway_cost_usd_total[1h])', 'No PromQL'],
  ['sum(rate(inference_gateway_costs_total[1h]))', 'No series inference_gateway_costs_total'],
  ['inference_gateway_cost_usd_total{outcome="answered"}', 'No label outcome'],
  ['inference_gateway_cost_usd_total{"gen_ai.request.model"="m"}', 'No label "gen_ai.request.model"'],
  ['sum by (outcome) (inference_gateway_cost_usd_total) / inference_gateway_attempts_total', 'No label outcome'],
  ['sum by (estimated) (sum(inference_gateway_cost_usd_total))', 'No label estimated'],
  ['gen_ai_client_token_usage', 'No series gen_ai_client_token_usage'],
])('%s is refused: %s', (query, message) => {
  expect(() => labelsOf(query)).toThrow(message)
})

test('Prometheus is pointed at the port of the metrics', () => {
  const config: { readonly scrape_configs: readonly { readonly static_configs: readonly unknown[] }[] } = parse(
    read('examples/monitoring/prometheus.yml'),
  )
  expect(config.scrape_configs[0]?.static_configs).toEqual([{ targets: ['localhost:9464'] }])
})
