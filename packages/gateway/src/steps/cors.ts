import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Watch } from '../kernel/exchange.ts'

/** Pages on this machine, whatever serves them. */
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|[^/:]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

/** How long a browser need not ask again. Firefox and Chrome take no more than this, or less. */
const PREFLIGHT_SECONDS = 7200

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'

export interface CorsOptions {
  /** Origins of pages, `loopback` or `*`. */
  readonly allowed: readonly string[]
  /** Whether only programs of this machine ask, by one of its own names: another name is that of a page. */
  readonly checksHost: boolean
}

/**
 * Lets pages of these origins use the gateway, and no others: `*` is all, `loopback` those on this machine (Fetch, 3.3).
 * A request with the name of another origin is refused before anything else is asked of it, since a browser sends it
 * even where its page may not read the answer: it would spend the keys of whoever visits that page. Programs send no
 * `origin`.
 */
export function cors({ allowed, checksHost }: CorsOptions): (watch: Watch) => Watch {
  const origins = new Set(allowed)
  const isAllowed = (origin: string): boolean =>
    origins.has('*') || origins.has(origin) || (origins.has('loopback') && LOOPBACK_ORIGIN.test(origin))

  // With `GET` a browser names no origin where it believes that the page asks its own server: a name in a page's address
  // can be led to this machine after the page has come from another (DNS rebinding). The name it asks for stays that one.
  const isPageHost = (host: string): boolean =>
    checksHost && isPublicName(host) && !isAllowed(`http://${host}`) && !isAllowed(`https://${host}`)

  return (watch) => async (handler, open) => {
    let allowedOrigin: string | null = null
    const response = await watch((exchange) => {
      const host = exchange.headers.get('host')?.toLowerCase() ?? ''
      if (isPageHost(host)) throw hostRefused(host)
      const origin = exchange.headers.get('origin')
      if (origin === null) {
        // For pictures and links browsers name no origin, but say that another site asks.
        const isForeign = exchange.headers.get('sec-fetch-site') === 'cross-site' && !origins.has('*')
        if (isForeign) throw originRefused('another site')
        return handler(exchange)
      }
      if (!isAllowed(origin)) throw originRefused(origin)
      allowedOrigin = origins.has('*') ? '*' : origin
      return isPreflight(exchange) ? preflightAnswer(exchange.headers) : handler(exchange)
    }, open)
    if (allowedOrigin !== null) putHeaders(response.headers, allowedOrigin)
    return response
  }
}

/**
 * Whether anybody could have this name, whoever answers for it: nobody can lead an address elsewhere, and names without a
 * dot, or below `localhost` and `internal`, mean something in one's own network only. Containers of Docker Desktop call
 * this machine `host.docker.internal`.
 */
function isPublicName(host: string): boolean {
  const name = host.replace(/\.?(?::\d*)?$/, '')
  return /^[\w-]+\.[\w.-]+$/.test(name) && !/^[\d.]+$/.test(name) && !/\.(localhost|internal)$/.test(name)
}

const isPreflight = ({ method, headers }: Exchange): boolean =>
  method === 'OPTIONS' && headers.has('access-control-request-method')

/** Whatever headers the page wants to send it may: SDKs have many of their own, and what passes on is decided elsewhere. */
function preflightAnswer(headers: Headers): Response {
  const wanted = headers.get('access-control-request-headers')
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': METHODS,
      'access-control-max-age': String(PREFLIGHT_SECONDS),
      vary: 'access-control-request-headers',
      ...(wanted === null ? {} : { 'access-control-allow-headers': wanted }),
    },
  })
}

/** Tokens travel in headers and not in cookies, so there are no credentials in CORS's sense, and `*` means every header. */
function putHeaders(headers: Headers, origin: string): void {
  headers.set('access-control-allow-origin', origin)
  headers.set('access-control-expose-headers', '*')
  if (origin !== '*') headers.append('vary', 'origin')
}

function hostRefused(host: string): GatewayError {
  return new GatewayError(
    'origin_not_allowed',
    `This gateway is for programs on this machine, which do not call it ${host.slice(0, 100)}. ` +
      `If that is one of its names, allow it with CORS_ALLOWED_ORIGINS=loopback,http://${host.slice(0, 100)}.`,
  )
}

function originRefused(origin: string): GatewayError {
  const shown = /^[\x20-\x7e]{1,100}$/.test(origin) ? origin : 'this origin'
  return new GatewayError(
    'origin_not_allowed',
    `Web pages of ${shown} may not use this gateway. Its operator can allow them with CORS_ALLOWED_ORIGINS.`,
  )
}
