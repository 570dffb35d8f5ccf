import { afterAll, describe, test } from 'bun:test'
import { dialects } from './dialects.ts'
import { durations } from './durations.ts'
import { events } from './events.ts'
import { heads } from './heads.ts'
import { json } from './json.ts'
import { noProxy } from './no-proxy.ts'
import { targets } from './targets.ts'
import { tokens } from './tokens.ts'
import { closeWire, wire } from './wire.ts'

/** A seed that finds something within so many runs is added here; what took longer is kept as an example. */
const SEEDS = [1, 2, 3]
const RUNS = 100

/** How long all of them are tried in all, from another seed each time; without it, the kept seeds are. */
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? '0')

const suites = Object.entries({ targets, wire, heads, json, tokens, durations, events, noProxy, dialects })
const total = suites.reduce((sum, [, suite]) => sum + suite.length, 0)

const limit = SECONDS > 0 ? (SECONDS * 1000) / total : 0
const random = crypto.getRandomValues(new Int32Array(1))[0] ?? 0
if (limit > 0) console.log(`${total} properties for ${SECONDS} s in all, seed ${random}`)

afterAll(closeWire)

describe.each(suites)('%s', (_, suite) => {
  test.each(suite.map(({ behaviour, run }) => [behaviour, run] as const))(
    '%s',
    async (_, run) => {
      if (limit > 0) await run({ seed: random, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: limit })
      else for (const seed of SEEDS) await run({ seed, numRuns: RUNS })
    },
    20_000 + limit,
  )
})
