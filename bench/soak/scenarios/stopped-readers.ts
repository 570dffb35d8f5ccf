import { type Check, atMost, exactly, told, withinMs } from '../check.ts'
import { type Exchange, askOnce } from '../client.ts'
import { each, scriptsOf } from '../crowd.ts'
import { watchMemory } from '../memory-watch.ts'
import type { Script } from '../script.ts'
import { type OpenStage, type Stage, msUntil, providerCounts, residentMib } from '../stage.ts'

const WATCHED_MS = 8000
const LOOK_EVERY_MS = 100

/** Readers that stop after the first bytes, while the provider has no end of what to say. */
export async function stoppedReaders(open: OpenStage, readers: number): Promise<Check[]> {
  const stage = await open()
  await warmUp(stage)
  const startMib = residentMib(stage.gateway)
  const memory = watchMemory(stage.gateway)
  const scripts = scriptsOf(readers, { events: Number.POSITIVE_INFINITY, gapMs: 0, fault: null })
  const exchanges = await Promise.all(scripts.map((script) => stopAtOnce(stage, script)))
  const { flatMs, bytes } = await watchBytes(stage)
  memory.stop()
  const heldMib = residentMib(stage.gateway)
  const { open: held } = await providerCounts(stage)
  for (const exchange of exchanges) exchange.leave()
  const emptyMs = await msUntil(10_000, async () => (await providerCounts(stage)).open === 0)
  await stage.close()
  return [
    exactly('streams still held after 8 s', readers, held),
    withinMs('until the provider could not send another byte', 3000, flatMs),
    told('sent by then, kernel buffers included', `${(bytes / readers / 1024 ** 2).toFixed(1)} MiB a stream`),
    atMost('RSS, growth while they stand still', 64, heldMib - startMib, 'MiB'),
    told('RSS, growth while the buffers fill, peak', `${(memory.peakMib - startMib).toFixed(0)} MiB`),
    withinMs('until no connection to the provider is left', 5000, emptyMs),
  ]
}

/** A process that has just begun grows by its first requests, whatever they are. */
async function warmUp({ gateway }: Stage): Promise<void> {
  const scripts = scriptsOf(2000, { events: 20, gapMs: 5, fault: null })
  await each(scripts, 50, async (script) => void (await askOnce(gateway.port, script).outcome))
}

async function stopAtOnce({ gateway }: Stage, script: Script): Promise<Exchange> {
  const exchange = askOnce(gateway.port, script)
  await exchange.begun
  exchange.stopReading()
  return exchange
}

/** When the provider's counter changed for the last time, and what it was at the end. */
async function watchBytes(stage: Stage): Promise<{ readonly flatMs: number; readonly bytes: number }> {
  const start = performance.now()
  let bytes = 0
  let flatMs = 0
  while (performance.now() - start < WATCHED_MS) {
    const { endlessBytes } = await providerCounts(stage)
    if (endlessBytes !== bytes) flatMs = performance.now() - start
    bytes = endlessBytes
    await Bun.sleep(LOOK_EVERY_MS)
  }
  return { flatMs, bytes }
}
