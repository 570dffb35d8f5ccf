import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Ticker } from '../kernel/ticker.ts'
import { urlSource } from '../providers/accounts.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from '../providers/provider.ts'
import { Call, type CallRequest } from './call.ts'
import { type CallLimits, CallWatch } from './call-watch.ts'
import { decoded } from './content-encoding.ts'
import { upstreamFault } from './faults.ts'
import { toClient, withoutKey } from './headers.ts'
import { ConnectionPool, type PoolOptions } from './pool.ts'
import { createRequestWriter, type WriterOptions } from './request.ts'
import { MalformedAnswer, type ResponseHead } from './response-head.ts'

export interface UpstreamOptions extends PoolOptions, WriterOptions {
  readonly limits: (provider: string) => CallLimits
  readonly clock: Clock
  readonly ticker: Ticker
}

export interface HttpUpstream extends Upstream {
  readonly connections: () => Connections
  /** Ends all calls with `reason` at the next tick, those that still begin too. */
  readonly breakOff: (reason: GatewayError) => void
  readonly close: () => void
}

/** How many connections to providers there are. */
export interface Connections {
  readonly busy: number
  /** Kept for the next request. */
  readonly idle: number
}

/** Talks to providers over HTTP/1.1, on connections that are kept open between requests. */
export function createUpstream(options: UpstreamOptions): HttpUpstream {
  const pool = new ConnectionPool(options)
  const write = createRequestWriter(options)
  let end: GatewayError | null = null
  const line: Line = { pool, end: () => end, options }
  return {
    async send(request) {
      const call = write(request)
      try {
        return await start(request, call, line)
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason
        throw upstreamFault(error, request.account.provider)
      }
    },
    connections: () => ({ busy: pool.busy, idle: pool.idle }),
    breakOff: (reason) => void (end = reason),
    close: () => pool.close(),
  }
}

/** What all calls share. */
interface Line {
  readonly pool: ConnectionPool
  readonly options: UpstreamOptions
  readonly end: () => GatewayError | null
}

type Settle = (answer: UpstreamAnswer | Promise<UpstreamAnswer>) => void

function start(request: UpstreamRequest, written: CallRequest, line: Line): Promise<UpstreamAnswer> {
  const { pool, end, options } = line
  return new Promise((resolve: Settle, reject) => {
    pool.busy += 1
    const watch = new CallWatch(request, options.limits(request.account.provider.id), options.clock, end)
    const call: Call = new Call(written, pool, {
      head(head) {
        try {
          resolve(answerOf(call, head, request))
        } catch (error) {
          call.abort(error)
          reject(error)
        }
      },
      fault(error) {
        if (mayRepeat(request, call, error)) resolve(start(request, { ...written, onNewConnection: true }, line))
        else reject(error)
      },
      over() {
        pool.busy -= 1
        options.ticker.remove(watch)
      },
    })
    // On a kept connection the call may already have failed.
    if (call.phase !== 'over') options.ticker.add(watch.over(call))
  })
}

/** A kept connection may die as it is used again: then nobody has seen the request, as far as one can tell. */
function mayRepeat(request: UpstreamRequest, call: Call, error: unknown): boolean {
  const { method, body, isRepeatable = method === 'GET' || method === 'HEAD' } = request
  if (!isRepeatable || !call.wasStale || body instanceof ReadableStream) return false
  return !(error instanceof GatewayError) && !(error instanceof MalformedAnswer) && !request.signal.aborted
}

function answerOf(call: Call, { status, statusText, headers, framing }: ResponseHead, request: UpstreamRequest) {
  const { passThrough = false } = request
  if (!passThrough && status >= 300 && status < 400) throw redirected(request, headers['location'])
  const body = framing.kind === 'none' ? null : call
  const passing = toClient(headers, passThrough)
  const key = keyInQuery(request)
  return {
    status,
    statusText,
    headers: key === null ? passing : withoutKey(passing, key),
    // Other than the client on /proxy, the gateway asked for plain bytes; a provider may not have listened.
    body: body === null || passThrough ? body : decoded(body, headers['content-encoding']),
    abort: (reason: unknown) => call.abort(reason),
  }
}

/** Followed, a redirect could carry the key elsewhere; answered, nobody could do anything about it but the operator. */
function redirected({ account: { provider } }: UpstreamRequest, location = ''): GatewayError {
  // The rest of the address may hold a key.
  const origin = URL.parse(location, provider.baseUrl)?.origin ?? 'nowhere'
  return new GatewayError(
    'invalid_response',
    `${provider.id} redirects to ${origin} and does not answer. ${urlSource(provider)} may need changing.`,
  )
}

function keyInQuery({ account, endpoint }: UpstreamRequest): string | null {
  const { kind } = endpoint?.auth ?? account.provider.auth
  return kind === 'query' ? (account.credential?.reveal() ?? null) : null
}
