import { type Exchange, type Outcome, askOnce } from './client.ts'
import type { Script } from './script.ts'

/** Connections that are being opened at the same time: a listener's queue is not endless. */
const OPENING_AT_ONCE = 100

/** Opens a stream for each script, each on a connection of its own, and waits until all have begun. */
export async function openStreams(port: number, scripts: readonly Script[]): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = []
  await each(scripts, OPENING_AT_ONCE, async (script) => {
    const exchange = askOnce(port, script)
    exchanges.push(exchange)
    await exchange.begun
  })
  return exchanges
}

/** The same script for so many clients, each with its own id. */
export const scriptsOf = (count: number, script: Omit<Script, 'id'>): readonly Script[] =>
  Array.from({ length: count }, (_, id) => ({ ...script, id }))

/** Works through all of them, so many at a time. */
export async function each<T>(all: Iterable<T>, atOnce: number, work: (one: T) => Promise<void>): Promise<void> {
  const rest = all[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** One that went wrong, for people; `null` when none did. */
export const firstProblem = (wrong: readonly Outcome[]): string | null => {
  const [first] = wrong
  if (first === undefined) return null
  const { end, status, errorCode, problem } = first
  return [end, status, errorCode, problem].filter((part) => part !== null).join(', ')
}

/** The same numbers in every run, at least 0 and below 1 (Park and Miller's generator). */
export function randomNumbers(seed: number): () => number {
  let state = (seed * 16_807_001) % 2_147_483_647 // small seeds alone would begin with small numbers
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
