import { createServer as createPlainServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Ended, type Head, inboxOf, readChunks, readHead, readSized, until, write } from './wire.ts'

/** A request as it arrived, read to its end. */
export interface FaultRequest extends Head {
  readonly method: string
  readonly target: string
  readonly text: string
  /** The connection it came on, counted from 0. */
  readonly connection: number
}

/** One connection at the provider, from its accept on. */
export interface Peer {
  /** Counted from 0. */
  readonly index: number
  /** The next request, to its end. Throws Ended. */
  request(): Promise<FaultRequest>
  /** Only the head of the next request; its body stays unread by the script. Throws Ended. */
  head(): Promise<Head>
  write(bytes: Uint8Array | string): Promise<void>
  /** Takes no byte from now on: once the buffers are full, its window is zero. */
  stopReading(): void
  /** Ends the connection properly (FIN). */
  end(): void
  /** Breaks the connection off (RST). */
  reset(): void
  /** Settles when the connection has closed, whoever closed it. */
  readonly closed: Promise<void>
  readonly isClosed: boolean
}

/** What a provider does with a connection. The connection is kept until the script ends it, or the gateway. */
export type FaultScript = (peer: Peer) => Promise<void> | void

export interface FaultProvider {
  readonly origin: string
  /** Every request that was read to its end, in order of arrival. */
  readonly requests: readonly FaultRequest[]
  /** How many connections were accepted. */
  readonly connections: number
  /** How many of them are open. */
  readonly open: number
  /** What it does with new connections. Requests and connections are counted anew. */
  play(script: FaultScript): void
  /** Settles when no connection is open; rejects after `limitMs`. */
  deserted(limitMs?: number): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface FaultProviderOptions {
  /** Speaks TLS with this certificate. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** Answers the question for its models, with none, and ends the connection. */
const listNothing: FaultScript = async (peer) => {
  await peer.request()
  await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{"data":[]}')
  peer.end()
}

/** Starts a provider that does with each connection what its script says, byte for byte. It first lists no models. */
export async function startFaultProvider({ tls }: FaultProviderOptions = {}): Promise<FaultProvider> {
  const sockets = new Set<Socket>()
  const requests: FaultRequest[] = []
  let script = listNothing
  let connections = 0
  const serve = (socket: Socket): void => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {}) // resets are part of the game
    socket.on('close', () => sockets.delete(socket))
    void run(script, peerOf(socket, connections++, requests))
  }
  const server =
    tls === undefined ? createPlainServer(serve) : createTlsServer(tls, serve).on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    play(next) {
      script = next
      connections = 0
      requests.length = 0
    },
    deserted: (limitMs) => until(() => sockets.size === 0, limitMs),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The gateway may end a connection at any point of a script. */
async function run(script: FaultScript, peer: Peer): Promise<void> {
  try {
    await script(peer)
  } catch (error) {
    if (!(error instanceof Ended)) throw error
  }
}

function peerOf(socket: Socket, index: number, requests: FaultRequest[]): Peer {
  const inbox = inboxOf(socket)
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  return {
    index,
    closed,
    get isClosed() {
      return socket.destroyed
    },
    head: () => readHead(inbox),
    async request() {
      const head = await readHead(inbox)
      const [method = '', target = ''] = head.firstLine.split(' ')
      const parts: Buffer[] = []
      const hear = (bytes: Buffer): void => void parts.push(bytes)
      if (head.header('transfer-encoding') === 'chunked') await readChunks(inbox, hear)
      else await readSized(inbox, Number(head.header('content-length') ?? 0), hear)
      const request = { ...head, method, target, text: Buffer.concat(parts).toString(), connection: index }
      requests.push(request)
      return request
    },
    write: (bytes) => Promise.race([write(socket, bytes), closed]),
    stopReading: () => void socket.pause(),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  }
}

/** Reads one request, then writes these bytes. */
export const says =
  (...pieces: readonly (Uint8Array | string)[]): FaultScript =>
  async (peer) => {
    await peer.request()
    for (const piece of pieces) await peer.write(piece)
  }

/** Reads one request, writes these bytes and ends the connection: all that is to come has come. */
export const saysAndEnds =
  (...pieces: readonly (Uint8Array | string)[]): FaultScript =>
  async (peer) => {
    await says(...pieces)(peer)
    peer.end()
  }

/** A provider that takes its time is what many tests are about. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Reads one request, then writes pieces, each so many ms after the one before. */
export const saysInTime =
  (...pieces: readonly (readonly [afterMs: number, bytes: string])[]): FaultScript =>
  async (peer) => {
    await peer.request()
    for (const [afterMs, bytes] of pieces) {
      await pause(afterMs)
      await peer.write(bytes)
    }
  }

/** One request after the other is answered with these bytes. */
export const answersAll =
  (bytes: Uint8Array | string): FaultScript =>
  async (peer) => {
    for (;;) await says(bytes)(peer)
  }

/** An answer with its length. */
export const sized = (body: string, headers: readonly string[] = [], status = '200 OK'): string =>
  [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n')
