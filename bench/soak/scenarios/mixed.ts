import { type Check, atMost, exactly, told, withinMs } from '../check.ts'
import { type Outcome, createClient } from '../client.ts'
import { firstProblem, randomNumbers } from '../crowd.ts'
import { watchMemory } from '../memory-watch.ts'
import { FAULTS, type Fault, type Script } from '../script.ts'
import { type OpenStage, type Stage, msUntil, providerCounts } from '../stage.ts'

const CLIENTS = 64
const STREAMED = 0.5
const FAULTY = 0.05
const LEAVING = 0.1
const STREAM = { events: 20, gapMs: 20 }
const JSON_ANSWER = { events: 0, gapMs: 20 }
const LONGEST_STAY_BYTES = 4000

/** A stall shall be noticed within a test's patience; a busy machine shall not look like one. */
const ENVIRONMENT = {
  CLIENT_STREAM_IDLE_TIMEOUT: '5s',
  CLIENT_RESPONSE_HEADER_TIMEOUT: '5s',
  CLIENT_IDLE_CONN_TIMEOUT: '1s',
}

/** What a client must be told of each fault: the status, and the code of the error body or error event. */
const EXPECTED: Readonly<Record<Fault, { readonly streamed: string; readonly whole: string }>> = {
  reset: { streamed: 'whole 502 connection_terminated', whole: 'whole 502 connection_terminated' },
  cut: { streamed: 'broken 200 http_response_incomplete', whole: 'whole 502 http_response_incomplete' },
  status: { streamed: 'whole 500 server_error', whole: 'whole 500 server_error' },
  stall: { streamed: 'broken 200 http_response_timeout', whole: 'whole 504 http_response_timeout' },
  junk: { streamed: 'broken 200 http_response_incomplete', whole: 'whole 502 http_protocol_error' },
}

interface Tally {
  requests: number
  faults: number
  left: number
  /** Outcomes that tell of an error. */
  errors: number
  /** Errors without a fault, faults without their error. */
  readonly wrong: Outcome[]
  /** Streams that broke as they had to, but without the event that says why: the client knows, only less. */
  unexplained: number
}

/** Whole and streamed answers, faults and clients that leave, all at random, for as long as it takes. */
export async function mixed(open: OpenStage, seconds: number): Promise<Check[]> {
  const stage = await open(ENVIRONMENT)
  const memory = watchMemory(stage.gateway)
  const tally: Tally = { requests: 0, faults: 0, left: 0, errors: 0, wrong: [], unexplained: 0 }
  const until = performance.now() + seconds * 1000
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => visit(stage, index, until, tally)))
  memory.stop()
  const emptyMs = await msUntil(10_000, async () => (await providerCounts(stage)).open === 0)
  await stage.close()
  const early = memory.medianMib(1 / 3, 1 / 2)
  return [
    told('requests, of which left by their client', `${tally.requests}, ${tally.left}`),
    exactly('errors at the clients (bar: injected faults)', tally.faults, tally.errors),
    told('of them broken without their error event', String(tally.unexplained)),
    exactly('outcomes that are not what was injected', 0, tally.wrong.length, firstProblem(tally.wrong)),
    atMost('RSS in the last sixth (bar: the third sixth + 15 %)', early * 1.15, memory.medianMib(5 / 6, 1), 'MiB'),
    told('RSS in the third sixth, and peak', `${early.toFixed(0)} MiB, ${memory.peakMib.toFixed(0)} MiB`),
    withinMs('until no connection to the provider is left', 5000, emptyMs),
  ]
}

async function visit({ gateway }: Stage, index: number, until: number, tally: Tally): Promise<void> {
  const client = createClient(gateway.port)
  const random = randomNumbers(index + 1)
  for (let turn = 0; performance.now() < until; turn++) {
    const script = scriptOf(index * 1_000_000 + turn, random)
    const leaves = script.fault === null && random() < LEAVING
    const stay = leaves ? { leaveAfterBytes: Math.floor(random() * LONGEST_STAY_BYTES) } : {}
    note(tally, script, await client.ask(script, stay).outcome)
  }
  client.close()
}

function scriptOf(id: number, random: () => number): Script {
  const fault = random() < FAULTY ? (FAULTS[Math.floor(random() * FAULTS.length)] ?? null) : null
  return { id, ...(random() < STREAMED ? STREAM : JSON_ANSWER), fault }
}

function note(tally: Tally, script: Script, outcome: Outcome): void {
  tally.requests += 1
  if (script.fault !== null) tally.faults += 1
  if (outcome.end === 'left') tally.left += 1
  else if (!outcome.isRight) tally.errors += 1
  if (isAsInjected(script, outcome)) return
  if (isUnexplained(script, outcome)) tally.unexplained += 1
  else tally.wrong.push(outcome)
}

function isAsInjected({ fault, events }: Script, outcome: Outcome): boolean {
  if (outcome.end === 'left') return outcome.problem === null
  if (fault === null) return outcome.isRight
  return shortly(outcome) === EXPECTED[fault][events > 0 ? 'streamed' : 'whole']
}

const shortly = ({ end, status, errorCode }: Outcome): string => `${end} ${status} ${errorCode}`

const isUnexplained = ({ fault, events }: Script, outcome: Outcome): boolean =>
  fault !== null &&
  EXPECTED[fault][events > 0 ? 'streamed' : 'whole'].startsWith('broken') &&
  shortly(outcome) === 'broken 200 null'
