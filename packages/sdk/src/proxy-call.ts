import type { OutgoingRequest, RequestOptions } from './options.ts'

/** What a `fetch` asks of a provider. */
export interface ProxyCall {
  readonly method: string
  /** Under the provider's base URL, without a slash before it. */
  readonly path: string
  readonly body: OutgoingRequest['body']
  readonly signals: readonly AbortSignal[]
  readonly options: RequestOptions
}

/** Reads what `fetch` is given. Throws TypeError for a URL that does not lie under `baseURL`. */
export function readCall(target: string | URL | Request, init: RequestInit, baseURL: string): ProxyCall {
  // A Request knows its method, headers and body; what is said besides wins, as with any fetch.
  const request = target instanceof Request ? new Request(target, init) : undefined
  const { method = 'GET', body = null, headers, signal } = request ?? init
  const options = {
    headers: Object.fromEntries(new Headers(headers)),
    timeouts: { firstByte: 0 },
    // A body that is a stream has to be announced.
    fetchOptions: body instanceof ReadableStream ? { duplex: 'half' } : {},
  }
  const path = pathOf(target instanceof Request ? target.url : String(target), baseURL)
  return { method, path, body, signals: signal ? [signal] : [], options }
}

/** Throws TypeError for another place: a provider's key-less URL would go past the gateway. */
function pathOf(target: string, baseURL: string): string {
  if (target.startsWith(`${baseURL}/`)) return target.slice(baseURL.length + 1)
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) throw new TypeError(`${target} does not lie under ${baseURL}.`)
  return target.replace(/^\/+/, '')
}
