import type { Check, Feature, Place } from './client.ts'

export const HELLO = 'Hello!'
/** Part of the answer that both the simulator and the scripted provider give to HELLO. */
export const GREETING = "the gateway's simulator"

/** Throws unless the text holds the words. */
export function expectWords(text: unknown, words: string): void {
  if (typeof text !== 'string' || !text.includes(words))
    throw new Error(`expected "${words}", got ${JSON.stringify(text)?.slice(0, 200)}`)
}

/** Throws unless it is a number above zero. */
export function expectPositive(what: string, value: unknown): void {
  if (typeof value !== 'number' || !(value > 0)) throw new Error(`${what} is ${JSON.stringify(value)}`)
}

/** Throws unless the list is longer than `length`. */
export function expectMoreThan(length: number, what: string, list: ArrayLike<unknown> | undefined): void {
  if (list === undefined || list.length <= length) throw new Error(`${list?.length} ${what}, expected above ${length}`)
}

/** A tool that every client is given, and what it is asked for. */
export const WEATHER = {
  name: 'get_weather',
  description: 'The weather in a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
} as const
export const ASK_WEATHER = 'Call get weather for Berlin.'

/** Throws unless it is a call of WEATHER; `input` may be JSON text. */
export function expectWeatherCall(name: unknown, input: unknown): void {
  expectWords(name, WEATHER.name)
  expectWords(member(input, 'city'), '')
}

/** A second tool, and the question for both. */
export const TIME = { ...WEATHER, name: 'get_time', description: 'The time in a city' } as const
export const ASK_BOTH = 'Call get weather and get time for Berlin.'

/** Throws unless both tools are called. */
export function expectBothCalls(names: readonly unknown[] | undefined): void {
  if (names?.toSorted().join(' ') !== `${TIME.name} ${WEATHER.name}`)
    throw new Error(`calls of ${JSON.stringify(names)}`)
}

/** What every client is asked to answer in. */
export const DOG = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
} as const
export const ASK_DOG = 'Invent a dog.'

/** Throws unless it is an instance of DOG, or its JSON text. */
export function expectDog(value: unknown): void {
  expectWords(member(value, 'name'), '')
  if (!Number.isInteger(member(value, 'age'))) throw new Error(`age is ${JSON.stringify(member(value, 'age'))}`)
}

function member(value: unknown, name: string): unknown {
  const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : value
  return typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, name) : undefined
}

/** What a user can read in an error of their client. */
export interface Told {
  /** Whether the error is of the client's own type. */
  readonly isOwn: boolean
  /** `undefined`: the client does not tell it. */
  readonly status: unknown
  readonly message: string
}

/** An error that is not of the client's own type. */
export const foreign = (error: unknown): Told => ({ isOwn: false, status: null, message: String(error) })

interface Failure {
  readonly feature: Feature
  readonly status: number
  /** Of the simulator. */
  readonly model: string
  /** What the message has to say. */
  readonly words: string
}

/** The scripted provider has them too, as the models `error-400`, `error-401` and so on. */
export const failures: readonly Failure[] = [
  { feature: 'error 400', status: 400, model: 'simulator/chat?speed=2', words: 'speed' },
  { feature: 'error 401', status: 401, model: 'simulator/error-401', words: 'he API key is not valid' },
  { feature: 'error 404', status: 404, model: 'simulator/gpt-9', words: 'no model' },
  { feature: 'error 429', status: 429, model: 'simulator/error-429', words: 'oo many requests' },
  { feature: 'error 500', status: 500, model: 'simulator/error-500', words: 'server failed' },
]

type ErrorFeature = Extract<Feature, `error ${string}`>

/** A check for each failure: `ask` has to reject, and `read` the error to tell the status and the words. */
export function errorChecks(
  ask: (model: string) => Promise<unknown>,
  read: (error: unknown) => Told,
  modelOf = ({ model }: Failure) => model,
): Readonly<Record<ErrorFeature, Check>> {
  const checks = failures.map((failure) => [failure.feature, () => expectFailure(failure, modelOf(failure), ask, read)])
  return Object.fromEntries(checks) // `failures` has every ErrorFeature once
}

/** What the scripted provider calls it. */
export const scripted = ({ status }: Failure): string => `error-${status}`

async function expectFailure(
  { status, words }: Failure,
  model: string,
  ask: (model: string) => Promise<unknown>,
  read: (error: unknown) => Told,
): Promise<void> {
  const told = await ask(model).then(() => null, read)
  if (told === null) throw new Error('no error was thrown')
  if (!told.isOwn) throw new Error(`not the client's own error, but says: ${told.message}`)
  if (told.status !== undefined && told.status !== status)
    throw new Error(`status is ${JSON.stringify(told.status)}: ${told.message}`)
  expectWords(told.message, words)
}

/** A picture of one pixel, as PNG in base64. */
export const IMAGE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
export const IMAGE_URL = `data:image/png;base64,${IMAGE}`
export const ASK_IMAGE = 'What is in this picture?'

/** Throws unless the picture and its question have arrived at the provider as they were sent. */
export async function expectImageSeen({ provider }: Place): Promise<void> {
  const seen = await (await fetch(`${provider}/seen`)).text()
  expectWords(seen, ASK_IMAGE)
  expectWords(seen, IMAGE)
}

export const TIMEOUT_MS = 500

/** Asks a model that never answers: the client has to give up in its own words, and the provider to be left. */
export async function expectTimeout(
  place: Place,
  ask: () => PromiseLike<unknown>,
  isOwn: (error: unknown) => boolean,
): Promise<void> {
  const { opened } = await streamsOf(place)
  const error = await Promise.resolve(ask()).then(
    () => null,
    (error: unknown) => error,
  )
  if (error === null) throw new Error('no error was thrown')
  if (!isOwn(error)) throw new Error(`not the client's own error, but: ${foreign(error).message}`)
  if ((await streamsOf(place)).opened === opened) throw new Error('the provider was not asked')
  await expectLeft(place)
}

interface Streams {
  readonly opened: number
  readonly open: number
}

const streamsOf = async ({ provider }: Place): Promise<Streams> =>
  (await (await fetch(`${provider}/streams`)).json()) as Streams // the provider is ours

const NOTICE_LIMIT_MS = 3000
const OPEN_LIMIT_MS = 10_000

/** Leaves an endless stream after its first part: the provider has to be left within seconds as well. */
export async function expectAbort(
  place: Place,
  start: (signal: AbortSignal) => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>,
): Promise<void> {
  const before = await streamsOf(place)
  const leaving = new AbortController()
  let parts = 0
  try {
    for await (const _part of await start(leaving.signal)) {
      parts += 1
      leaving.abort()
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error // some clients end quietly, others throw that they were aborted
  }
  if (parts === 0) throw new Error('nothing arrived')
  if ((await streamsOf(place)).opened === before.opened) throw new Error('the provider was not asked')
  await expectLeft(place)
}

/** Waits until the provider's endless stream is open. Throws when it is not after 10 seconds. */
export async function expectOpened(place: Place): Promise<void> {
  const deadline = Date.now() + OPEN_LIMIT_MS
  while ((await streamsOf(place)).open === 0) {
    if (Date.now() > deadline) throw new Error('the provider was not asked')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Waits until nobody listens to an endless stream. Throws when somebody does after 3 seconds. */
export async function expectLeft(place: Place): Promise<void> {
  const deadline = Date.now() + NOTICE_LIMIT_MS
  while ((await streamsOf(place)).open > 0) {
    if (Date.now() > deadline) throw new Error(`the provider was still answering after ${NOTICE_LIMIT_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
