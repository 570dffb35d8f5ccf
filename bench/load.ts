import { type Connection, connection } from './connection.ts'
import { EVENTS_PER_STREAM, chatRequest } from './messages.ts'
import type { HttpResponse } from './response.ts'

/** One kind of work, measured by its own unit. */
export interface Scenario {
  readonly name: string
  readonly unit: 'request' | 'event'
  readonly request: string
  /** How many clients ask at the same time. */
  readonly connections: number
  /** The units in a response. Throws when it is not the whole answer. */
  readonly count: (response: HttpResponse) => number
}

export const jsonChat: Scenario = {
  name: 'JSON chat',
  unit: 'request',
  request: chatRequest(false),
  connections: 32,
  count: ({ body }) => {
    if (!body.includes('"chat.completion"') || !body.endsWith('}')) throw new Error('the answer is not a completion')
    return 1
  },
}

export const streamedChat: Scenario = {
  name: 'SSE chat',
  unit: 'event',
  request: chatRequest(true),
  connections: 100,
  count: ({ body }) => {
    const blocks = body.split('\n\n')
    const events = blocks.filter((block) => block.startsWith('data: ')) // not the comments that keep a stream alive
    if (events.at(-1) !== 'data: [DONE]' || blocks.at(-1) !== '') throw new Error('the stream does not end with [DONE]')
    if (events.length !== EVENTS_PER_STREAM) throw new Error(`${events.length} events instead of ${EVENTS_PER_STREAM}`)
    return events.length
  },
}

/** `headers`: lines of `name: value`. */
export function withHeaders(scenario: Scenario, headers: string): Scenario {
  const lines = headers.split('\n').filter((line) => line.trim() !== '')
  const added = lines.map((line) => `\r\n${line.trim()}`).join('')
  return { ...scenario, request: scenario.request.replace('\r\n\r\n', () => `${added}\r\n\r\n`) }
}

export interface Tally {
  readonly responses: number
  readonly units: number
  readonly bytes: number
  /** Pieces the client's sockets handed over: as many as units means that nothing was merged on the way. */
  readonly reads: number
  readonly errors: readonly string[]
}

/** Asks once. Throws on any answer but a whole one with status 200. */
export async function askOnce(client: Connection, { request, count }: Scenario): Promise<Tally> {
  const response = await client.ask(request)
  if (response.status !== 200) throw new Error(`status ${response.status}: ${response.body.slice(0, 200)}`)
  return { responses: 1, units: count(response), bytes: response.body.length, reads: response.reads, errors: [] }
}

/**
 * A closed loop on every connection: the next request goes out when the last answer is complete, until the time is up,
 * at least one each. Answers under way are waited for. A client that meets an error stops, and the error is counted.
 */
export async function load(port: number, scenario: Scenario, durationMs: number): Promise<Tally> {
  const end = performance.now() + durationMs
  const clients = Array.from({ length: scenario.connections }, () => askUntil(end, port, scenario))
  return sum((await Promise.all(clients)).flat())
}

async function askUntil(end: number, port: number, scenario: Scenario): Promise<Tally[]> {
  const client = connection(port)
  const tallies: Tally[] = []
  try {
    do tallies.push(await askOnce(client, scenario))
    while (performance.now() < end)
  } catch (error) {
    tallies.push({ responses: 0, units: 0, bytes: 0, reads: 0, errors: [String(error)] })
  } finally {
    client.close()
  }
  return tallies
}

function sum(tallies: readonly Tally[]): Tally {
  const total = (count: (tally: Tally) => number) => tallies.reduce((all, tally) => all + count(tally), 0)
  return {
    responses: total((tally) => tally.responses),
    units: total((tally) => tally.units),
    bytes: total((tally) => tally.bytes),
    reads: total((tally) => tally.reads),
    errors: tallies.flatMap((tally) => tally.errors),
  }
}
