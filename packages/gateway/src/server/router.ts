import { Hono } from 'hono'
import { basePaths } from '../kernel/base-path.ts'
import { GatewayError } from '../kernel/errors.ts'
import { anonymous } from '../kernel/caller.ts'
import type { Exchange, Handler, Step, Watch } from '../kernel/exchange.ts'
import type { TraceContext } from '../kernel/trace.ts'
import { IncomingBody } from './body.ts'
import { headFault } from './gate.ts'
import type { Connection } from './listen.ts'

/** Who may use a route: everybody, or callers the guard lets in. */
type Access = 'public' | 'caller'

/** What a caller needs to use a route. */
export interface Door {
  readonly access: Access
  /** Clients of its dialect send the token as `x-api-key`, as Anthropic's do; `Authorization` will do too. */
  readonly acceptApiKeyHeader?: boolean
}

/** A row of the route table. */
export interface Route extends Door {
  /** As Hono writes paths, without what may stand before it. */
  readonly path: string
  /** As the contract writes it; names the route in logs and metrics. */
  readonly name: string
  readonly methods: Readonly<Record<string, Handler>>
}

export interface RouterParts {
  readonly routes: readonly Route[]
  /** Opens and watches every exchange. */
  readonly watch: Watch
  /** What stands around the handlers of a route. */
  readonly steps: (door: Door) => Step
  readonly limitBytes: number
  readonly newId: () => string
  /** Finds the exchange's place in a trace; `null`: nothing is traced. */
  readonly startTrace: ((headers: Headers) => TraceContext) | null
}

export type Router = (request: Request, connection: Connection) => Response | Promise<Response>

/** Puts the route table on the wire. */
export function createRouter(parts: RouterParts): Router {
  const { routes, steps, watch } = parts
  const hono = new Hono<{ Bindings: Connection }>({ getPath: ({ url }) => split(url).path })
  const answer = (handler: Handler, route: string, request: Request, connection: Connection): Promise<Response> => {
    const response = watch(handler, (tell) => openExchange({ route, request, connection, tell }, parts))
    return request.method === 'HEAD' ? response.then(withLength) : response
  }
  for (const route of routes) {
    const { path, name, methods } = route
    const wrap = steps(route)
    const refuse = wrap(refuseMethod(Object.keys(methods)))
    const handlers = new Map(Object.entries(methods).map(([method, handler]) => [method, wrap(handler)]))
    const get = handlers.get('GET')
    if (get !== undefined) handlers.set('HEAD', get)
    // One handler for all methods: Hono runs a lone one directly, and composes several at four times the cost.
    for (const each of basePaths.flatMap((base) => spellings(base + path)))
      hono.all(each, ({ req, env }) => answer(handlers.get(req.method) ?? refuse, name, req.raw, env))
  }
  const lost = steps({ access: 'caller' })(routeNotFound)
  hono.notFound(({ req, env }) => answer(lost, 'unknown', req.raw, env))
  return (request, connection) => {
    const fault = headFault(request)
    if (fault === null) return hono.fetch(request, connection)
    return answer(() => Promise.reject(fault), 'unknown', request, connection)
  }
}

/** Hono takes the body out of the answer to HEAD, which then would call itself empty: its length is GET's (RFC 9110, 8.6). */
async function withLength(response: Response): Promise<Response> {
  if (response.body !== null) response.headers.set('content-length', String((await response.arrayBuffer()).byteLength))
  return response
}

/** `/v1/` is `/v1` too. */
const spellings = (path: string): readonly string[] =>
  path.length > 1 && path.endsWith('/') ? [path, path.slice(0, -1)] : [path]

const routeNotFound: Handler = ({ method, path }) => {
  const hint = path.endsWith('/') ? ' Paths here do not end with a slash: leave it out.' : ''
  throw new GatewayError(
    'route_not_found',
    `Requested route is not found: ${method} ${path.slice(0, 200)}.${hint} GET / lists the routes.`,
  )
}

const refuseMethod =
  (methods: readonly string[]): Handler =>
  ({ method, route }) => {
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
    throw new GatewayError('method_not_allowed', `${method} is not allowed on ${route}. Allowed: ${allow}.`, {
      headers: { allow },
    })
  }

const WELL_FORMED_ID = /^[\w.:/+=-]{1,128}$/

interface Arrival extends Pick<Exchange, 'route' | 'tell'> {
  readonly request: Request
  readonly connection: Connection
}

function openExchange(
  { route, request, connection, tell }: Arrival,
  { limitBytes, newId, startTrace }: RouterParts,
): Exchange {
  const { path, search } = split(request.url)
  const given = request.headers.get('x-request-id')
  return {
    id: given !== null && WELL_FORMED_ID.test(given) ? given : newId(),
    route,
    method: request.method,
    path,
    search,
    query: (name) => (search === '' ? null : new URLSearchParams(search).get(name)),
    headers: request.headers,
    body: new IncomingBody(request, connection, limitBytes),
    caller: anonymous,
    trace: startTrace?.(request.headers) ?? null,
    // The runtime makes a signal when it is asked for one; most exchanges are over before anybody needs it.
    get signal() {
      return request.signal
    },
    done: () => connection.awaitRequest(),
    tell,
  }
}

/** Path and query as they stand in the URL, without decoding: what is matched is what is passed on. */
function split(url: string): { readonly path: string; readonly search: string } {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.indexOf('?', start)
  return end === -1 ? { path: url.slice(start), search: '' } : { path: url.slice(start, end), search: url.slice(end) }
}
