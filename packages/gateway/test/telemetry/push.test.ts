import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { decode, encode } from './otlp-collector.ts'
import { scrape } from './scrape.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway({ env: { ENABLE_TELEMETRY: 'true', TELEMETRY_METRICS_PUSH_ENABLED: 'true' } })
})
afterAll(() => gateway.close())

const text = (key: string, value: string) => ({ key, value: { stringValue: value } })

const requestWith = (metrics: readonly object[], source = 'agent') => ({
  resourceMetrics: [{ resource: { attributes: [text('service.name', source)] }, scopeMetrics: [{ metrics }] }],
})

const counter = (value: number, name = 'agent.steps', temporality = 2, labels = [text('kind', 'tool')]) => ({
  name,
  sum: {
    isMonotonic: true,
    aggregationTemporality: temporality,
    dataPoints: [{ asInt: String(value), attributes: labels }],
  },
})

const histogram = {
  name: 'agent.wait',
  unit: 's',
  histogram: {
    aggregationTemporality: 2,
    dataPoints: [{ count: '3', sum: 4.5, bucketCounts: ['1', '2'], explicitBounds: [1], attributes: [] }],
  },
}

const push = (body: BodyInit, headers: Readonly<Record<string, string>>) =>
  fetch(`${gateway.url}/v1/metrics`, { method: 'POST', body, headers })

const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF = { 'content-type': 'application/x-protobuf' }

async function gzip(bytes: Uint8Array<ArrayBuffer> | string): Promise<Uint8Array<ArrayBuffer>> {
  return new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))).bytes()
}

const forms: readonly [name: string, send: (request: object) => Promise<Response>][] = [
  ['JSON', (request) => push(JSON.stringify(request), JSON_TYPE)],
  ['protobuf', (request) => push(encode('ExportMetricsServiceRequest', { ...request }), PROTOBUF)],
  [
    'JSON in gzip',
    async (request) => push(await gzip(JSON.stringify(request)), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
  ],
  [
    'protobuf in gzip',
    async (request) =>
      push(await gzip(encode('ExportMetricsServiceRequest', { ...request })), {
        ...PROTOBUF,
        'content-encoding': 'gzip',
      }),
  ],
]

describe('what clients push is shown with its source', () => {
  test.each(forms)('as %s', async (name, send) => {
    const source = name.replaceAll(' ', '-')
    const gauge = { name: 'agent.load', gauge: { dataPoints: [{ asDouble: 0.5, attributes: [] }] } }
    const response = await send(requestWith([counter(4), histogram, gauge], source))
    expect(response.status).toBe(200)
    const scraped = await scrape(gateway)
    expect(scraped.value('agent_steps_total', { source, kind: 'tool' })).toBe(4)
    expect(scraped.value('agent_wait_seconds', { source })).toBe(4.5)
    expect(scraped.count('agent_wait_seconds', { source })).toBe(3)
    expect(scraped.value('agent_load', { source })).toBe(0.5)
    expect(scraped.typeOf('agent_steps_total')).toBe('COUNTER')
  })

  test('and what is told as a difference is added up', async () => {
    for (const value of [2, 3]) await push(JSON.stringify(requestWith([counter(value, 'agent.more', 1)])), JSON_TYPE)
    expect((await scrape(gateway)).value('agent_more_total')).toBe(5)
  })

  test('under a name of ours it stands beside ours', async () => {
    const usage = { ...histogram, name: 'gen_ai.client.token.usage', unit: '{token}' }
    await push(JSON.stringify(requestWith([usage])), JSON_TYPE)
    const scraped = await scrape(gateway)
    expect(scraped.value('gen_ai_client_token_usage', { source: 'agent' })).toBe(4.5)
    expect(scraped.text.match(/# TYPE gen_ai_client_token_usage /g)).toHaveLength(1)
  })
})

describe('what is refused', () => {
  test('is told: another kind under a known name, and what has no place here', async () => {
    const wrong = counter(1, 'gen_ai.client.token.usage')
    const summary = { name: 'agent.summary', summary: { dataPoints: [{}, {}] } }
    const request = requestWith([wrong, summary])
    const answer: unknown = await (await push(JSON.stringify(request), JSON_TYPE)).json()
    expect(answer).toMatchObject({ partialSuccess: { rejectedDataPoints: '3' } })
    const told = await (await push(encode('ExportMetricsServiceRequest', requestWith([wrong])), PROTOBUF)).bytes()
    expect(decode('ExportMetricsServiceResponse', told)).toMatchObject({ partialSuccess: { rejectedDataPoints: 1 } })
  })

  const bomb = () => gzip(new Uint8Array(64 * 1024 * 1024))
  test.each([
    ['over 4 MiB', async () => push(' '.repeat(4 * 1024 * 1024 + 1), JSON_TYPE), 413],
    ['little that becomes much', async () => push(await bomb(), { ...JSON_TYPE, 'content-encoding': 'gzip' }), 413],
    [
      'half of a gzip',
      async () => push((await gzip('{}')).slice(0, 12), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
      400,
    ],
    ['another encoding', async () => push('{}', { ...JSON_TYPE, 'content-encoding': 'br' }), 415],
    ['another type', async () => push('{}', { 'content-type': 'text/plain' }), 400],
    ['a type that every object has', async () => push('{}', { 'content-type': 'constructor' }), 400],
    ['no JSON', async () => push('{', JSON_TYPE), 400],
    ['no protobuf', async () => push(Uint8Array.from([0x0a, 0xff]), PROTOBUF), 400],
    ['protobuf without an end', async () => push(new Uint8Array(64).fill(0xff), PROTOBUF), 400],
  ] as const)('%s', async (_, send, status) => {
    expect((await send()).status).toBe(status)
  })

  test('is everything when nobody has switched it on', async () => {
    await using closed = await startGateway({ env: { ENABLE_TELEMETRY: 'true' } })
    const response = await fetch(`${closed.url}/v1/metrics`, { method: 'POST', body: '{}', headers: JSON_TYPE })
    expect(response.status).toBe(404)
  })
})

test('200,000 empty messages are read in a moment', async () => {
  const body = new Uint8Array(400_000).map((_, index) => (index % 2 === 0 ? 0x0a : 0)) // field 1, of no bytes
  expect((await push(body, PROTOBUF)).status).toBe(200)
})

test('thousands of names, labels and sources make a bounded number of series', async () => {
  const metrics = Array.from({ length: 2000 }, (_, index) =>
    counter(1, `flood.${index}`, 2, [text('user', `${index}`)]),
  )
  const answer: unknown = await (await push(JSON.stringify(requestWith(metrics)), JSON_TYPE)).json()
  expect(answer).toMatchObject({ partialSuccess: {} })
  expect((await scrape(gateway)).seriesCount).toBeLessThan(700)
})
