import { systemClock } from '../../src/kernel/clock.ts'
import type { GatewayEvent } from '../../src/kernel/events.ts'
import { createTelemetry, type Telemetry, type TelemetryOptions } from '../../src/telemetry/telemetry.ts'

/** Telemetry that nothing is pushed from, but for these options. */
export const telemetryWith = (options: Partial<TelemetryOptions>): Telemetry =>
  createTelemetry({
    name: 'test',
    version: '0.0.0',
    clock: systemClock,
    otlp: { metricsUrl: null, tracesUrl: null, metricsIntervalMs: 60_000 },
    resource: {},
    sampling: { ratio: 1, heedsClient: true },
    authEnabled: false,
    knowsModel: () => true,
    connections: () => ({ busy: 3, idle: 2 }),
    droppedLines: () => 7,
    sinkChanged: () => {},
    ...options,
  })

/** What `/metrics` shows after these events, line by line, without the comments. */
export async function linesAfter(
  events: Iterable<GatewayEvent>,
  options: Partial<TelemetryOptions> = {},
): Promise<readonly string[]> {
  const telemetry = telemetryWith(options)
  for (const event of events) telemetry.listen(event)
  const page = await telemetry.scrape()
  await telemetry.close()
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}
