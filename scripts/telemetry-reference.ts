import { priceTable, pricesAsOf } from '../packages/gateway/src/kernel/price-table.ts'
import { events, requestLine } from '../packages/gateway/src/telemetry/event-table.ts'
import type { Metric } from '../packages/gateway/src/telemetry/metric.ts'
import { metricGroups } from '../packages/gateway/src/telemetry/metric-table.ts'
import { code, page, paragraph, table } from './markdown.ts'

function metricRow({ name, prometheus, kind, unit, about, labels }: Metric): readonly string[] {
  const names = name === prometheus ? code(prometheus) : `${code(prometheus)}<br>${code(name)}`
  const written = labels.map((label) => code(label.replaceAll('.', '_'))).join(', ')
  return [names, `${kind}, ${code(unit)}`, written, about]
}

/** docs/reference/metrics.md */
export function metricsPage(): string {
  const amount = (value: number | undefined): string => (value === undefined ? '' : String(value))
  return page(
    'Metrics',
    paragraph(
      'With `ENABLE_TELEMETRY=true` these stand at `/metrics` on `TELEMETRY_METRICS_PORT`, as Prometheus text, and are',
      'pushed over OTLP where `OTEL_EXPORTER_OTLP_ENDPOINT` is set. The first name is that of Prometheus, the second that',
      'of OpenTelemetry. Label values come from the configuration and from the tables of this reference; everything else',
      'is `other`, a provider’s status nobody knows is `4xx` or `5xx`. At most 100 models have a label of their own.',
    ),
    ...metricGroups.flatMap(({ title, metrics }) => [
      `## ${title}`,
      table(['metric', 'kind, unit', 'labels', 'what it says'], Object.values(metrics).map(metricRow)),
    ]),
    '## Pushed by clients',
    paragraph(
      'What clients push to `POST /v1/metrics` (`TELEMETRY_METRICS_PUSH_ENABLED=true`) has the label `source`, their',
      '`service.name`. Under a name of this page it stands beside the gateway’s own, which has no `source`. At most 500',
      'series are kept.',
    ),
    '## Prices',
    paragraph(
      `US dollars for a million tokens, as the providers listed them by ${pricesAsOf} (the table in the source names each page). A snapshot of a model costs what the`,
      'model costs. A file of your own (`PRICES_PATH`) wins; a model in neither has no price.',
    ),
    table(
      ['model', 'input', 'output', 'cached input', 'written to the cache', 'for an hour'],
      Object.entries(priceTable).map(([model, price]) =>
        [code(model)].concat(
          [price?.input, price?.output, price?.cachedInput, price?.cacheWrite, price?.cacheWriteHour].map(amount),
        ),
      ),
    ),
  )
}

/** docs/reference/events.md */
export function eventsPage(): string {
  return page(
    'Events and the log',
    paragraph(
      'The gateway tells what happens as events; log, metrics and traces listen. Whoever embeds `createGateway` hears them',
      'through `emit`. Their members are the types of `kernel/events.ts`.',
    ),
    table(
      ['event', 'when it is told'],
      Object.entries(events).map(([type, about]) => [code(type), about]),
    ),
    '## A line in the log',
    paragraph(
      'With `LOG_FORMAT=json` every request is one line of JSON, except on `/health` and `/ready`. What has no value is',
      'left out.',
    ),
    table(
      ['member', 'what it says'],
      Object.entries(requestLine).map(([name, about]) => [code(name), about]),
    ),
  )
}
