import { expect, test } from 'bun:test'
import { anonymous } from '../kernel/caller.ts'
import { systemClock } from '../kernel/clock.ts'
import type { ExchangeSummary } from '../kernel/events.ts'
import { createTelemetry } from './telemetry.ts'

/** An exchange of which nothing is like it was in any other. */
function unlike(index: number): ExchangeSummary {
  const model = `model-${index}`
  const tried = {
    provider: 'openai',
    model,
    status: 404,
    code: `code-${index}`,
    spanId: null,
    startMs: 0,
    durationMs: 1,
  }
  return {
    id: `id-${index}`,
    route: '/proxy/{provider}/{path}',
    method: `METHOD-${index}`,
    path: `/proxy/openai/path-${index}`,
    status: 200 + (index % 800),
    code: `code-${index}`,
    outcome: 'failed',
    durationMs: 2,
    gatewayMs: 1,
    waitedMs: 0,
    caller: { ...anonymous, id: `user-${index}` },
    provider: 'openai',
    model,
    upstreamRequestId: `theirs-${index}`,
    tries: [tried, { ...tried, model: `other-${index}` }],
    usage: { input: 3, output: 2, total: 5, cached: 1, reasoning: 1 },
    costUsd: 1,
    trace: null,
    upstreamMs: 1,
    firstContentMs: 1,
    streamed: true,
    content: null,
    error: null,
  }
}

test('100,000 models, paths, callers, methods and codes make fewer than 1,000 series', async () => {
  const telemetry = createTelemetry({
    name: 'test',
    version: '0.0.0',
    clock: systemClock,
    otlp: { metricsUrl: null, tracesUrl: null, metricsIntervalMs: 60_000 },
    resource: {},
    sampling: { ratio: 0, heedsClient: false },
    authEnabled: false,
    knowsModel: (_, model) => model === 'model-7',
    connections: () => ({ busy: 0, idle: 0 }),
    droppedLines: () => 0,
    sinkChanged: () => {},
  })
  for (let index = 0; index < 100_000; index++) {
    telemetry.listen({ type: 'exchange.finished', summary: unlike(index) })
    telemetry.listen({ type: 'breaker', provider: 'openai', model: `model-${index}`, state: 'open' })
  }
  const series = (await telemetry.scrape()).split('\n').filter((line) => line !== '' && !/^#|_bucket\{/.test(line))
  expect(series.length).toBeLessThan(1000)
  expect(series.join('\n')).toContain('gen_ai_request_model="model-7"')
  expect(series.join('\n')).not.toMatch(/model-[^7]|(?:path|user|METHOD|code|theirs)-\d/)
  await telemetry.close()
}, 30_000)
