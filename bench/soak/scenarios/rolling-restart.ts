import { type ChildServer, freePort } from '../../child-server.ts'
import { type Check, exactly, told } from '../check.ts'
import { type Client, type Outcome, createClient } from '../client.ts'
import { firstProblem } from '../crowd.ts'
import type { Script } from '../script.ts'
import { end, startGateway, startProvider } from '../stage.ts'

const WORKERS = 100
const PROBE_EVERY_MS = 200
const ENVIRONMENT = { SERVER_LAME_DUCK: '1s', SERVER_SHUTDOWN_TIMEOUT: '10s' }

/** One of the two gateways, at its place behind the balancer. */
interface Replica {
  readonly port: number
  server: ChildServer
  /** As the last probe of `/ready` found it. */
  isReady: boolean
}

interface Tally {
  answered: number
  /** Went to the other gateway since the connection was refused: nothing had been sent. */
  moved: number
  readonly failed: Outcome[]
}

/**
 * Two gateways are replaced in turns while clients ask them, round robin, those that were ready at the last probe. Only a
 * refused connection moves a request to the other gateway, as every balancer does. A connection that closes after a
 * request went out is a failure, even without a byte of an answer: a balancer must not send that request again.
 */
export async function rollingRestart(folder: string, restarts: number): Promise<Check[]> {
  const provider = await startProvider(folder)
  const start = (port: number) => startGateway({ folder, port, providerPort: provider.port, env: ENVIRONMENT })
  const begin = async (port: number): Promise<Replica> => ({ port, server: await start(port), isReady: true })
  const replicas = [await begin(freePort()), await begin(freePort())]
  const rolling = new AbortController()
  const prober = setInterval(() => void Promise.all(replicas.map(probe)), PROBE_EVERY_MS)
  const tally: Tally = { answered: 0, moved: 0, failed: [] }
  const workers = Array.from({ length: WORKERS }, (_, index) => work(replicas, index, rolling.signal, tally))
  const exits: number[] = []
  for (let turn = 0; turn < restarts; turn++) {
    const replica = replicas[turn % replicas.length]
    if (replica === undefined) break
    process.kill(replica.server.pid, 'SIGTERM')
    exits.push(await replica.server.exited)
    replica.server = await start(replica.port)
    await Bun.sleep(2 * PROBE_EVERY_MS)
  }
  rolling.abort()
  await Promise.all(workers)
  clearInterval(prober)
  await end(provider, ...replicas.map(({ server }) => server))
  return [
    told('requests answered, of which moved on at connect', `${tally.answered}, ${tally.moved}`),
    exactly('failed requests', 0, tally.failed.length, firstProblem(tally.failed)),
    exactly('restarts that ended in good order', restarts, exits.filter((code) => code === 0).length),
  ]
}

async function probe(replica: Replica): Promise<void> {
  try {
    const signal = AbortSignal.timeout(1000)
    const response = await fetch(`http://127.0.0.1:${replica.port}/ready`, { signal, keepalive: false })
    replica.isReady = response.status === 200
  } catch {
    replica.isReady = false
  }
}

/** A client with a kept connection to each replica; whole and streamed answers take turns. */
async function work(replicas: readonly Replica[], index: number, signal: AbortSignal, tally: Tally): Promise<void> {
  const ways = replicas.map((replica) => ({ replica, client: createClient(replica.port) }))
  for (let turn = index; !signal.aborted; turn++) {
    const inTurn = ways.toSpliced(0, turn % ways.length).concat(ways.slice(0, turn % ways.length))
    // The ready ones first, each in its turn; the others only when none of them can be reached.
    const sorted = Map.groupBy(inTurn, ({ replica }) => replica.isReady)
    const clients = [...(sorted.get(true) ?? []), ...(sorted.get(false) ?? [])].map(({ client }) => client)
    const script = { id: index * 1_000_000 + turn, events: turn % 4 < 2 ? 20 : 0, gapMs: 50, fault: null }
    const outcome = await askFirst(clients, script, tally)
    if (outcome.isRight) tally.answered += 1
    else tally.failed.push(outcome)
  }
  for (const { client } of ways) client.close()
}

/** The first that accepts a connection answers. */
async function askFirst([first, ...others]: readonly Client[], script: Script, tally: Tally): Promise<Outcome> {
  if (first === undefined) throw new RangeError('nobody to ask')
  const outcome = await first.ask(script).outcome
  if (outcome.end !== 'refused' || others.length === 0) return outcome
  tally.moved += 1
  return askFirst(others, script, tally)
}
