import { ask, type Door } from './http/send.ts'
import { joinOptions, type Settled } from './options.ts'

/** A provider's own API, through the gateway and with the gateway's key. */
export interface Proxy {
  /** For a vendor's SDK: `new Anthropic({ baseURL: gw.proxy('anthropic').baseURL })`. */
  readonly baseURL: string
  /**
   * `fetch` for the provider's API: a path such as `v1/messages`, or a URL under `baseURL`. Answers whatever comes, errors
   * included, and tries nothing again. May be given to a vendor's SDK as its `fetch`: the gateway's token goes along.
   */
  readonly fetch: (path: string | URL | Request, init?: RequestInit) => Promise<Response>
}

export function createProxy(door: Door, base: Settled, provider: string): Proxy {
  const prefix = `/proxy/${encodeURIComponent(provider)}`
  const baseURL = door.baseURL + prefix
  return {
    baseURL,
    fetch: async (target, init = {}) => {
      // A Request knows its method, headers and body; what is said besides wins, as with any fetch.
      const request = target instanceof Request ? new Request(target, init) : undefined
      const { method = 'GET', body = null, headers, signal } = request ?? init
      const options = joinOptions(base, {
        headers: Object.fromEntries(new Headers(headers)),
        timeouts: { firstByte: 0 },
        // A body that is a stream has to be announced.
        fetchOptions: body instanceof ReadableStream ? { duplex: 'half' } : {},
      })
      const path = pathOf(target instanceof Request ? target.url : String(target), baseURL)
      const { response } = await ask(door, {
        method,
        path: `${prefix}/${path}`,
        body,
        signals: signal ? [signal] : [],
        options,
      })
      return response
    },
  }
}

/** Throws TypeError for another place: a provider's key-less URL would go past the gateway. */
function pathOf(target: string, baseURL: string): string {
  if (target.startsWith(`${baseURL}/`)) return target.slice(baseURL.length + 1)
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) throw new TypeError(`${target} does not lie under ${baseURL}.`)
  return target.replace(/^\/+/, '')
}
