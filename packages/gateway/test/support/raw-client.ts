import { connect as connectSocket } from 'node:net'
import { Ended, type Head, inboxOf, readChunks, readHead, readSized, write } from './wire.ts'

/** An answer as it stood on the wire. */
export interface RawAnswer extends Head {
  readonly status: number
  /** Framing taken off. */
  readonly body: Buffer
  readonly text: string
  /** Whether the framing says that the body came to its end. A broken answer must never say so. */
  readonly isWhole: boolean
}

export interface RawConnection {
  send(bytes: Uint8Array | string): Promise<void>
  /** The next answer; what arrived of it when the connection ends before. `method` tells whether it has a body. */
  answer(method?: string): Promise<RawAnswer>
  /** Settles when this text has arrived. */
  saw(text: string): Promise<void>
  /** Every byte that arrived. */
  readonly received: Buffer
  /** Says that nothing more will be sent (FIN). */
  end(): void
  /** Breaks the connection off (RST). */
  cut(): void
  /** Takes no bytes until `resume`. */
  pause(): void
  resume(): void
  readonly closed: Promise<void>
}

/** Opens a connection on which any bytes can be sent. */
export async function connect(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connectSocket(Number(port), hostname)
  const inbox = inboxOf(socket)
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.setNoDelay(true)

  async function answer(method = 'GET'): Promise<RawAnswer> {
    const head = await readHead(inbox)
    const status = Number(head.firstLine.split(' ')[1])
    const parts: Buffer[] = []
    const facts = { ...head, status }
    try {
      const hasBody = method !== 'HEAD' && status !== 204 && status !== 304
      const hear = (bytes: Buffer): void => void parts.push(bytes)
      if (head.header('transfer-encoding') === 'chunked' && hasBody) await readChunks(inbox, hear)
      else if (hasBody) await readSized(inbox, Number(head.header('content-length') ?? 0), hear)
      return { ...facts, ...bodyOf(parts), isWhole: true }
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      return { ...facts, ...bodyOf(parts), isWhole: false }
    }
  }

  return {
    send: (bytes) => write(socket, bytes),
    answer,
    saw: (text) => inbox.saw(text),
    get received() {
      return inbox.received
    },
    end: () => void socket.end(),
    cut: () => void socket.resetAndDestroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    closed,
  }
}

function bodyOf(parts: readonly Buffer[]): Pick<RawAnswer, 'body' | 'text'> {
  const body = Buffer.concat(parts)
  return { body, text: body.toString() }
}

/** The bytes of a request with its length. `headers` come as they are. */
export function request(
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array | string = '',
): Buffer {
  const bytes = Buffer.from(body)
  const length = bytes.byteLength === 0 ? {} : { 'content-length': String(bytes.byteLength) }
  const fields = Object.entries({ host: 'gateway', ...length, ...headers }).map(([name, value]) => `${name}: ${value}`)
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`), bytes])
}

/** Sends one request on a connection of its own. */
export async function ask(
  url: string,
  line: string,
  headers?: Readonly<Record<string, string>>,
  body?: Uint8Array | string,
): Promise<RawAnswer> {
  const connection = await connect(url)
  await connection.send(request(line, headers, body))
  const answer = await connection.answer(line.split(' ')[0])
  connection.cut()
  return answer
}
