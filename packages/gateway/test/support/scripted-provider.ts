import { createServer, type Socket } from 'node:net'
import { noteSaid } from './canaries.ts'
import {
  chunk,
  Ended,
  type Head,
  type Inbox,
  inboxOf,
  LAST_CHUNK,
  readChunks,
  readHead,
  readSized,
  turn,
  write,
} from './wire.ts'

/** A request as it arrived at the provider. */
export interface ReceivedRequest extends Head {
  readonly method: string
  /** The request target as it was written, query and all. */
  readonly target: string
  /** What has arrived of the body, framing taken off. */
  readonly body: Buffer
  /** The body as text. */
  readonly text: string
  /** Whether the body arrived to its end. */
  readonly isWhole: boolean
  /** Settles when the connection has closed, whoever closed it. */
  readonly closed: Promise<void>
}

/** One request and the connection its answer goes out on. */
export interface Call {
  readonly request: ReceivedRequest
  /** Settles when the request's body is whole. Throws Ended. */
  readonly bodyRead: Promise<void>
  readonly write: (bytes: Uint8Array | string) => Promise<void>
  /** Ends the connection properly (FIN). */
  readonly end: () => void
  /** Breaks the connection off (RST). */
  readonly reset: () => void
}

/** What a provider does with a request. The connection is kept until the script ends it, or the client. */
export type Script = (call: Call) => Promise<void> | void

export interface ScriptedProvider {
  readonly origin: string
  /** Every request but those for the model list, which the provider answers by itself, in order of arrival. */
  readonly requests: readonly ReceivedRequest[]
  readonly connections: number
  /** What it does from now on. */
  play(script: Script): void
  /** Forgets the requests. */
  forget(): void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ScriptedProviderOptions {
  /** What it lists at `/models`. `null`: the script answers that too. */
  readonly models?: readonly string[] | null
}

/** Starts a provider on a socket of its own. It says what its script says, byte for byte. */
export async function startScriptedProvider(
  script: Script = json({}),
  { models = [] }: ScriptedProviderOptions = {},
): Promise<ScriptedProvider> {
  const requests: ReceivedRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let current = script
  const list = json({ object: 'list', data: (models ?? []).map((id) => ({ id, object: 'model', owned_by: 'them' })) })
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {}) // a client that resets the connection is part of the game
    socket.on('close', () => sockets.delete(socket))
    void serve(socket, (call) => {
      const isList = models !== null && /\/models(\?|$)/.test(call.request.target) && call.request.method === 'GET'
      if (isList) return list(call)
      requests.push(call.request)
      return current(call)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections
    },
    play: (next) => void (current = next),
    forget: () => void (requests.length = 0),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Answers request after request of one connection. */
async function serve(socket: Socket, script: Script): Promise<void> {
  const inbox = inboxOf(socket)
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  try {
    for (;;) {
      const request = await receive(inbox, closed)
      const bodyRead = request.read()
      bodyRead.catch(() => {}) // the script may not care
      await script({
        request,
        bodyRead,
        write(bytes) {
          noteSaid(bytes)
          return write(socket, bytes)
        },
        end: () => socket.end(),
        reset: () => socket.resetAndDestroy(),
      })
      await bodyRead
    }
  } catch (error) {
    if (!(error instanceof Ended)) throw error
  }
}

async function receive(inbox: Inbox, closed: Promise<void>): Promise<ReceivedRequest & { read(): Promise<void> }> {
  const head = await readHead(inbox)
  const [method = '', target = ''] = head.firstLine.split(' ')
  const parts: Buffer[] = []
  let isWhole = false
  return {
    ...head,
    method,
    target,
    closed,
    get body() {
      return Buffer.concat(parts)
    },
    get text() {
      return Buffer.concat(parts).toString()
    },
    get isWhole() {
      return isWhole
    },
    async read() {
      const hear = (bytes: Buffer): void => void parts.push(bytes)
      if (head.header('transfer-encoding') === 'chunked') await readChunks(inbox, hear)
      else await readSized(inbox, Number(head.header('content-length') ?? 0), hear)
      isWhole = true
      noteSaid(Buffer.concat(parts))
    },
  }
}

type Headers = Readonly<Record<string, string>>

const headOf = (status: number, headers: Headers): string =>
  [`HTTP/1.1 ${status} Scripted`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join(
    '\r\n',
  )

/** Reads the request to its end, then answers with these bytes and their length. */
export function answer(status: number, headers: Headers, body: Uint8Array | string): Script {
  const bytes = Buffer.from(body)
  const head = headOf(status, { ...headers, 'content-length': String(bytes.byteLength) })
  return async (call) => {
    await call.bodyRead
    await call.write(Buffer.concat([Buffer.from(head), bytes]))
  }
}

export const json = (value: unknown, status = 200, headers: Headers = {}): Script =>
  answer(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(value))

/** These bytes and nothing else, whatever they mean; then the connection ends. */
export const raw = (bytes: Uint8Array | string): Script => {
  return async (call) => {
    await call.bodyRead
    await call.write(bytes)
    call.end()
  }
}

/** Never answers. */
export const silence: Script = async ({ bodyRead }) => bodyRead

const EVENT_STREAM: Headers = { 'content-type': 'text/event-stream' }

/** The head of a chunked answer; the script goes on with `chunk(…)` and LAST_CHUNK. */
export const chunkedHead = (headers: Headers = EVENT_STREAM, status = 200): string =>
  headOf(status, { ...headers, 'transfer-encoding': 'chunked' })

/** A stream in these pieces, each on its own trip through the network. */
export function stream(
  pieces: readonly (Uint8Array | string)[],
  headers: Headers = EVENT_STREAM,
  status = 200,
): Script {
  return async (call) => {
    await call.bodyRead
    await call.write(chunkedHead(headers, status))
    for (const piece of pieces) {
      await call.write(chunk(piece))
      await turn()
    }
    await call.write(LAST_CHUNK)
  }
}

/** Bytes in pieces of this size. */
export const cut = (bytes: Uint8Array, size: number): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
