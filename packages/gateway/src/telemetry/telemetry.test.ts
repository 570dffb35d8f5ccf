import { expect, test } from 'bun:test'
import { linesAfter } from '../../test/telemetry/page.ts'
import { anonymous } from '../kernel/caller.ts'
import type { ExchangeSummary, GatewayEvent } from '../kernel/events.ts'

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
    requested: model,
    provider: 'openai',
    model,
    alias: null,
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
  function* events(): Generator<GatewayEvent> {
    for (let index = 0; index < 100_000; index++) {
      yield { type: 'exchange.finished', summary: unlike(index) }
      yield { type: 'breaker', provider: 'openai', model: `model-${index}`, state: 'open', error: null }
    }
  }
  const lines = await linesAfter(events(), { knowsModel: (_, model) => model === 'model-7' })
  const series = lines.filter((line) => !line.includes('_bucket{'))
  expect(series.length).toBeLessThan(1000)
  expect(series.join('\n')).toContain('gen_ai_request_model="model-7"')
  expect(series.join('\n')).not.toMatch(/model-[^7]|(?:path|user|METHOD|code|theirs)-\d/)
})
