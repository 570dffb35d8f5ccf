// `npm run soak`: what the gateway has to bear for a long time, measured on loopback. Prints one table; fails on what is
// wrong, not on what was slow: a busy machine must not look like a defect.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { LOAD_CORE, canPin, pinSelf } from './cores.ts'
import { runFolder } from './run-folder.ts'
import { type Check, type Finding, isSound, table } from './soak/check.ts'
import { churn } from './soak/scenarios/churn.ts'
import { heldStreams } from './soak/scenarios/held-streams.ts'
import { longStreams } from './soak/scenarios/long-stream.ts'
import { massLeave } from './soak/scenarios/mass-leave.ts'
import { mixed } from './soak/scenarios/mixed.ts'
import { rollingRestart } from './soak/scenarios/rolling-restart.ts'
import { stoppedReaders } from './soak/scenarios/stopped-readers.ts'
import { type OpenStage, openStage } from './soak/stage.ts'

interface Scenario {
  readonly letter: string
  readonly name: string
  /** Files, sockets included, that the busiest process needs at once: the gateway has two sockets for a stream. */
  readonly files: number
  readonly run: () => Promise<Check[]>
}

const USAGE = `npm run soak -- [--only a,c] [--full] [--minutes N] [--streams N]
  --only     these scenarios only, by their letters; h runs only when named, or with --full
  --full     the long run, more than two hours: a 10 minutes, e 100,000 streams, f and h 60 minutes
  --minutes  how long a, f and h take (a 1, f 0.7, h 1)
  --streams  how many streams e has (10000)`

const folder = runFolder('soak')

try {
  process.exit((await soak()) ? 0 : 1)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

async function soak(): Promise<boolean> {
  const chosen = choose()
  requireFiles(chosen)
  pinSelf(LOAD_CORE)
  const findings: Finding[] = []
  for (const { letter, name, run } of chosen) {
    console.error(`${letter}: ${name} …`)
    findings.push({ name: `${letter}: ${name}`, checks: await run() })
  }
  const pinning = canPin ? 'load on one core, gateway on another' : 'NOT PINNED: no taskset, or a single core'
  console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, ${pinning}; Bun ${Bun.version}\n`)
  console.log(table(findings))
  return isSound(findings)
}

/** What the command line asks for. Throws with the usage when it cannot be understood. */
function choose(): Scenario[] {
  const { only, full, minutes, streams } = options()
  const long = full ? { held: 10, mixed: 60, long: 60 } : { held: 1, mixed: 0.7, long: 1 }
  const open: OpenStage = (env) => openStage(folder, env)
  const all = scenarios(open, {
    heldMinutes: minutes ?? long.held,
    mixedMinutes: minutes ?? long.mixed,
    longMinutes: minutes ?? long.long,
    churnStreams: streams ?? (full ? 100_000 : 10_000),
  })
  const letters = only ?? all.map(({ letter }) => letter).filter((letter) => full || letter !== 'h')
  return letters.map((letter) => {
    const scenario = all.find((one) => one.letter === letter)
    if (scenario === undefined) throw new Error(`There is no scenario ${letter}.\n${USAGE}`)
    return scenario
  })
}

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      full: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      streams: { type: 'string' },
    },
  })
  const number = (name: 'minutes' | 'streams'): number | null => {
    const text = values[name]
    if (text === undefined) return null
    const value = Number(text)
    if (!(value > 0)) throw new Error(`--${name} ${text}: expected a number above 0\n${USAGE}`)
    return value
  }
  return {
    only: values.only?.split(',') ?? null,
    full: values.full,
    minutes: number('minutes'),
    streams: number('streams'),
  }
}

interface Sizes {
  readonly heldMinutes: number
  readonly mixedMinutes: number
  readonly longMinutes: number
  readonly churnStreams: number
}

function scenarios(open: OpenStage, { heldMinutes, mixedMinutes, longMinutes, churnStreams }: Sizes): Scenario[] {
  const few = { streams: 1000, seconds: heldMinutes * 60, barMib: 120 }
  const many = { streams: 4000, seconds: 20, barMib: 220 }
  const named = (letter: string, name: string, streams: number, run: Scenario['run']): Scenario => ({
    letter,
    name,
    files: 2 * streams + 200,
    run,
  })
  return [
    named('a', '1,000 streams, one event a second', 1000, () => heldStreams(open, few)),
    named('b', '4,000 streams at once', 4000, () => heldStreams(open, many)),
    named('c', '4,000 clients leave at once', 4000, () => massLeave(open, 4000)),
    named('d', '50 readers stop, endless provider', 50, () => stoppedReaders(open, 50)),
    named('e', 'churn, 30 % of the clients leave', 200, () => churn(open, churnStreams)),
    named('f', 'mixed traffic, 5 % faults', 64, () => mixed(open, mixedMinutes * 60)),
    named('g', 'two gateways, 10 rolling restarts', 100, () => rollingRestart(folder, 10)),
    named('h', 'streams that talk every 20 s', 10, () => longStreams(open, longMinutes)),
  ]
}

/** A process that runs out of files refuses connections, which would look like the gateway's fault. */
function requireFiles(chosen: readonly Scenario[]): void {
  const needed = Math.max(...chosen.map(({ files }) => files))
  // The runtime raises its own limit to the hard one, and so do the processes that it starts.
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  if (hard === undefined || hard === 'unlimited' || Number(hard) >= needed) return
  throw new Error(
    `This needs ${needed} open files in one process, and ${hard} are allowed. Raise the limit ("ulimit -n ${needed}", as ` +
      'root where the hard limit is lower), or name other scenarios than b and c: npm run soak -- --only a,d,e,f,g',
  )
}
