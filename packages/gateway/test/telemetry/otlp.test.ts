import { describe, expect, test } from 'bun:test'
import { metrics } from '../../src/telemetry/metric-table.ts'
import { startGateway } from '../support/gateway.ts'
import { json, startScriptedProvider, stream } from '../support/scripted-provider.ts'
import { until } from '../support/wire.ts'
import { startCollector } from './otlp-collector.ts'
import { scrape } from './scrape.ts'

const SERVER = 2
const CLIENT = 3
const secret = 'what was asked'
const body = JSON.stringify({ model: 'openai/gpt-4o', messages: [{ role: 'user', content: secret }] })
const answered = json({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } })

async function scene(env: Readonly<Record<string, string>> = {}, collects = true) {
  const provider = await startScriptedProvider(answered)
  const other = await startScriptedProvider(answered)
  const collector = await startCollector({ answers: collects })
  const gateway = await startGateway({
    providers: { openai: provider.origin, groq: other.origin },
    env: { ENABLE_TELEMETRY: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
  })
  return {
    provider,
    collector,
    gateway,
    ask: (headers: Readonly<Record<string, string>> = {}, sent = body) =>
      fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body: sent, headers }),
    async [Symbol.asyncDispose]() {
      await collector.close()
      await gateway.close()
      await provider.close()
      await other.close()
    },
  }
}

describe('spans', () => {
  test('go on with the trace of the client, and the provider is told of its own', async () => {
    await using stage = await scene()
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`
    await (await stage.ask({ traceparent, tracestate: 'vendor=x' })).text()
    await stage.gateway.close()
    const [request, attempt] = (await stage.collector.spansUntil(2)).toSorted((one, other) => one.kind - other.kind)
    expect(request).toMatchObject({ kind: SERVER, traceId, parentSpanId: 'b7ad6b7169203331', statusCode: 0 })
    expect(request?.name).toBe('POST /v1/chat/completions')
    expect(attempt).toMatchObject({ kind: CLIENT, traceId, parentSpanId: request?.spanId, name: 'chat gpt-4o' })
    expect(attempt?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 2,
    })
    const sent = stage.provider.requests[0]
    expect(sent?.header('traceparent')).toBe(`00-${traceId}-${attempt?.spanId}-01`)
    expect(sent?.header('tracestate')).toBe('vendor=x')
    expect(stage.collector.received()).not.toContain(secret)
  })

  test('tell of every try, and of the first token of a stream', async () => {
    await using stage = await scene()
    const delta = `data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n`
    stage.provider.play(json({ error: { message: secret } }, 503))
    await (await stage.ask({ 'x-gateway-fallback': 'groq/llama' })).text()
    stage.provider.play(stream([delta, 'data: [DONE]\n\n']))
    await (await stage.ask({}, body.replace('{', '{"stream":true,'))).text()
    await stage.gateway.close()
    const spans = await stage.collector.spansUntil(5)
    const failed = spans.find(({ attributes }) => attributes['error.type'] === '503')
    expect(failed).toMatchObject({ statusCode: 2, attributes: { 'gen_ai.provider.name': 'openai' } })
    const fallback = spans.find(({ attributes }) => attributes['gen_ai.provider.name'] === 'groq')
    expect(fallback?.parentSpanId).toBe(failed?.parentSpanId ?? '')
    expect(fallback?.startMs).toBeGreaterThanOrEqual(failed?.startMs ?? Number.NaN)
    const streamed = spans.find(({ attributes }) => attributes['gen_ai.request.stream'] === true)
    expect(streamed?.attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0)
    expect(stage.collector.received()).not.toContain(secret)
  })

  test('are not written for a trace that the client does not record, and it goes on all the same', async () => {
    await using stage = await scene()
    await (await stage.ask({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' })).text()
    await stage.gateway.close()
    expect(stage.collector.spans).toEqual([])
    expect(stage.provider.requests[0]?.header('traceparent')).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-\w{16}-00$/)
  })

  const recording = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const none = recording.replace(/01$/, '00')
  test.each([
    ['parentbased_traceidratio', '0', '', 0],
    ['parentbased_traceidratio', '0', recording, 2],
    ['parentbased_traceidratio', '1', none, 0],
    ['parentbased_always_on', '0', '', 2],
    ['parentbased_always_off', '1', '', 0],
    ['traceidratio', '0', recording, 0],
    ['always_on', '0', none, 2],
    ['always_off', '1', recording, 0],
  ])('are written as %s with %p says, for a client that says %p', async (sampler, ratio, traceparent, count) => {
    await using stage = await scene({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio })
    await (await stage.ask(traceparent === '' ? {} : { traceparent })).text()
    await stage.gateway.close()
    expect(stage.collector.spans).toHaveLength(count)
  })

  test.each([
    'nonsense',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    recording.toUpperCase(),
  ])('begin a trace of their own where the client sends %s', async (traceparent) => {
    await using stage = await scene()
    await (await stage.ask({ traceparent, tracestate: 'vendor=x' })).text()
    await stage.gateway.close()
    const request = stage.collector.spans.find(({ kind }) => kind === SERVER)
    expect(request?.parentSpanId).toBe('')
    expect(request?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/)
    expect(request?.traceId).not.toBe('0af7651916cd43dd8448eb211c80319c')
    expect(stage.provider.requests[0]?.header('tracestate')).toBeUndefined()
  })
})

test('without a collector the trace of the client passes as it came', async () => {
  await using provider = await startScriptedProvider(answered)
  await using gateway = await startGateway({ providers: { openai: provider.origin } })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body, headers: { traceparent } })
  expect(provider.requests[0]?.header('traceparent')).toBe(traceparent)
})

describe("OpenTelemetry's variables", () => {
  test('say who reports', async () => {
    await using stage = await scene({
      OTEL_SERVICE_NAME: 'told-name',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=lesser-name,deployment.environment.name=pro%64uction',
    })
    await (await stage.ask()).text()
    await stage.gateway.close()
    const received = stage.collector.received()
    for (const told of ['told-name', 'deployment.environment.name', 'production']) expect(received).toContain(told)
    expect(received).not.toContain('lesser-name')
  })

  test('switch everything off', async () => {
    await using stage = await scene({ OTEL_SDK_DISABLED: 'true' })
    expect((await stage.ask()).status).toBe(200)
    await stage.gateway.close()
    expect(stage.collector.requests).toEqual([])
  })

  test('say where each signal goes, how it is packed, and with which headers', async () => {
    const told = { OTEL_EXPORTER_OTLP_HEADERS: 'api-key=of%20mine', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }
    Object.assign(process.env, told)
    await using elsewhere = await startCollector()
    await using stage = await scene({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${elsewhere.url}/own/path` })
    for (const name of Object.keys(told)) delete process.env[name]
    await (await stage.ask()).text()
    await stage.gateway.close()
    expect(stage.collector.requests.map(({ path }) => path)).toEqual(['/v1/metrics'])
    expect(elsewhere.requests.map(({ path }) => path)).toEqual(['/own/path'])
    for (const { headers } of [...stage.collector.requests, ...elsewhere.requests])
      expect(headers).toMatchObject({ 'api-key': 'of mine', 'content-encoding': 'gzip' })
  })
})

