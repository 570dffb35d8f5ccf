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
      const { readCall } = await import('./proxy-call.ts') // loaded by those who use it
      const { path, options, ...call } = readCall(target, init, baseURL)
      const { response } = await ask(door, {
        ...call,
        path: `${prefix}/${path}`,
        options: joinOptions(base, options),
      })
      return response
    },
  }
}
