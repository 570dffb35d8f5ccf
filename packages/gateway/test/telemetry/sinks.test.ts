import { expect, test } from 'bun:test'
import { createServer } from 'node:http'
import { summaryOf } from '../support/summary.ts'
import { until } from '../support/wire.ts'
import { telemetryWith } from './page.ts'

const trace = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: '00f067aa0ba902b7',
  parentSpanId: null,
  isSampled: true,
  state: null,
}
const BATCH = 512 // the exporter sends it when it is full

test('what a collector refuses is counted, and told once until it takes something again', async () => {
  const answer = { status: 400 } // a status after which the exporter does not try again
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(answer.status).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const tracesUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1/traces`
  const changes: string[] = []
  const telemetry = telemetryWith({
    otlp: { metricsUrl: null, tracesUrl, metricsIntervalMs: 60_000 },
    sinkChanged: (sink, error) => void changes.push(`${sink} ${error === null ? 'takes' : 'refuses'}`),
  })
  let sent = 0
  const dropped = async () =>
    Number(/dropped_total\{sink="traces"\} (\d+)/.exec(await telemetry.scrape())?.[1] ?? Number.NaN)
  const answered = () =>
    new Promise<void>((resolve) => server.once('request', (_, reply) => reply.on('close', resolve)))
  async function send(): Promise<void> {
    const over = answered()
    for (let index = 0; index < BATCH; index++)
      telemetry.listen({ type: 'exchange.finished', summary: summaryOf({ trace }) })
    await telemetry.scrape()
    await over
    sent += BATCH
  }
  await send()
  await send()
  while ((await dropped()) < sent) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(changes).toEqual(['traces refuses'])
  answer.status = 200
  await send()
  await send()
  await until(() => changes.length > 1)
  expect(changes).toEqual(['traces refuses', 'traces takes'])
  expect(await dropped()).toBe(2 * BATCH)
  await telemetry.close()
  server.closeAllConnections()
  server.close()
})