test('metrics are pushed under the names of the table', async () => {
  await using stage = await scene({ OTEL_METRIC_EXPORT_INTERVAL: '50' })
  await (await stage.ask()).text()
  await until(() => stage.collector.metricNames.has('gen_ai.client.token.usage'))
  const known = new Set<string>(Object.values(metrics).map(({ name }) => name))
  expect([...stage.collector.metricNames].filter((name) => !known.has(name))).toEqual([])
})

describe('pushed histograms', () => {
  const TOKENS = 'gen_ai.client.token.usage'

  async function pushesOf(preference: string) {
    process.env['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'] = preference
    await using stage = await scene({ OTEL_METRIC_EXPORT_INTERVAL: '50' })
    delete process.env['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE']
    await (await stage.ask()).text()
    await until(() => stage.collector.pushesOf(TOKENS).length > 0)
    await (await stage.ask()).text()
    await (await stage.ask()).text()
    await stage.gateway.close()
    return stage.collector.pushesOf(TOKENS)
  }

  // Input: 7 tokens. Output: 2.
  const buckets = (requests: number) => [0, requests, requests, ...Array.from({ length: 12 }, () => 0)]

  test('tell of all since the start', async () => {
    const pushes = await pushesOf('cumulative')
    expect(pushes[0]).toEqual({ isDelta: false, count: 2, sum: 9, buckets: buckets(1) })
    expect(pushes.at(-1)).toEqual({ isDelta: false, count: 6, sum: 27, buckets: buckets(3) })
  })

  test('tell of what came since the push before, for a collector that wants it so', async () => {
    const pushes = await pushesOf('delta')
    expect(pushes[0]).toEqual({ isDelta: true, count: 2, sum: 9, buckets: buckets(1) })
    const further = pushes.slice(1)
    const added = (figures: readonly number[]) => figures.reduce((sum, figure) => sum + figure, 0)
    expect(further.every(({ isDelta, count }) => isDelta && count > 0)).toBe(true)
    expect(added(further.map(({ count }) => count))).toBe(4)
    expect(added(further.map(({ sum }) => sum))).toBe(18)
    expect(buckets(2).map((_, index) => added(further.map(({ buckets }) => buckets[index] ?? 0)))).toEqual(buckets(2))
  })
})

describe('a collector', () => {
  test('that is dead fails no request, and what it misses is counted', async () => {
    // Tries again are given up after that.
    process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '500'
    await using stage = await scene({
      OTEL_METRIC_EXPORT_INTERVAL: '50',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    })
    delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT']
    for (let index = 0; index < 20; index++) expect((await stage.ask()).status).toBe(200)
    const dropped = async () =>
      (await scrape(stage.gateway)).value('inference_gateway_telemetry_dropped_total', { sink: 'metrics' })
    let lost = 0
    while (lost === 0) lost = await dropped()
    expect(lost).toBeGreaterThan(0)
  })

  test('that never answers slows none, fills no memory, and what it misses is counted', async () => {
    await using stage = await scene({}, false)
    for (let round = 0; round < 30; round++)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const response = await stage.ask()
          expect(response.status).toBe(200)
          await response.text()
        }),
      )
    const scraped = await scrape(stage.gateway)
    expect(scraped.value('inference_gateway_telemetry_dropped_total', { sink: 'traces' })).toBeGreaterThan(100)
  })
})
