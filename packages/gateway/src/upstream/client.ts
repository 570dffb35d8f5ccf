import { GatewayError } from '../kernel/errors.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from '../providers/provider.ts'
import { upstreamFault } from './faults.ts'
import { toClient } from './headers.ts'
import { wireRequest } from './request.ts'

export interface UpstreamOptions {
  /** Sent as `user-agent` where the client's own does not pass. */
  readonly userAgent: string
  /** Until the status line of a provider's answer, ms; 0 = no limit. */
  readonly responseHeaderTimeoutMs: (provider: string) => number
  /** Idle sockets kept per provider; running calls are never limited. */
  readonly maxIdleConnections: number
  readonly idleConnectionTimeoutMs: number
  readonly tlsMinVersion: 'TLS12' | 'TLS13'
}

/** Talks to providers over HTTP. One keep-alive pool per provider, so that no provider's sockets push out another's. */
export function createUpstream(options: UpstreamOptions): Upstream & { close(): void } {
  const sessions = new Map<string, Bun.FetchSession>()

  function sessionOf(providerId: string): Bun.FetchSession {
    const known = sessions.get(providerId)
    if (known !== undefined) return known
    const session = new Bun.FetchSession({ keepAlive: keepAliveOf(options), tls: tlsOf(options) })
    sessions.set(providerId, session)
    return session
  }

  return {
    send(request) {
      return call(request, sessionOf(request.account.provider.id), options)
    },
    close() {
      for (const session of sessions.values()) session.close()
    },
  }
}

/** A response with only the headers that may pass. Its body is not touched before somebody reads it. */
class Answer implements UpstreamAnswer {
  readonly headers: Headers
  readonly #response: Response
  readonly #call: AbortController

  constructor(response: Response, headers: Headers, call: AbortController) {
    this.#response = response
    this.headers = headers
    this.#call = call
  }

  get status(): number {
    return this.#response.status
  }

  get statusText(): string {
    return this.#response.statusText
  }

  get body(): Response['body'] {
    return this.#response.body
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#response.bytes()
  }

  abort(reason: unknown): void {
    this.#call.abort(reason)
  }
}

/** OpenSSL's SSL_OP_NO_TLSv1_2; the runtime speaks nothing older anyway. */
const NO_TLS_1_2 = 0x08000000

const tlsOf = ({ tlsMinVersion }: UpstreamOptions) => (tlsMinVersion === 'TLS13' ? { secureOptions: NO_TLS_1_2 } : {})

function keepAliveOf({ maxIdleConnections, idleConnectionTimeoutMs }: UpstreamOptions) {
  if (maxIdleConnections === 0 || idleConnectionTimeoutMs === 0) return false
  return { maxIdleSockets: maxIdleConnections, idleTimeout: Math.ceil(idleConnectionTimeoutMs / 1000) }
}

async function call(
  request: UpstreamRequest,
  session: Bun.FetchSession,
  options: UpstreamOptions,
): Promise<UpstreamAnswer> {
  const { provider } = request.account
  const { url, headers } = wireRequest(request, options.userAgent)
  const abort = new AbortController()
  const onGone = () => abort.abort(request.signal.reason)
  if (request.signal.aborted) onGone()
  else request.signal.addEventListener('abort', onGone, { once: true })
  const limitMs = options.responseHeaderTimeoutMs(provider.id)
  const timer = limitMs === 0 ? null : setTimeout(() => abort.abort(headerTimeout(provider.id, limitMs)), limitMs)
  try {
    const response = await session.fetch(url, {
      method: request.method,
      headers,
      body: request.body,
      signal: abort.signal,
      // A redirect is the client's to follow: following it here could carry the key to another host.
      redirect: 'manual',
      decompress: !request.passThrough,
      // No total limit of the runtime's: an answer may take hours. The limits by phase are ours.
      timeout: false,
    })
    if (response.status < 200 || response.status > 599) throw senselessStatus(provider.id, response.status)
    return new Answer(response, withoutKey(toClient(response.headers, request.passThrough), request), abort)
  } catch (error) {
    request.signal.throwIfAborted()
    throw upstreamFault(error, provider)
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}

/** A redirect that repeats the query would hand our key to the client. */
function withoutKey(headers: Headers, { account, endpoint }: UpstreamRequest): Headers {
  const key = account.credential?.reveal()
  if ((endpoint?.auth ?? account.provider.auth).kind !== 'query' || key === undefined) return headers
  const written = [key, encodeURIComponent(key)]
  for (const [name, value] of headers) if (written.some((text) => value.includes(text))) headers.delete(name)
  return headers
}

const senselessStatus = (providerId: string, status: number) =>
  new GatewayError('http_protocol_error', `${providerId} answered with status ${status}, which is none.`)

const headerTimeout = (providerId: string, limitMs: number) =>
  new GatewayError(
    'http_response_timeout',
    `Request timed out: ${providerId} sent no answer within ${limitMs} ms (CLIENT_RESPONSE_HEADER_TIMEOUT).`,
  )
