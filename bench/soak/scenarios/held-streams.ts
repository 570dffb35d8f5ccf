import { type Check, atMost, exactly, told } from '../check.ts'
import { firstProblem, openStreams, scriptsOf } from '../crowd.ts'
import { watchMemory } from '../memory-watch.ts'
import { type OpenStage, providerCounts, residentMib } from '../stage.ts'

interface HeldStreams {
  readonly streams: number
  /** How long each stream talks, an event a second. */
  readonly seconds: number
  readonly barMib: number
}

/** So many streams at once, one event a second each. */
export async function heldStreams(open: OpenStage, { streams, seconds, barMib }: HeldStreams): Promise<Check[]> {
  const stage = await open()
  const startMib = residentMib(stage.gateway)
  const memory = watchMemory(stage.gateway)
  const exchanges = await openStreams(
    stage.gateway.port,
    scriptsOf(streams, { events: seconds, gapMs: 1000, fault: null }),
  )
  const { open: atOnce } = await providerCounts(stage)
  const outcomes = await Promise.all(exchanges.map(({ outcome }) => outcome))
  memory.stop()
  await stage.close()
  const wrong = outcomes.filter(({ isRight }) => !isRight)
  return [
    exactly('streams at once', streams, atOnce),
    exactly('streams that did not arrive whole, byte for byte', 0, wrong.length, firstProblem(wrong)),
    atMost('RSS, peak', barMib, memory.peakMib, 'MiB'),
    told('RSS before the first request', `${startMib.toFixed(0)} MiB`),
  ]
}
