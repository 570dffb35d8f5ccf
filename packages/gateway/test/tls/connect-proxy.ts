import { connect, createServer, type Socket } from 'node:net'
import { type Head, inboxOf, readHead } from '../support/wire.ts'

/** A forward proxy that knows one place only: whatever it is asked for, it leads there. */
export interface ConnectProxy {
  readonly port: number
  /** What it was asked, in order. */
  readonly heads: readonly Head[]
  /** Every byte that came to it. */
  readonly seen: string
  [Symbol.asyncDispose](): Promise<void>
}

/** Leads to `port` of loopback. `answer`: what it says to CONNECT, instead of leading anywhere. `answers`: `false` says nothing at all. */
export async function startConnectProxy(
  port: number,
  answer: string | null = null,
  { answers = true } = {},
): Promise<ConnectProxy> {
  const heads: Head[] = []
  const sockets = new Set<Socket>()
  let seen = ''
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => {}) // both sides may break off
  }
  const server = createServer((client) => {
    keep(client).on('data', (bytes) => (seen += bytes.toString('latin1')))
    void readHead(inboxOf(client)).then(
      (head) => {
        heads.push(head)
        if (!answers) return
        if (answer !== null) return void client.end(answer)
        const target = keep(connect(port, '127.0.0.1'))
        if (head.firstLine.startsWith('CONNECT ')) client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        else target.write(seen, 'latin1')
        client.pipe(target).pipe(client)
        // A pipe passes on an end, but not a break.
        client.on('close', () => target.destroy())
        target.on('close', () => client.destroy())
      },
      () => {},
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    heads,
    get seen() {
      return seen
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
