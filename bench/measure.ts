import type { ChildServer } from './child-server.ts'
import { connection } from './connection.ts'
import { type Scenario, type Tally, askOnce, load } from './load.ts'
import { cpuMicroseconds } from './process-cpu.ts'

/** Work a server puts off, such as writing its log or collecting garbage, belongs to the round that caused it. */
const SETTLE_MS = 200

interface Sample extends Tally {
  readonly cpuMicrosecondsPerUnit: number
}

/** The gateway and what it is measured against. */
export interface Servers<T> {
  readonly gateway: T
  /** nginx, by how it is set up. */
  readonly plain: T
  readonly kept: T
}

export type Round = Servers<Sample>

/** CPU time per unit while the server works under the load. Throws when any answer was wrong. */
export async function sample(server: ChildServer, scenario: Scenario, durationMs: number): Promise<Sample> {
  const before = cpuMicroseconds(server.pid)
  const tally = await load(server.port, scenario, durationMs)
  await Bun.sleep(SETTLE_MS)
  const [error] = tally.errors
  if (error) throw new Error(`${scenario.name}: ${tally.errors.length} clients failed; the first: ${error}`)
  return { ...tally, cpuMicrosecondsPerUnit: (cpuMicroseconds(server.pid) - before) / tally.units }
}

interface Schedule {
  readonly rounds: number
  readonly roundMs: number
  readonly warmUpMs: number
}

/** The servers take turns, so that whatever else the machine does falls on all. */
export async function compare(
  { gateway, plain, kept }: Servers<ChildServer>,
  scenario: Scenario,
  { rounds, roundMs, warmUpMs }: Schedule,
): Promise<Round[]> {
  await sample(gateway, scenario, warmUpMs)
  await sample(plain, scenario, warmUpMs / 4)
  await sample(kept, scenario, warmUpMs / 4)
  const measured: Round[] = []
  for (let round = 0; round < rounds; round++) {
    measured.push({
      plain: await sample(plain, scenario, roundMs),
      gateway: await sample(gateway, scenario, roundMs),
      kept: await sample(kept, scenario, roundMs),
    })
  }
  return measured
}

/** How long one caller waits for each answer, in ms, when nobody else asks. The servers take turns here too. */
export async function latencies(
  ports: Readonly<Record<string, number>>,
  scenario: Scenario,
  requests: number,
): Promise<{ name: string; waitsMs: number[] }[]> {
  const callers = Object.entries(ports).map(([name, port]) => ({
    name,
    client: connection(port),
    waitsMs: new Array<number>(),
  }))
  for (let request = 0; request < requests; request++) {
    for (const { client, waitsMs } of callers) {
      const start = performance.now()
      await askOnce(client, scenario)
      waitsMs.push(performance.now() - start)
    }
  }
  for (const { client } of callers) client.close()
  return callers.map(({ name, waitsMs }) => ({ name, waitsMs }))
}
