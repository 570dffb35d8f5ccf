import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Watch } from '../kernel/exchange.ts'

/** Pages on this machine, whatever serves them. */
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|[^/:]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

/** How long a browser need not ask again. Firefox and Chrome take no more than this, or less. */
const PREFLIGHT_SECONDS = 7200

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'

/**
 * Lets pages of these origins use the gateway, and no others: `*` is all, `loopback` those on this machine (Fetch, 3.3).
 * A request with the name of another origin is refused before anything else is asked of it, since a browser sends it
 * even where its page may not read the answer: it would spend the keys of whoever visits that page. Programs send no
 * `origin`.
 */
export function cors(allowed: readonly string[]): (watch: Watch) => Watch {
  const origins = new Set(allowed)
  const isAllowed = (origin: string): boolean =>
    origins.has('*') || origins.has(origin) || (origins.has('loopback') && LOOPBACK_ORIGIN.test(origin))

  return (watch) => async (handler, open) => {
    let allowedOrigin: string | null = null
    const response = await watch((exchange) => {
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

function originRefused(origin: string): GatewayError {
  const shown = /^[\x20-\x7e]{1,100}$/.test(origin) ? origin : 'this origin'
  return new GatewayError(
    'origin_not_allowed',
    `Web pages of ${shown} may not use this gateway. Its operator can allow them with CORS_ALLOWED_ORIGINS.`,
  )
}
