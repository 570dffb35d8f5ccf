import { type Check, exactly, told } from '../check.ts'
import { firstProblem, openStreams, scriptsOf } from '../crowd.ts'
import type { OpenStage } from '../stage.ts'

const STREAMS = 10
const GAP_SECONDS = 20

/** Streams that say something every 20 s, for so long. Comments fill the time between. */
export async function longStreams(open: OpenStage, minutes: number): Promise<Check[]> {
  const stage = await open()
  const events = Math.max(1, Math.floor((minutes * 60) / GAP_SECONDS))
  const scripts = scriptsOf(STREAMS, { events, gapMs: GAP_SECONDS * 1000, fault: null })
  const start = performance.now()
  const exchanges = await openStreams(stage.gateway.port, scripts)
  const outcomes = await Promise.all(exchanges.map(({ outcome }) => outcome))
  const lastedMs = performance.now() - start
  await stage.close()
  const wrong = outcomes.filter(({ isRight }) => !isRight)
  return [
    told('streams, and how long', `${STREAMS}, ${(lastedMs / 60_000).toFixed(1)} min`),
    exactly('streams that did not arrive whole, byte for byte', 0, wrong.length, firstProblem(wrong)),
  ]
}
