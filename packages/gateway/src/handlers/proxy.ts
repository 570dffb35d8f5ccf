import { byteTap } from '../dispatch/byte-tap.ts'
import type { Dispatch } from '../dispatch/complete.ts'
import { openStream } from '../dispatch/preamble.ts'
import { type RelayOptions, relayStream } from '../dispatch/relay.ts'
import { send } from '../dispatch/send.ts'
import type { ChatTap } from '../dispatch/tap.ts'
import { createUsageTap } from '../dispatch/usage-tap.ts'
import { readWhole } from '../dispatch/whole.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import type { Account, Endpoint, UpstreamAnswer, UpstreamRequest } from '../providers/provider.ts'
import { proxyPath, withoutDoubledVersion } from './proxy-path.ts'
import { modelOf, permittedList, plainPath, requirePermittedModels } from './proxy-policy.ts'

export interface ProxyParts {
  /** Throws provider_not_found, provider_not_configured. */
  readonly account: (provider: string) => Account
  /** Whether a model may be used; `null`: every one. */
  readonly isAllowed: ((provider: string, model: string) => boolean) | null
  readonly dispatch: Dispatch
}

/** GET|POST|PUT|PATCH|DELETE /proxy/{provider}/{path}: the provider's own API, with the gateway's key. */
export function proxy({ account, isAllowed, dispatch }: ProxyParts): Handler {
  return async (exchange) => {
    const { provider, path: written } = proxyPath(exchange.path)
    const target = account(provider)
    // Whatever is refused from here on, the answer says whose it would have been.
    exchange.tell({ type: 'target', provider, model: null })
    const { path, endpoint } = meantBy(target, written)
    if (path !== written) exchange.tell({ type: 'changes', changes: [`path=${written}>${path}`] })
    const permits = isAllowed === null ? null : (model: string) => isAllowed(provider, model)
    const body = permits === null ? await bodyOf(exchange) : await permittedBody(exchange, path, permits)
    const { method, signal, search } = exchange
    const isList = permits !== null && method === 'GET' && isModelList(target, path)
    // A list that has to be read must come as plain text.
    const headers = isList ? without(exchange.headers, 'accept-encoding') : exchange.headers
    const request = { account: target, method, path: path + search, endpoint, headers, body, passThrough: true, signal }
    const model = modelOf({ path, body: body instanceof Uint8Array ? body : NOTHING })
    const answer = await send(dispatch, exchange, request, model)
    const isListed = isList && answer.status === 200
    const options = dispatch.relay(provider)
    return isListed ? permittedModels(exchange, answer, permits, options) : relay(exchange, answer, options)
  }
}

const NOTHING = new Uint8Array(0)

interface Meant {
  readonly path: string
  readonly endpoint: Pick<Endpoint, 'auth' | 'headers' | 'beside'>
}

/** Google's own API lies beside the base URL: a path that begins with its version, as its SDKs write it, means that one. */
function meantBy(target: Account, written: string): Meant {
  const { baseUrl, operations } = target.provider
  const path = withoutDoubledVersion(baseUrl, written)
  const { nativeChat: native } = operations
  const besides = native?.beside
  if (path === written && native !== undefined && besides !== undefined && baseUrl.endsWith(besides)) {
    const own = withoutDoubledVersion(baseUrl.slice(0, -besides.length), written)
    if (own !== written) return { path: own, endpoint: native }
  }
  return { path, endpoint: endpointAt(target, path) }
}

/** The operation the path is, or what the provider wants on all its other paths. */
function endpointAt({ provider }: Account, path: string): Pick<Endpoint, 'auth' | 'headers'> {
  const { models, ...others } = provider.operations
  const endpoints = [...(models?.endpoints ?? []), ...Object.values(others)]
  return endpoints.find((endpoint) => pathOf(endpoint) === path) ?? provider.proxy ?? {}
}

const pathOf = ({ path }: Endpoint): string => path.split('?')[0] ?? path

/** Up to this size a body is read before it is sent. */
const BUFFERED_BYTES = 1024 * 1024

async function bodyOf(exchange: Exchange): Promise<UpstreamRequest['body']> {
  refuseBodyOnGet(exchange)
  const { headers, body } = exchange
  const stream = body.stream()
  if (stream === null) return null
  const length = Number(headers.get('content-length') ?? Number.NaN)
  return length <= BUFFERED_BYTES && !headers.has('content-encoding') ? body.bytes() : stream
}

/** The runtime cannot send one, and drops it unseen: only its framing tells that there is one. */
function refuseBodyOnGet({ method, headers }: Exchange): void {
  const isFramed = headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0
  if ((method !== 'GET' && method !== 'HEAD') || !isFramed) return
  throw new GatewayError('invalid_request', `A ${method} request to a provider cannot have a body.`)
}

async function permittedBody(
  exchange: Exchange,
  path: string,
  permits: (model: string) => boolean,
): Promise<Uint8Array<ArrayBuffer> | null> {
  refuseBodyOnGet(exchange)
  const body = exchange.body.stream() === null ? null : await exchange.body.bytes()
  const contentType = exchange.headers.get('content-type') ?? ''
  requirePermittedModels({ path, search: exchange.search, contentType, body: body ?? NOTHING }, permits)
  return body
}

function isModelList({ provider }: Account, path: string): boolean {
  const plain = plainPath(path)
  return provider.operations.models?.endpoints.some((endpoint) => pathOf(endpoint) === plain) ?? false
}

function without(headers: Headers, name: string): Headers {
  const rest = new Headers(headers)
  rest.delete(name)
  return rest
}

async function permittedModels(
  exchange: Exchange,
  answer: UpstreamAnswer,
  permits: (model: string) => boolean,
  limits: RelayOptions,
): Promise<Response> {
  const list = parseList(await readWhole(answer, limits))
  exchange.tell({ type: 'changes', changes: ['filtered=models'] })
  return Response.json(permittedList(list, permits))
}

function parseList(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw new GatewayError(
      'invalid_response',
      'The provider answered its model list with something that is not JSON.',
      { cause: error },
    )
  }
}

/** Sound, pictures and what is compressed pass unread. */
function tapFor({ headers }: UpstreamAnswer): ChatTap {
  const type = headers['content-type'] ?? ''
  const isStream = type.includes('event-stream')
  const isReadable = (isStream || /\bjson\b/.test(type)) && headers['content-encoding'] === undefined
  return isReadable ? createUsageTap(isStream) : byteTap
}

/** Statuses that have no body, whatever the provider sent. */
const BODILESS = new Set([204, 205, 304])

function relay(exchange: Exchange, answer: UpstreamAnswer, options: RelayOptions): Response {
  const { status, statusText, headers, body } = answer
  if (body !== null && !BODILESS.has(status))
    return new Response(relayStream(exchange, openStream(answer), tapFor(answer), options), {
      status,
      statusText,
      headers,
    })
  answer.abort(null)
  return new Response(null, { status, statusText, headers })
}
