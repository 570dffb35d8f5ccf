import { systemClock } from '../../src/kernel/clock.ts'
import type { GatewayEvent } from '../../src/kernel/events.ts'
import { createTelemetry } from '../../src/telemetry/telemetry.ts'

interface PageOptions {
  readonly knowsModel?: (provider: string, model: string) => boolean
}

/** What `/metrics` shows after these events, line by line, without the comments. */
export async function linesAfter(
  events: Iterable<GatewayEvent>,
  { knowsModel = () => true }: PageOptions = {},
): Promise<readonly string[]> {
  const telemetry = createTelemetry({
    name: 'test',
    version: '0.0.0',
    clock: systemClock,
    otlp: { metricsUrl: null, tracesUrl: null, metricsIntervalMs: 60_000 },
    resource: {},
    sampling: { ratio: 0, heedsClient: false },
    authEnabled: false,
    knowsModel,
    connections: () => ({ busy: 3, idle: 2 }),
    droppedLines: () => 7,
    sinkChanged: () => {},
  })
  for (const event of events) telemetry.listen(event)
  const page = await telemetry.scrape()
  await telemetry.close()
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}
