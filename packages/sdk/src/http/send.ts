import { APIError, GatewayError } from '../errors.ts'
import {
  type Fetch,
  type GatewayOptions,
  type Log,
  type OutgoingRequest,
  refuseProviderKey,
  type Settled,
  type Timeouts,
} from '../options.ts'
import { apiError } from './api-error.ts'
import { textOf } from './body.ts'
import { type Meta, metaOf } from './meta.ts'
import { aborted } from './on-abort.ts'
import { pauseMs } from './retry.ts'
import { createWatch, type Watch } from './watch.ts'

/** What all calls of a client share. */
export interface Door {
  readonly baseURL: string
  readonly apiKey: GatewayOptions['apiKey']
  readonly fetch: Fetch
  readonly log: Log
}

/** One call: what is asked, and how patiently. */
export interface Call {
  readonly method: string
  /** From the gateway's root, query and all: `/v1/models?provider=groq`. */
  readonly path: string
  readonly body?: OutgoingRequest['body']
  /** Each of them ends the call. */
  readonly signals: readonly AbortSignal[]
  readonly options: Settled
}

/** An answer whose head is here and whose body is not read yet. */
export interface Sent {
  readonly response: Response
  readonly meta: Meta
  readonly watch: Watch
  readonly timeouts: Timeouts
}

/**
 * Asks the gateway until it answers well or trying again is of no use. Settles when the head of a good answer is here;
 * from then on nothing is tried again. Throws APIError for an answer that is an error, ConnectionError, AbortError.
 */
export async function send(door: Door, call: Call): Promise<Sent> {
  const { maxRetries, timeouts } = call.options
  const deadline = timeouts.total > 0 ? performance.now() + timeouts.total : undefined
  const watched = () => createWatch(door.baseURL, call.signals, deadline)
  let mayRefresh = typeof door.apiKey === 'function'
  for (let attempt = 0; ; attempt++) {
    const watch = watched()
    try {
      const sent = await ask(door, call, watch, attempt)
      if (sent.response.ok) return sent
      throw apiError(sent.response, await textOf(sent))
    } catch (error) {
      watch.release()
      if (!(error instanceof GatewayError)) throw error // a fault of the caller's own code
      if (error.status === 401 && mayRefresh) {
        mayRefresh = false // the next try asks for a new key, at once
        continue
      }
      if (!error.retryable || !(attempt < maxRetries)) throw error // not a number: never
      const pause = pauseMs(attempt + 1, error instanceof APIError ? error.headers : undefined)
      await rest(pause, watched())
    }
  }
}

/** Sends a call once and settles with whatever answer comes. Throws what the watch explains. */
export async function ask(
  door: Door,
  call: Call,
  watch = createWatch(door.baseURL, call.signals),
  attempt = 0,
): Promise<Sent> {
  const { timeouts, middleware } = call.options
  const { log } = door
  const { method, path } = call
  const context = { attempt, path, log }
  const start = performance.now()
  const tell = (outcome: string) =>
    log(`${method} ${path}, try ${attempt + 1}: ${outcome}, ${Math.round(performance.now() - start)} ms`)
  const chain = middleware.reduceRight<(request: OutgoingRequest) => Promise<Response>>(
    (next, each) => async (request) => each(request, next, context),
    async ({ url, ...request }) => door.fetch(url, { ...call.options.fetchOptions, ...request }).catch(watch.explain),
  )
  try {
    watch.begin('firstByte', timeouts.firstByte)
    const answer = outgoing(door, call, watch.signal).then(chain)
    const response = await Promise.race([answer, aborted(watch.signal)])
    watch.begin('firstByte', 0) // it is here
    const meta = metaOf(response)
    tell(`${meta.status} ${meta.requestId ?? ''}`.trim())
    return { response, meta, watch, timeouts }
  } catch (error) {
    watch.release()
    tell(String(error))
    throw error
  }
}

async function outgoing(door: Door, { method, path, body = null, options }: Call, signal: AbortSignal) {
  const headers = new Headers({ accept: 'application/json' })
  const set = (name: string, value: string) => {
    try {
      headers.set(name, value)
    } catch {
      throw new TypeError(`The header ${name} cannot be sent as it is.`) // some runtimes tell what is in it: tokens, too
    }
  }
  if (typeof body === 'string') set('content-type', 'application/json')
  const key = typeof door.apiKey === 'function' ? await door.apiKey() : door.apiKey
  refuseProviderKey(key)
  if (key) set('authorization', `Bearer ${key}`)
  if (options.requestId !== undefined) set('x-request-id', options.requestId)
  if (options.strict === true) set('x-gateway-strict', 'true')
  if (options.fallback !== undefined) set('x-gateway-fallback', options.fallback.join(', '))
  for (const [name, value] of Object.entries(options.headers)) set(name, value)
  return { url: `${door.baseURL}${path}`, method, headers, body, signal }
}

/** Waits before the next try. Throws when the caller leaves or the call takes too long. */
async function rest(ms: number, watch: Watch): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const waited = new Promise((resolve) => (timer = setTimeout(resolve, ms)))
  try {
    await Promise.race([waited, aborted(watch.signal)])
  } finally {
    clearTimeout(timer)
    watch.release()
  }
}
