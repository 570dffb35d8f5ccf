// `bun bench/telemetry.ts`: what telemetry costs. Two gateways that differ in ENABLE_TELEMETRY alone take turns, so that
// whatever else the machine does falls on both; the ratio within each pair of rounds is the result.
import { parseArgs } from 'node:util'
import { LOAD_CORE, pinSelf } from './cores.ts'
import { startGateway, startUpstream } from './gateway.ts'
import { jsonChat, type Scenario, streamedChat } from './load.ts'
import { sample } from './measure.ts'
import { runFolder } from './run-folder.ts'
import { median } from './statistics.ts'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, seconds: { type: 'string', default: '0.6' } },
})

const folder = runFolder('telemetry')

pinSelf(LOAD_CORE)
const upstream = await startUpstream(folder)
const off = await startGateway(upstream, folder, { name: 'off', env: { ENABLE_TELEMETRY: 'false' } })
const on = await startGateway(upstream, folder, {
  name: 'on',
  env: { ENABLE_TELEMETRY: 'true', TELEMETRY_METRICS_PORT: '0' },
})
for (const scenario of [jsonChat, streamedChat]) await compare(scenario)
process.exit(0)

interface Pair {
  /** µs of CPU time for a request or an event. */
  readonly without: number
  readonly withIt: number
  readonly ratio: number
}

async function compare(scenario: Scenario): Promise<void> {
  const roundMs = Number(options.seconds) * 1000
  for (const server of [off, on]) await sample(server, scenario, roundMs)
  const pairs: Pair[] = []
  for (let round = 0; round < Number(options.rounds); round++) {
    // Whoever goes first finds the machine as the last pair has left it: they take turns in that too.
    const [first, second] = round % 2 === 0 ? [off, on] : [on, off]
    const samples = new Map([[first, await sample(first, scenario, roundMs)]])
    samples.set(second, await sample(second, scenario, roundMs))
    const [without = 0, withIt = 0] = [off, on].map((server) => samples.get(server)?.cpuMicrosecondsPerUnit)
    pairs.push({ without, withIt, ratio: withIt / without })
  }
  const ratios = pairs.map(({ ratio }) => ratio)
  const micros = (side: 'without' | 'withIt') => median(pairs.map((pair) => pair[side])).toFixed(1)
  const range = `${percent(Math.min(...ratios))} to ${percent(Math.max(...ratios))}`
  console.log(
    `${scenario.name}: ${micros('without')} µs off, ${micros('withIt')} µs on; telemetry costs ` +
      `${percent(median(ratios))} (${range})`,
  )
}

function percent(ratio: number): string {
  return `${((ratio - 1) * 100).toFixed(1)} %`
}
