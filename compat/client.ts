/** What every client is asked to do, in the order of the matrix. */
export const features = [
  'models',
  'chat',
  'stream',
  'tools',
  'parallel tools',
  'structured output',
  'vision',
  'usage',
  'error 400',
  'error 401',
  'error 404',
  'error 429',
  'error 500',
  'abort',
  'timeout',
  'embeddings',
  'completions',
] as const

export type Feature = (typeof features)[number]

/** Does one thing with the client; throws, saying what was wrong, when the outcome is not what its user needs. */
export type Check = () => Promise<void>

/** A check, or why there is none. */
export type Checks = Readonly<Record<Feature, Check | string>>

export interface Client {
  /** As its registry knows it. */
  readonly name: string
  readonly version: string
  /** Which of the gateway's APIs it is pointed at. */
  readonly api: string
  readonly checks: Checks
}

export interface Result {
  readonly feature: Feature
  readonly outcome: 'works' | 'fails' | 'not offered'
  /** Why it does not work; empty when it does. */
  readonly reason: string
}

export interface ClientResults extends Pick<Client, 'name' | 'version' | 'api'> {
  readonly results: readonly Result[]
}

/** A client that could not be run at all. */
export interface Skipped {
  readonly name: string
  readonly reason: string
}

/** Where the clients find what they talk to. */
export interface Place {
  /** The gateway's origin, such as `http://127.0.0.1:41234`. */
  readonly gateway: string
  /** The scripted provider's origin; `GET /streams` there tells how its endless streams fare, `GET /seen` what it was asked. */
  readonly provider: string
}

const CHECK_LIMIT_MS = 15_000

/** Runs the checks one after the other: the streams that are counted are then those of one client. */
export async function run({ name, version, api, checks }: Client): Promise<ClientResults> {
  const results: Result[] = []
  for (const feature of features) results.push(await resultOf(feature, checks[feature]))
  return { name, version, api, results }
}

async function resultOf(feature: Feature, check: Check | string): Promise<Result> {
  if (typeof check === 'string') return { feature, outcome: 'not offered', reason: check }
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(new Error(`no end after ${CHECK_LIMIT_MS / 1000} s`)), CHECK_LIMIT_MS)
  try {
    await Promise.race([check(), limit.promise])
    return { feature, outcome: 'works', reason: '' }
  } catch (error) {
    return { feature, outcome: 'fails', reason: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}
