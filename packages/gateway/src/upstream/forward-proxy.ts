import { readException } from './no-proxy.ts'

/** A proxy that leads out of this network. It is spoken to in plain HTTP, and asked for tunnels where TLS is wanted. */
export interface ForwardProxy {
  readonly host: string
  readonly port: number
  /** The value of `proxy-authorization`; `null` where its address names no user. */
  readonly authorization: string | null
}

export interface ForwardProxyOptions {
  /** Address of the proxy to `https:` addresses; it may hold a user name and a password. */
  readonly https: string | null
  /** The same to `http:` addresses. */
  readonly http: string | null
  /** What is reached directly, as NO_PROXY writes it. */
  readonly except: readonly string[]
}

/** Tells which proxy leads to an address; `null`: it is reached directly. */
export type FindProxy = (url: URL) => ForwardProxy | null

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|::1)$/

/** Loopback is never asked of a proxy: it would look on its own machine. */
export function createFindProxy({ https, http, except }: ForwardProxyOptions): FindProxy {
  const secure = https === null ? null : readProxy(https)
  const plain = http === null ? null : readProxy(http)
  const exceptions = except.map(readException)
  return (url) => {
    const proxy = url.protocol === 'https:' ? secure : plain
    const [host, port] = [hostOf(url), portOf(url)]
    const isDirect = LOOPBACK.test(host) || exceptions.some((matches) => matches(host, port))
    return isDirect ? null : proxy
  }
}

function readProxy(address: string): ForwardProxy {
  const url = new URL(address)
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    host: hostOf(url),
    port: portOf(url),
    authorization: user === ':' ? null : `Basic ${Buffer.from(user).toString('base64')}`,
  }
}

/** The host without the brackets of an IPv6 address, which belong to the URL. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1')

export const portOf = ({ port, protocol }: URL): number => Number(port || (protocol === 'https:' ? 443 : 80))
