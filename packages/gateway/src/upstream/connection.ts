import { GatewayError } from '../kernel/errors.ts'
import type { ForwardProxy } from './forward-proxy.ts'
import { proxyFailed, Tunnel } from './tunnel.ts'

/** Where a connection leads. */
export interface Origin {
  readonly host: string
  readonly port: number
  /** `null`: no TLS. */
  readonly tls: TlsOptions | null
  /** Leads there; `null`: nobody needs to. */
  readonly proxy: ForwardProxy | null
}

export interface TlsOptions {
  readonly minVersion: 'TLS12' | 'TLS13'
  /** All authorities that are trusted, in PEM; `null`: the well-known ones. */
  readonly authorities: readonly string[] | null
}

/** Who uses a connection just now. */
export interface ConnectionUser {
  /** It is open, TLS verified: bytes may be written. */
  opened(connection: Connection): void
  received(bytes: Buffer<ArrayBuffer>, connection: Connection): void
  /** What was written has gone out, and more may follow. */
  drained(connection: Connection): void
  /** It is over; told once. `null`: the other side closed it in good order. */
  closed(error: Error | null, connection: Connection): void
}

/** The connection stood, and TLS did not come about. `code` and `cause` are the runtime's. */
export class HandshakeFailed extends Error {
  override readonly name = 'HandshakeFailed'
  readonly code: string

  constructor(cause: Error | null) {
    super('The TLS handshake failed.', { cause })
    this.code = cause !== null && 'code' in cause ? String(cause.code) : ''
  }
}

type Socket = Bun.Socket<Connection>

/** OpenSSL's SSL_OP_NO_TLSv1_2; the runtime speaks nothing older anyway. */
const NO_TLS_1_2 = 0x08000000

/** One socket to a provider. It never outlives an error, and writes nothing before its peer is known. */
export class Connection {
  readonly origin: Origin
  /** On `performance.now()`'s clock: since when nobody has used it. */
  idleSince = 0
  /** Handed to the system so far. */
  sentBytes = 0
  #user: ConnectionUser
  #socket: Socket | null = null
  #isOver = false
  #isGreeting = false
  /** Whether the socket has opened: until then it is the proxy, where there is one, that fails. */
  #isThere = false
  #tunnel: Tunnel | null
  #isPaused = false
  /** What did not fit into the socket yet. */
  #unsent: Uint8Array | null = null

  constructor(origin: Origin, user: ConnectionUser) {
    this.origin = origin
    this.#user = user
    const { tls, proxy, host, port } = origin
    this.#tunnel = tls === null || proxy === null ? null : new Tunnel(proxy, host, port)
    // What goes wrong is told to connectError as well, before this promise rejects.
    open(origin, this).catch(() => {})
  }

  get isOver(): boolean {
    return this.#isOver
  }

  use(user: ConnectionUser): void {
    this.#user = user
  }

