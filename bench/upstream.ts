// The provider: answers every chat request at once and with as little work as possible. A process of its own, so that
// its time is nobody else's: `bun bench/upstream.ts PORT`.
import { chatCompletion, modelList, streamEvents } from './messages.ts'
import { anthropicEvents, cohereEvents, googleEvents } from './native-streams.ts'

/**
 * Each stream gets one event per turn of this many ticks, and streams are spread over the ticks. So every event is
 * a write of its own and the relay meets them as they come from a model: one by one, of many streams at once.
 */
const TICK_MS = 1
const TICKS_PER_EVENT = 8

const json = (body: string) =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )

const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n',
)

/** The writes of a stream: one chunk per event; the last one carries the end of the body. */
function streamWrites(events: readonly string[]): Buffer[] {
  return events.map((event, index) => {
    const end = index === events.length - 1 ? '0\r\n\r\n' : ''
    return Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n${end}`)
  })
}

const completion = json(chatCompletion)
const models = json(modelList)
const notFound = Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
const chatEvents = (includeUsage: boolean) => streamEvents(includeUsage).map((data) => `data: ${data}\n\n`)
const writes = { plain: streamWrites(chatEvents(false)), withUsage: streamWrites(chatEvents(true)) }
/** Providers that are asked in dialects of their own are only asked for streams. */
const nativeWrites = {
  '/v1/messages': streamWrites(anthropicEvents),
  '/v2/chat': streamWrites(cohereEvents),
  '/v1beta/models/bench:streamGenerateContent?alt=sse': streamWrites(googleEvents),
}

interface Client {
  /** The part of a request that has arrived, as latin1: one character is one byte. */
  received: string
}
type Socket = Bun.Socket<Client>

interface Stream {
  readonly socket: Socket
  readonly writes: readonly Buffer[]
  next: number
}

const turns: Set<Stream>[] = Array.from({ length: TICKS_PER_EVENT }, () => new Set())
let opened = 0
let tick = 0

setInterval(() => {
  const turn = turns[tick++ % TICKS_PER_EVENT] ?? new Set()
  for (const stream of turn) {
    const write = stream.writes[stream.next++]
    if (write) send(stream.socket, write)
    if (stream.next >= stream.writes.length || stream.socket.readyState !== 1) turn.delete(stream)
  }
}, TICK_MS)

/** A reader that is a whole socket buffer behind is not worth a queue: it sees a broken answer and counts an error. */
function send(socket: Socket, bytes: Buffer): void {
  if (socket.write(bytes) < bytes.length) socket.terminate()
}

function answer(socket: Socket, request: string): void {
  const line = request.slice(0, request.indexOf('\r\n'))
  if (/^GET \S*\/models /.test(line)) return send(socket, models)
  const native = Object.entries(nativeWrites).find(([path]) => line.startsWith(`POST ${path} `))
  if (native !== undefined) return begin(socket, native[1])
  if (!/^POST \S*\/chat\/completions /.test(line)) return send(socket, notFound)
  if (!/"stream"\s*:\s*true/.test(request)) return send(socket, completion)
  begin(socket, /"include_usage"\s*:\s*true/.test(request) ? writes.withUsage : writes.plain)
}

function begin(socket: Socket, stream: readonly Buffer[]): void {
  send(socket, streamHead)
  turns[opened++ % TICKS_PER_EVENT]?.add({ socket, writes: stream, next: 0 })
}

/** Enough of RFC 9112 for clients that wait for the answer before they ask again. */
function isComplete(request: string): boolean {
  const headEnd = request.indexOf('\r\n\r\n')
  if (headEnd === -1) return false
  const head = request.slice(0, headEnd)
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return request.endsWith('\r\n0\r\n\r\n')
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
  return request.length >= headEnd + 4 + length
}

Bun.listen<Client>({
  hostname: '127.0.0.1',
  port: Number(Bun.argv[2]),
  socket: {
    open(socket) {
      socket.data = { received: '' }
      socket.setNoDelay(true)
    },
    data(socket, bytes) {
      socket.data.received += bytes.toString('latin1')
      if (!isComplete(socket.data.received)) return
      const request = socket.data.received
      socket.data.received = ''
      answer(socket, request)
    },
    error(socket) {
      socket.terminate()
    },
  },
})
