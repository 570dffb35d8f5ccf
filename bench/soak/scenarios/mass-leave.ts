import { type Check, exactly, withinMs } from '../check.ts'
import { openStreams, scriptsOf } from '../crowd.ts'
import { startPulse } from '../pulse.ts'
import { type OpenStage, msUntil, providerCounts } from '../stage.ts'

/** All clients leave in the middle of their streams, in the same moment. */
export async function massLeave(open: OpenStage, streams: number): Promise<Check[]> {
  const stage = await open()
  const exchanges = await openStreams(stage.gateway.port, scriptsOf(streams, { events: 600, gapMs: 1000, fault: null }))
  const { open: atOnce } = await providerCounts(stage)
  const calm = startPulse(stage.gateway.port)
  await Bun.sleep(2000)
  const calmMs = await calm.stop()
  const pulse = startPulse(stage.gateway.port)
  await Bun.sleep(200)
  for (const exchange of exchanges) exchange.leave()
  const emptyMs = await msUntil(10_000, async () => (await providerCounts(stage)).open === 0)
  const stallMs = await pulse.stop()
  await stage.close()
  return [
    exactly('streams at once', streams, atOnce),
    withinMs('longest `/health`, while they leave', 500, stallMs),
    withinMs('longest `/health`, while they stream', 500, calmMs),
    withinMs('until no connection to the provider is left', 5000, emptyMs),
  ]
}
