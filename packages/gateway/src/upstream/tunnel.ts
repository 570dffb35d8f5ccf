import { GatewayError } from '../kernel/errors.ts'
import type { ForwardProxy } from './forward-proxy.ts'
import { HEAD_LIMIT_BYTES } from './response-head.ts'

const BLANK_LINE = '\r\n\r\n'

/** A way through a forward proxy, asked for before the first byte of TLS (RFC 9110, section 9.3.6). */
export class Tunnel {
  /** What the proxy is to be sent. */
  readonly request: Uint8Array
  #head = Buffer.alloc(0)
  #isOpen = false

  constructor({ authorization }: ForwardProxy, host: string, port: number) {
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
    const credentials = authorization === null ? '' : `proxy-authorization: ${authorization}\r\n`
    this.request = Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${credentials}\r\n`)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Takes what the proxy says until the way is open. Throws `proxy_failed` when it will not be. */
  read(bytes: Uint8Array): void {
    this.#head = Buffer.concat([this.#head, bytes])
    const end = this.#head.indexOf(BLANK_LINE)
    if (end === -1 && this.#head.length <= HEAD_LIMIT_BYTES) return
    const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(this.#head.toString('latin1', 0, 16))?.[1]
    if (status === undefined) throw proxyFailed('does not speak HTTP')
    if (!status.startsWith('2')) throw proxyFailed(`refuses to lead there: it answered CONNECT with ${status}`)
    // Nobody has said a word to the provider yet: what follows is the proxy's invention.
    if (end !== this.#head.length - BLANK_LINE.length) throw proxyFailed('says more than it was asked')
    this.#isOpen = true
  }
}

/** The proxy could not be used; `what` completes a sentence about it. */
export const proxyFailed = (what: string, cause: unknown = null): GatewayError =>
  new GatewayError(
    'proxy_failed',
    `Failed to reach upstream server: the proxy (HTTPS_PROXY, HTTP_PROXY) ${what}.`,
    cause === null ? {} : { cause },
  )
