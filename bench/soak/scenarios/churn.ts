import { type Check, atMost, exactly, told } from '../check.ts'
import { type Outcome, askOnce } from '../client.ts'
import { each, firstProblem, randomNumbers } from '../crowd.ts'
import { type OpenStage, type Stage, msUntil, residentMib, socketsOf } from '../stage.ts'

const AT_ONCE = 200
const LEAVING = 0.3
/** Streams before those that count: a process that has just begun has not yet grown to its size. */
const WARM_UP = 5000
/** About as long as a whole stream is: clients leave anywhere, from before the first byte to after the last. */
const LONGEST_STAY_BYTES = 3000

/** A kept connection to the provider would look like one that was forgotten. */
const ENVIRONMENT = { CLIENT_IDLE_CONN_TIMEOUT: '1s' }

/** Short streams, one connection each, of which some are left somewhere. */
export async function churn(open: OpenStage, streams: number): Promise<Check[]> {
  const stage = await open(ENVIRONMENT)
  const freshMib = residentMib(stage.gateway)
  const early = await run(stage, 0, WARM_UP)
  const baseline = await settled(stage)
  const startMib = residentMib(stage.gateway)
  const late = await run(stage, WARM_UP, streams)
  const sockets = await settled(stage)
  const endMib = residentMib(stage.gateway)
  await stage.close()
  const outcomes = [...early, ...late]
  const left = outcomes.filter(({ end }) => end === 'left').length
  const wrong = outcomes.filter(({ end, isRight }) => end !== 'left' && !isRight)
  return [
    told('streams, of which left', `${outcomes.length}, ${left}`),
    exactly('streams that did not arrive whole, byte for byte', 0, wrong.length, firstProblem(wrong)),
    atMost('RSS at the end (bar: the start + 15 %)', startMib * 1.15, endMib, 'MiB'),
    told('RSS fresh, and after 5,000 streams (the start)', `${freshMib.toFixed(0)} MiB, ${startMib.toFixed(0)} MiB`),
    atMost('open at the end (bar: at the start)', baseline, sockets, 'sockets'),
  ]
}

async function run({ gateway }: Stage, firstId: number, count: number): Promise<Outcome[]> {
  const random = randomNumbers(firstId + 1)
  const ids = Array.from({ length: count }, (_, index) => firstId + index)
  const outcomes: Outcome[] = []
  await each(ids, AT_ONCE, async (id) => {
    const leave = random() < LEAVING ? { leaveAfterBytes: Math.floor(random() * LONGEST_STAY_BYTES) } : {}
    outcomes.push(await askOnce(gateway.port, { id, events: 10, gapMs: 20, fault: null }, leave).outcome)
  })
  return outcomes
}

/** Waits until the number of sockets has stood still for a while, and answers it. */
async function settled({ gateway }: Stage): Promise<number> {
  let sockets = socketsOf(gateway)
  let since = performance.now()
  await msUntil(20_000, () => {
    const now = socketsOf(gateway)
    if (now !== sockets) since = performance.now()
    sockets = now
    return performance.now() - since > 3000
  })
  return sockets
}
