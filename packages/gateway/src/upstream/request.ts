import { GatewayError } from '../kernel/errors.ts'
import type { Auth, Credential, HeaderFields, Provider, UpstreamRequest } from '../providers/provider.ts'
import type { CallRequest } from './call.ts'
import type { Origin, TlsOptions } from './connection.ts'
import { type FindProxy, hostOf, portOf } from './forward-proxy.ts'
import { toProvider } from './headers.ts'

export interface WriterOptions {
  /** Sent as `user-agent` where the client's own does not pass. */
  readonly userAgent: string
  /** The gateway's name in `via`. */
  readonly ownName: string
  readonly tls: TlsOptions
  readonly findProxy: FindProxy
}

/** A provider's base URL in the parts a request needs. */
interface Base {
  readonly origin: Origin
  /** The fields that are the same for every request. */
  readonly fields: string
  /** What stands before the request's own path. */
  readonly path: string
}

/** Writes requests as they go on the wire. The account's key goes to no other place than its base URL. */
export function createRequestWriter(options: WriterOptions): (request: UpstreamRequest) => CallRequest {
  const bases = new WeakMap<Provider, Base>()

  function baseOf(provider: Provider): Base {
    const known = bases.get(provider)
    if (known !== undefined) return known
    const base = readBase(provider.baseUrl, options)
    bases.set(provider, base)
    return base
  }

  return (request) => {
    const { account, method, body } = request
    const { origin, fields, path } = baseOf(account.provider)
    const auth = authOf(request)
    const target = besideOf(path, request.endpoint?.beside) + putKeyIntoPath(request.path, auth, account.credential)
    const headers = headersOf(request, auth, options)
    const framing = framingOf(request, headers)
    return {
      origin,
      method,
      head: headText(`${method} ${target} HTTP/1.1\r\n${fields}${framing}`, headers),
      body,
      isChunked: framing === CHUNKED,
      onNewConnection: request.onNewConnection ?? false,
    }
  }
}

function readBase(baseUrl: string, { tls, findProxy, ownName }: WriterOptions): Base {
  const url = new URL(baseUrl)
  const isSecure = url.protocol === 'https:'
  const proxy = findProxy(url)
  const path = url.pathname.replace(/\/$/, '')
  const host = `host: ${url.host}\r\nvia: 1.1 ${ownName}\r\n`
  const origin = { host: hostOf(url), port: portOf(url), tls: isSecure ? tls : null, proxy }
  if (proxy === null || isSecure) return { origin, fields: host, path }
  // Without TLS there is no tunnel: the proxy reads the whole request (RFC 9112, section 3.2.2).
  const credentials = proxy.authorization === null ? '' : `proxy-authorization: ${proxy.authorization}\r\n`
  return { origin, fields: host + credentials, path: `http://${url.host}${path}` }
}

/** A base URL of the operator's own may lack the ending. */
const besideOf = (path: string, ending = ''): string =>
  ending !== '' && path.endsWith(ending) ? path.slice(0, -ending.length) : path

function authOf({ account, endpoint }: UpstreamRequest): Auth {
  const auth = endpoint?.auth ?? account.provider.auth
  // A local server that needs no key may still have been given one.
  return auth.kind === 'none' && account.credential !== null ? { kind: 'bearer' } : auth
}

function headersOf(request: UpstreamRequest, auth: Auth, { userAgent, ownName }: WriterOptions): HeaderFields {
  const { account, endpoint, passThrough = false } = request
  const headers = toProvider(request.headers, { byProxy: passThrough, ownName })
  if (!passThrough && request.body !== null) headers['content-type'] = request.content?.type ?? 'application/json'
  headers['accept-encoding'] ??= 'identity'
  headers['user-agent'] ??= userAgent
  if (request.trace !== undefined) {
    // What belongs to a trace that could not be read must not join ours (W3C Trace Context, 4.2).
    delete headers['tracestate']
    Object.assign(headers, request.trace)
  }
  addFixed(headers, account.provider.headers, passThrough)
  addFixed(headers, endpoint?.headers, passThrough)
  if (account.credential !== null) {
    if (auth.kind === 'bearer') headers['authorization'] = `Bearer ${account.credential.reveal()}`
    if (auth.kind === 'xheader') headers[auth.name.toLowerCase()] = account.credential.reveal()
  }
  return headers
}

/** A client that names a version of its own on /proxy knows which it wants. */
function addFixed(headers: HeaderFields, fixed: Readonly<HeaderFields> | undefined, yieldsToClient: boolean): void {
  for (const name in fixed) {
    const field = name.toLowerCase()
    if (!(yieldsToClient && field in headers)) headers[field] = fixed[name] ?? ''
  }
}

const CHUNKED = 'transfer-encoding: chunked\r\n'

/** How the provider can tell where the body ends. The client's own length holds only for a body that is piped. */
function framingOf({ method, body, content }: UpstreamRequest, headers: HeaderFields): string {
  const announced = headers['content-length'] ?? content?.length ?? undefined
  delete headers['content-length']
  if (body instanceof ReadableStream) return announced === undefined ? CHUNKED : lengthField(announced)
  if (body !== null) return lengthField(body.byteLength)
  return method === 'GET' || method === 'HEAD' || method === 'DELETE' ? '' : lengthField(0)
}

const lengthField = (bytes: number | string) => `content-length: ${bytes}\r\n`

const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const UNSAFE_LINE = /[^\x20-\x7e\r\n]|\r(?!\n)|(?:^|[^\r])\n/

function headText(start: string, headers: HeaderFields): string {
  if (UNSAFE_LINE.test(start)) throw unsendable('its path')
  let text = start
  for (const name in headers) {
    const value = headers[name] ?? ''
    if (UNSAFE_VALUE.test(value)) throw unsendable(`the header ${name}`)
    text += `${name}: ${value}\r\n`
  }
  return `${text}\r\n`
}

const unsendable = (what: string) =>
  new GatewayError('invalid_request', `The request cannot be sent on: ${what} holds characters HTTP has no place for.`)

/** Parameters that hold a credential: keys as providers take them, tokens as RFC 6750, section 2.3, has them. */
const CREDENTIALS = ['key', 'api_key', 'api-key', 'access_token']

/**
 * Takes credentials out of the query, whoever wrote them. Where the provider wants its key
 * there, exactly one is put in, ours. The rest of the query stays as it was written.
 */
function putKeyIntoPath(path: string, auth: Auth, credential: Credential | null): string {
  const names = auth.kind === 'query' ? [auth.name, ...CREDENTIALS] : CREDENTIALS
  const question = path.indexOf('?')
  if (question === -1 && auth.kind !== 'query') return path
  const pathname = question === -1 ? path : path.slice(0, question)
  const parameters = question === -1 ? [] : path.slice(question + 1).split('&')
  const holdsNone = (query: URLSearchParams) => !names.some((name) => query.has(name))
  const kept = parameters.filter((parameter) => holdsNone(new URLSearchParams(parameter)))
  if (auth.kind === 'query' && credential !== null) kept.push(`${auth.name}=${encodeURIComponent(credential.reveal())}`)
  return kept.length === 0 ? pathname : `${pathname}?${kept.join('&')}`
}
