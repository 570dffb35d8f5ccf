import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/kernel/clock.ts'
import type { ExchangeSummary, Try } from '../../src/kernel/events.ts'
import { summaryOf } from '../support/summary.ts'
import { until } from '../support/wire.ts'
import { startCollector } from './otlp-collector.ts'
import { telemetryWith } from './page.ts'

const NONE = { metricsUrl: null, tracesUrl: null, metricsIntervalMs: 60_000 }
const trace = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: '00f067aa0ba902b7',
  parentSpanId: 'b7ad6b7169203331',
  isSampled: true,
  state: 'vendor=x',
}
const failed: Try = {
  provider: 'groq',
  model: 'm',
  status: 503,
  code: null,
  spanId: '0000000000000001',
  startMs: 100,
  durationMs: 200,
}
const answered: Try = {
  ...failed,
  provider: 'openai',
  model: 'n',
  status: 200,
  spanId: '0000000000000002',
  startMs: 400,
}
const usage = { input: 10, output: 5, total: 15, cached: 4, cacheWritten: 3, reasoning: 2 }
const content = { request: () => '{"messages":[{"role":"user","content":"Hi"}]}', answer: () => '' }

/** Some time; what lies near 1970 OpenTelemetry takes for a time since the start of the process. */
const NOW = 1_800_000_000_000

/** The spans of an exchange that took three seconds and was over now, in the order of their ids; times from its start. */
async function spansOf(changes: Partial<ExchangeSummary>, count: number) {
  await using collector = await startCollector()
  const time = { now: NOW }
  const clock = { ...systemClock, now: () => time.now }
  const telemetry = telemetryWith({ clock, otlp: { ...NONE, tracesUrl: `${collector.url}/v1/traces` } })
  const summary = summaryOf({ trace, durationMs: 3000, ...changes })
  telemetry.listen({ type: 'exchange.finished', summary })
  time.now += 99_000
  await telemetry.close()
  const spans = (await collector.spansUntil(count)).toSorted((one, other) => (one.spanId < other.spanId ? -1 : 1))
  const sinceStart = (ms: number) => Math.round(ms - NOW + 3000)
  return spans.map((span) =>
    Object.assign({}, span, { startMs: sinceStart(span.startMs), endMs: sinceStart(span.endMs) }),
  )
}

const tokens = {
  'gen_ai.usage.input_tokens': 10,
  'gen_ai.usage.output_tokens': 5,
  'gen_ai.usage.cache_read.input_tokens': 4,
  'gen_ai.usage.cache_creation.input_tokens': 3,
  'gen_ai.usage.reasoning.output_tokens': 2,
}

describe('an exchange', () => {
  test('is told with all its tries, and each with all that is known of it', async () => {
    const tries = [failed, answered]
    const spoken = { streamed: true, firstContentMs: 1500, usage, costUsd: 0.5, content }
    const ids = { traceId: trace.traceId, parentSpanId: trace.spanId, traceState: 'vendor=x' }
    expect(await spansOf({ tries, ...spoken }, 3)).toEqual([
      {
        ...ids,
        name: 'chat m',
        kind: 3,
        spanId: '0000000000000001',
        startMs: 100,
        endMs: 300,
        statusCode: 2,
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'groq',
          'gen_ai.request.model': 'm',
          'http.response.status_code': 503,
          'error.type': '503',
        },
      },
      {
        ...ids,
        name: 'chat n',
        kind: 3,
        spanId: '0000000000000002',
        startMs: 400,
        endMs: 3000,
        statusCode: 0,
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'n',
          'http.response.status_code': 200,
          'gen_ai.request.stream': true,
          'gen_ai.response.time_to_first_chunk': 1.1,
          'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
          ...tokens,
        },
      },
      {
        ...ids,
        name: 'POST /v1/chat/completions',
        kind: 2,
        spanId: trace.spanId,
        parentSpanId: trace.parentSpanId,
        startMs: 0,
        endMs: 3000,
        statusCode: 0,
        attributes: {
          'http.request.method': 'POST',
          'http.route': '/v1/chat/completions',
          'url.path': '/v1/chat/completions',
          'http.response.status_code': 200,
          'inference_gateway.request.id': 'id',
          'inference_gateway.attempts': 2,
          'inference_gateway.time_to_first_token': 1.5,
          'inference_gateway.cost_usd': 0.5,
          ...tokens,
        },
      },
    ])
  })

  test.each([
    ['that the client got wrong is no failure of ours', { status: 404, code: 'route_not_found' }, 0],
    ['that nobody answered is one', { status: 502, code: 'dns_error' }, 2],
    ['whose stream broke is one', { status: 200, outcome: 'failed', code: 'connection_terminated' }, 2],
  ] as const)('%s', async (_, changes, statusCode) => {
    const [request] = await spansOf({ ...changes }, 1)
    expect(request).toMatchObject({ statusCode, attributes: { 'error.type': changes.code } })
  })

  test('with a try that failed in a way of its own names it', async () => {
    const [attempt] = await spansOf({ tries: [{ ...failed, status: null, code: 'dns_error' }] }, 2)
    expect(attempt).toMatchObject({ endMs: 300, statusCode: 2, attributes: { 'error.type': 'dns_error' } })
  })

  test('of an endless path tells its beginning', async () => {
    const path = '/endless'.repeat(40) // none that is said in other tests, as a row of x is
    const [request] = await spansOf({ route: '/proxy/{provider}/{path}', path }, 1)
    expect(request?.attributes['url.path']).toBe('/endless'.repeat(25))
  })
})

test('spans that the collector has taken make room for others', async () => {
  await using collector = await startCollector()
  const telemetry = telemetryWith({ otlp: { ...NONE, tracesUrl: `${collector.url}/v1/traces` } })
  const batch = 512 // of which the queue has room for four, and the exporter sends each when it is full
  for (let sent = batch; sent <= 6 * batch; sent += batch) {
    for (let index = 0; index < batch; index++)
      telemetry.listen({ type: 'exchange.finished', summary: summaryOf({ trace }) })
    await until(() => collector.spans.length === sent)
  }
  expect(await telemetry.scrape()).toContain('inference_gateway_telemetry_dropped_total{sink="traces"} 0')
  await telemetry.close()
})

test('what came just before the end is pushed all the same', async () => {
  await using collector = await startCollector()
  const telemetry = telemetryWith({ otlp: { ...NONE, metricsUrl: `${collector.url}/v1/metrics` } })
  telemetry.listen({ type: 'exchange.finished', summary: summaryOf({}) })
  await telemetry.close()
  await until(() => collector.metricNames.has('http.server.request.duration'))
})
