import { afterAll, describe, test } from 'bun:test'
import { dialects } from './dialects.ts'
import { durations } from './durations.ts'
import { events } from './events.ts'
import type { Effort } from './fuzz.ts'
import { heads } from './heads.ts'
import { json } from './json.ts'
import { noProxy } from './no-proxy.ts'
import { numbers } from './numbers.ts'
import { pushed } from './pushed.ts'
import { targets } from './targets.ts'
import { tokens } from './tokens.ts'
import { closeWire, wire } from './wire.ts'

const suites = Object.entries({
  targets,
  wire,
  heads,
  json,
  tokens,
  durations,
  events,
  noProxy,
  dialects,
  numbers,
  pushed,
})
const total = suites.reduce((sum, [, suite]) => sum + suite.length, 0)

/** A seed that finds something within so many runs is added here; what took longer is kept as an example. */
const SEEDS = [1, 2, 3]
const RUNS = 100

/**
 * Runs of each property that take about a minute in all. They are counted, and not the seconds: a faster machine would go
 * deeper than any before it, and a change would be refused for what it has nothing to do with.
 */
const GATE_RUNS = 12_000

const { FUZZ_SEED, FUZZ_SECONDS = '0' } = process.env
const limitMs = (Number(FUZZ_SECONDS) * 1000) / total

/** By hand as deep as the seconds go, from a seed that is new; the gate's run is the same cases on every machine. */
function chosenEfforts(): readonly Effort[] {
  const seed = FUZZ_SEED === undefined ? (crypto.getRandomValues(new Int32Array(1))[0] ?? 0) : Number(FUZZ_SEED)
  if (limitMs > 0) return [{ seed, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: limitMs }]
  // A machine that is too slow for all of them tries the first ones.
  if (FUZZ_SEED !== undefined) return [{ seed, numRuns: GATE_RUNS, interruptAfterTimeLimit: 45_000 }]
  return SEEDS.map((kept) => ({ seed: kept, numRuns: RUNS }))
}

const efforts = chosenEfforts()
if (limitMs > 0 || FUZZ_SEED !== undefined) console.log(`${total} properties, seed ${efforts[0]?.seed}`)

afterAll(closeWire)

describe.each(suites)('%s', (_, suite) => {
  test.each(suite.map(({ behaviour, run }) => [behaviour, run] as const))(
    '%s',
    async (_, run) => {
      for (const effort of efforts) await run(effort)
    },
    60_000 + limitMs,
  )
})
