import { byteTap } from '../dispatch/byte-tap.ts'
import type { ChatDispatch } from '../dispatch/chat.ts'
import { relayStream } from '../dispatch/relay.ts'
import { endpointRequest, send } from '../dispatch/send.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import type { Account, Endpoint, UpstreamAnswer, UpstreamRequest } from '../providers/provider.ts'
import { proxyPath, withoutDoubledVersion } from './proxy-path.ts'

export interface ProxyParts {
  /** Throws provider_not_found, provider_not_configured. */
  readonly account: (provider: string) => Account
  readonly dispatch: ChatDispatch
}

/** Up to this size a body is read before it is sent, so that it goes out with its length. */
const BUFFERED_BYTES = 1024 * 1024

/** GET|POST|PUT|PATCH|DELETE /proxy/{provider}/{path}: the provider's own API, with the gateway's key. */
export function proxy({ account, dispatch }: ProxyParts): Handler {
  return async (exchange) => {
    const { provider, path: written } = proxyPath(exchange.path)
    const target = account(provider)
    const path = withoutDoubledVersion(target.provider.baseUrl, written)
    if (path !== written) exchange.tell({ type: 'changes', changes: [`path=${written}>${path}`] })
    const request = endpointRequest(target, exchange, {
      method: exchange.method,
      path: path + exchange.search,
      endpoint: endpointAt(target, path),
      body: await bodyOf(exchange),
      passThrough: true,
    })
    return relay(exchange, await send(dispatch, exchange, request, null), dispatch)
  }
}

function endpointAt({ provider }: Account, path: string): Pick<Endpoint, 'auth' | 'headers'> {
  const { models, chat } = provider.operations
  const endpoints = [...(models?.endpoints ?? []), ...(chat === undefined ? [] : [chat])]
  return endpoints.find((endpoint) => endpoint.path.split('?')[0] === path) ?? provider.proxy ?? {}
}

async function bodyOf({ method, headers, body }: Exchange): Promise<UpstreamRequest['body']> {
  const stream = body.stream()
  if (stream === null) return null
  if (method === 'GET' || method === 'HEAD')
    throw new GatewayError('invalid_request', `A ${method} request to a provider cannot have a body.`)
  const length = Number(headers.get('content-length') ?? Number.NaN)
  return length <= BUFFERED_BYTES && !headers.has('content-encoding') ? body.bytes() : stream
}

/** Statuses that have no body, whatever the provider sent. */
const BODILESS = new Set([204, 205, 304])

function relay(exchange: Exchange, answer: UpstreamAnswer, { relay: options }: ChatDispatch): Response {
  const { status, statusText, headers } = answer
  if (answer.body === null || BODILESS.has(status) || exchange.method === 'HEAD')
    return new Response(null, { status, statusText, headers })
  return new Response(relayStream(exchange, answer, byteTap, options), { status, statusText, headers })
}