  /** Writes all of it, sooner or later. False: hold back until `drained`. */
  write(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#socket === null) return true
    if (this.#unsent !== null) throw new Error('written to before it was drained')
    const written = Math.max(0, this.#socket.write(bytes))
    this.sentBytes += written
    if (written === bytes.byteLength) return true
    this.#unsent = bytes.subarray(written)
    return false
  }

  /** Takes nothing more from the network until `resume`: the provider is held back. */
  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket?.resume()
  }

  /** Ends it in good order, without a word to its user. */
  close(): void {
    this.#isOver = true
    this.#socket?.end()
  }

  /** Breaks it off at once: what the provider still sends is refused. Without a word to its user. */
  destroy(): void {
    this.#isOver = true
    this.#socket?.terminate()
  }

  /** For the socket's callbacks below only. */
  on = {
    proxied: (socket: Socket): void => {
      this.#socket = socket
      if (this.#isOver || this.#tunnel === null) socket.terminate()
      else socket.write(this.#tunnel.request)
    },
    tunnelled: (bytes: Buffer<ArrayBuffer>, socket: Socket): void => {
      const { tls, host } = this.origin
      // Once it is open, these are the records of TLS: their reader is the other socket.
      if (this.#tunnel === null || this.#tunnel.isOpen || this.#isOver || tls === null) return
      try {
        this.#tunnel.read(bytes)
        if (this.#tunnel.isOpen)
          socket.upgradeTLS<Connection>({ data: this, socket: tlsHandlers, tls: { ...tlsOf(tls), serverName: host } })
      } catch (error) {
        this.on.over(error instanceof Error ? error : null)
      }
    },
    greeting: (socket: Socket): void => {
      this.#isGreeting = true
      if (this.#isOver) socket.terminate()
      this.#socket = socket
    },
    open: (socket: Socket): void => {
      this.#isGreeting = false
      this.#isThere = true
      this.#socket = socket
      if (this.#isOver) return socket.terminate()
      socket.setNoDelay(true)
      this.#user.opened(this)
    },
    data: (bytes: Buffer<ArrayBuffer>): void => {
      if (!this.#isOver) this.#user.received(bytes, this)
    },
    drain: (): void => {
      const unsent = this.#unsent
      if (unsent === null || this.#isOver) return
      this.#unsent = null
      if (this.write(unsent)) this.#user.drained(this)
    },
    over: (error: Error | null): void => {
      if (this.#isOver) return
      this.#isOver = true
      this.#socket?.terminate()
      this.#user.closed(this.#isGreeting ? new HandshakeFailed(error) : this.#meaning(error), this)
    },
  }

  #meaning(error: Error | null): Error | null {
    if (this.#isThere || this.origin.proxy === null || error instanceof GatewayError) return error
    return proxyFailed('cannot be reached or ends the connection', error)
  }
}

function open({ host, port, tls, proxy }: Origin, connection: Connection): Promise<Socket> {
  const address = { hostname: proxy?.host ?? host, port: proxy?.port ?? port, data: connection }
  if (tls === null) return Bun.connect<Connection>({ ...address, socket: plainHandlers })
  if (proxy !== null) return Bun.connect<Connection>({ ...address, socket: proxyHandlers })
  // An IP address is checked against the certificate, but has no place in the greeting.
  const greeted = IP_ADDRESS.test(host) ? {} : { serverName: host }
  return Bun.connect<Connection>({ ...address, socket: tlsHandlers, tls: { ...tlsOf(tls), ...greeted } })
}

/** As hosts in URLs go: only addresses hold colons or end with a number. */
const IP_ADDRESS = /:|\.\d+$/

function tlsOf({ minVersion, authorities }: TlsOptions): Bun.TLSOptions {
  return {
    rejectUnauthorized: true,
    ...(minVersion === 'TLS13' ? { secureOptions: NO_TLS_1_2 } : {}),
    ...(authorities === null ? {} : { ca: [...authorities] }),
  }
}

const handlers: Bun.SocketHandler<Connection> = {
  data: (socket, bytes: Buffer<ArrayBuffer>) => socket.data.on.data(bytes),
  drain: (socket) => socket.data.on.drain(),
  // Half an open connection is of no use here: a provider that stops talking has said all.
  end: (socket) => socket.data.on.over(null),
  error: (socket, error) => socket.data.on.over(error),
  close: (socket, error) => socket.data.on.over(error ?? null),
  connectError: (socket, error) => socket.data.on.over(error),
}

const plainHandlers: typeof handlers = { ...handlers, open: (socket) => socket.data.on.open(socket) }

const proxyHandlers: typeof handlers = {
  ...handlers,
  open: (socket) => socket.data.on.proxied(socket),
  data: (socket, bytes: Buffer<ArrayBuffer>) => socket.data.on.tunnelled(bytes, socket),
  // The other socket of an open tunnel tells it too, and it counts once.
  drain: () => {},
}

const tlsHandlers: typeof handlers = {
  ...handlers,
  open: (socket) => socket.data.on.greeting(socket),
  handshake: (socket, isAuthorized, error) => {
    if (isAuthorized && error === null) socket.data.on.open(socket)
    else socket.data.on.over(error ?? new Error('the certificate is not trusted'))
  },
}
