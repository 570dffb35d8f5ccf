import { Hono } from 'hono'
import { GatewayError } from '../kernel/errors.ts'
import { anonymous } from '../kernel/caller.ts'
import type { Exchange, Handler, Step, Watch } from '../kernel/exchange.ts'
import { IncomingBody } from './body.ts'
import type { Connection } from './listen.ts'

/** Who may use a route: everybody, or callers the guard lets in. */
export type Access = 'public' | 'caller'

/** A row of the route table. */
export interface Route {
  /** As Hono writes paths, without `/v1`. */
  readonly path: string
  /** As the contract writes it; names the route in logs and metrics. */
  readonly name: string
  readonly access: Access
  readonly methods: Readonly<Record<string, Handler>>
}

export interface RouterParts {
  readonly routes: readonly Route[]
  /** Opens and watches every exchange. */
  readonly watch: Watch
  /** What stands around the handlers of an access. */
  readonly steps: (access: Access) => Step
  readonly limitBytes: number
  readonly newId: () => string
}

export type Router = (request: Request, connection: Connection) => Response | Promise<Response>

/** A wrong base URL is the most common first mistake: every route answers without `/v1`, with it, and with it twice. */
const PREFIXES = ['', '/v1', '/v1/v1']

/** Puts the route table on the wire. */
export function createRouter(parts: RouterParts): Router {
  const { routes, steps, watch } = parts
  const hono = new Hono<{ Bindings: Connection }>({ getPath: ({ url }) => split(url).path })
  const answer = (handler: Handler, route: string, request: Request, connection: Connection): Promise<Response> =>
    watch(handler, (tell) => openExchange({ route, request, connection, tell }, parts))
  for (const { path, name, access, methods } of routes) {
    const wrap = steps(access)
    const refuse = wrap(refuseMethod(Object.keys(methods)))
    const handlers = new Map(Object.entries(methods).map(([method, handler]) => [method, wrap(handler)]))
    const get = handlers.get('GET')
    if (get !== undefined) handlers.set('HEAD', get)
    // One handler for all methods: Hono runs a lone one directly, and composes several at four times the cost.
    for (const prefix of PREFIXES)
      hono.all(prefix + path, ({ req, env }) => answer(handlers.get(req.method) ?? refuse, name, req.raw, env))
  }
  const lost = steps('caller')(routeNotFound)
  hono.notFound(({ req, env }) => answer(lost, 'unknown', req.raw, env))
  return (request, connection) => hono.fetch(request, connection)
}

const routeNotFound: Handler = ({ method, path }) => {
  throw new GatewayError(
    'route_not_found',
    `Requested route is not found: ${method} ${path.slice(0, 200)}. GET / lists the routes.`,
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

function openExchange({ route, request, connection, tell }: Arrival, { limitBytes, newId }: RouterParts): Exchange {
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
