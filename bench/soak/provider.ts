// The provider: does with each request what its script says, on raw sockets. A process of its own, whose time and memory
// are nobody else's: `bun bench/soak/provider.ts PORT`. `GET /counts` tells what it has seen.
import { modelList } from '../messages.ts'
import { type Script, completionOf, eventAt, scriptIn, usageEvent } from './script.ts'

/** What the provider knows of its connections. */
export interface ProviderCounts {
  /** Open connections that have carried a chat request. */
  readonly open: number
  /** Bytes that the system has taken for streams without an end. */
  readonly endlessBytes: number
  /** Requests that were read to their end. */
  readonly requests: number
}

interface Client {
  /** The part of a request that has arrived, as latin1: one character is one byte. */
  received: string
  isCounted: boolean
  /** Gives a stream without an end its next bytes. */
  refill: (() => void) | null
}
type Socket = Bun.Socket<Client>

const counts = { open: 0, endlessBytes: 0, requests: 0 }

const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n'
const LAST_CHUNK = '0\r\n\r\n'

const jsonHead = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`

const chunked = (event: string): string => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`

/** A reader that is a whole socket buffer behind is not worth a queue: it sees a broken answer, and counts an error. */
function send(socket: Socket, text: string): void {
  const bytes = Buffer.from(text)
  if (socket.write(bytes) < bytes.length) socket.terminate()
}

const isOpen = (socket: Socket): boolean => socket.readyState === 1

function play(socket: Socket, script: Script, request: string): void {
  const { events, gapMs, fault } = script
  if (fault === 'reset') return socket.terminate()
  if (fault === 'status') {
    const body = '{"error":{"message":"The engine is overloaded.","type":"server_error","param":null,"code":null}}'
    return send(socket, jsonHead('500 Internal Server Error', body) + body)
  }
  if (events === Number.POSITIVE_INFINITY) return pour(socket, script)
  if (events === 0) return void setTimeout(() => answer(socket, script), gapMs)
  send(socket, STREAM_HEAD)
  stream(socket, script, /"include_usage"\s*:\s*true/.test(request), 0)
}

function answer(socket: Socket, script: Script): void {
  if (!isOpen(socket) || script.fault === 'stall') return
  if (script.fault === 'junk') return void socket.end('SSH-2.0-provider\r\n\r\n')
  const body = completionOf(script)
  if (script.fault === null) return send(socket, jsonHead('200 OK', body) + body)
  socket.end(jsonHead('200 OK', body) + body.slice(0, body.length / 2))
}

/** One event, then the next one after a while: as a model talks. */
function stream(socket: Socket, script: Script, withUsage: boolean, index: number): void {
  if (!isOpen(socket)) return
  const { events, gapMs, fault } = script
  if (fault !== null && index > events / 2) return spoil(socket, fault)
  const event = eventAt(script, index) ?? ''
  if (index < events + 2) {
    send(socket, chunked(event))
    setTimeout(stream, gapMs, socket, script, withUsage, index + 1)
  } else send(socket, (withUsage ? chunked(usageEvent(script)) : '') + chunked(event) + LAST_CHUNK)
}

/** In the middle of a stream; a stall is to do nothing more. */
function spoil(socket: Socket, fault: Script['fault']): void {
  if (fault === 'cut') socket.end()
  if (fault === 'junk') send(socket, 'not a chunk size\r\n')
}

/** Events without an end, as fast as they are taken. */
function pour(socket: Socket, script: Script): void {
  const piece = Buffer.from(chunked(eventAt(script, 1) ?? '').repeat(200))
  let rest = Buffer.from(STREAM_HEAD)
  const refill = () => {
    // A turn for others even when the reader takes everything.
    for (let turns = 0; turns < 8; turns++) {
      const written = Math.max(0, socket.write(rest))
      counts.endlessBytes += written
      rest = rest.subarray(written)
      if (rest.length > 0) return
      rest = piece
    }
    setTimeout(() => isOpen(socket) && refill(), 1)
  }
  socket.data.refill = refill
  refill()
}

/** Enough of RFC 9112 for clients that wait for the answer before they ask again. */
function isComplete(request: string): boolean {
  const headEnd = request.indexOf('\r\n\r\n')
  if (headEnd === -1) return false
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(request.slice(0, headEnd))?.[1] ?? 0)
  return request.length >= headEnd + 4 + length
}

function respond(socket: Socket, request: string): void {
  const line = request.slice(0, request.indexOf('\r\n'))
  if (line.startsWith('GET /counts ')) {
    const body = JSON.stringify(counts satisfies ProviderCounts)
    return send(socket, jsonHead('200 OK', body) + body)
  }
  if (line.startsWith('GET ')) return send(socket, jsonHead('200 OK', modelList) + modelList)
  if (!socket.data.isCounted) counts.open += 1
  socket.data.isCounted = true
  counts.requests += 1
  const script = scriptIn(request)
  if (script === null) return send(socket, jsonHead('400 Bad Request', '{}') + '{}')
  play(socket, script, request)
}

/** Opens the provider's port. */
export function listenAsProvider(port: number): { readonly port: number; stop(closeActive: boolean): void } {
  return Bun.listen<Client>({
    hostname: '127.0.0.1',
    port,
    socket: {
      open(socket) {
        socket.data = { received: '', isCounted: false, refill: null }
        socket.setNoDelay(true)
      },
      data(socket, bytes) {
        const request = socket.data.received + bytes.toString('latin1')
        socket.data.received = isComplete(request) ? '' : request
        if (isComplete(request)) respond(socket, request)
      },
      drain: (socket) => socket.data.refill?.(),
      close(socket) {
        if (socket.data.isCounted) counts.open -= 1
      },
      error: (socket) => socket.terminate(),
    },
  })
}

if (import.meta.main) listenAsProvider(Number(Bun.argv[2]))
