import type { AnswerBody, PartSink } from '../providers/provider.ts'
import { ChunkedDecoder } from './chunked.ts'
import { Connection, type ConnectionUser, type Origin } from './connection.ts'
import type { ConnectionPool } from './pool.ts'
import { PartQueue } from './part-queue.ts'
import { HEAD_LIMIT_BYTES, MalformedAnswer, parseHead, type ResponseHead } from './response-head.ts'
import { Upload } from './upload.ts'

/** A request as it goes on the wire. */
export interface CallRequest {
  readonly origin: Origin
  readonly method: string
  /** Request line and header fields, with the blank line. */
  readonly head: string
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null
  /** Whether the body's end is told by a last chunk instead of a length. */
  readonly isChunked: boolean
  /** Never on a connection that has served before. */
  readonly onNewConnection: boolean
}

/** Is told of one of the first two, once, and at the end of the last. */
export interface CallListener {
  /** The status line and the fields are known; the body follows. */
  head(head: ResponseHead): void
  /** There will be no answer. */
  fault(error: unknown): void
  /** Nothing more will come over the network. */
  over(): void
}

/** What a call is waiting for. */
export type Phase = 'connect' | 'send' | 'answer' | 'body' | 'over'

/**
 * The provider is held back while this much of an answer waits for a reader, who is given no more of it at once: the
 * runtime reads up to 512 KiB in one go, and keeps for each of its own layers what a client does not take.
 */
const HELD_BYTES = 64 * 1024

const BLANK_LINE = '\r\n\r\n'

/**
 * One request and its answer on one connection (RFC 9112). The connection is kept for the next call only when both were
 * complete and nothing followed; after anything else it is closed.
 */
export class Call implements ConnectionUser, AnswerBody {
  readonly #request: CallRequest
  readonly #pool: ConnectionPool
  readonly #connection: Connection
  readonly #isReused: boolean
  readonly #listener: CallListener
  #upload: Upload | null = null
  #phase: Phase = 'connect'
  /** Of a head that has not come in one piece. */
  #headBytes: Buffer<ArrayBuffer> | null = null
  #head: ResponseHead | null = null
  #chunks: ChunkedDecoder | null = null
  /** Of a body with a length: what is still to come. */
  #missingBytes = 0
  readonly #held = new PartQueue()
  #sink: PartSink | null = null
  /** A byte of an answer has come. */
  #hasHeard = false
  #isComplete = false
  #fault: unknown = null

  /** Starts at once. */
  constructor(request: CallRequest, pool: ConnectionPool, listener: CallListener) {
    this.#request = request
    this.#pool = pool
    this.#listener = listener
    const idle = request.onNewConnection ? null : pool.take(request.origin, this)
    this.#isReused = idle !== null
    this.#connection = idle ?? new Connection(request.origin, this)
    if (idle !== null) this.opened()
  }

  get phase(): Phase {
    return this.#phase
  }

  /** It began on a kept connection, and not a byte of an answer has come. */
  get wasStale(): boolean {
    return this.#isReused && !this.#hasHeard
  }

  /** Sent on this connection so far: who sees the same twice has seen a standstill. */
  get sentBytes(): number {
    return this.#connection.sentBytes
  }

  opened(): void {
    this.#phase = 'send'
    const { head, body, isChunked } = this.#request
    this.#upload = new Upload(this.#connection, { head, body, isChunked }, (error) => this.#sent(error))
    this.#upload.start()
  }

  drained(): void {
    this.#upload?.drained()
  }

  #sent(error: unknown): void {
    if (error !== null) this.abort(error)
    else if (this.#phase === 'send') this.#phase = 'answer'
  }

  received(bytes: Buffer<ArrayBuffer>): void {
    this.#hasHeard = true
    try {
      if (this.#head === null) this.#readHead(bytes)
      else this.#readBody(bytes)
    } catch (error) {
      this.abort(error)
    }
  }

  #readHead(bytes: Buffer<ArrayBuffer>): void {
    const known = this.#headBytes === null ? bytes : Buffer.concat([this.#headBytes, bytes])
    const end = known.indexOf(BLANK_LINE)
    if (end === -1 || end > HEAD_LIMIT_BYTES) return this.#awaitRestOfHead(known)
    const head = parseHead(known.toString('latin1', 0, end), this.#request.method)
    this.#headBytes = null
    const rest = known.subarray(end + BLANK_LINE.length)
    // 100, 103 and the like announce the real answer; what 101 would switch to, nobody asked for.
    if (head.status === 101) throw new MalformedAnswer('it switches protocols')
    if (head.status >= 200) this.#begin(head, rest)
    else if (rest.length > 0) this.#readHead(rest)
  }

  #awaitRestOfHead(known: Buffer<ArrayBuffer>): void {
    if (known.length > HEAD_LIMIT_BYTES) throw new MalformedAnswer(`its head is over ${HEAD_LIMIT_BYTES} bytes`)
    if (!'HTTP/1.'.startsWith(known.toString('latin1', 0, 7)))
      throw new MalformedAnswer('it does not begin with HTTP/1')
    if (/(?:^|[^\r])\n/.test(known.toString('latin1'))) throw new MalformedAnswer('its lines do not end with CR LF')
    this.#headBytes = known
  }

  #begin(head: ResponseHead, rest: Buffer<ArrayBuffer>): void {
    this.#head = head
    this.#phase = 'body'
    const { framing } = head
    if (framing.kind === 'length') this.#missingBytes = framing.bytes
    if (framing.kind === 'chunked') this.#chunks = new ChunkedDecoder()
    // Whatever is wrong with the rest is then the body's fault: nothing waits for a head any more.
    this.#listener.head(head)
    const isEmpty = framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)
    if (isEmpty) this.#complete(rest.length)
    else if (rest.length > 0) this.#readBody(rest)
  }

  #readBody(bytes: Buffer<ArrayBuffer>): void {
    if (this.#chunks !== null) this.#readChunks(this.#chunks, bytes)
    else if (this.#head?.framing.kind === 'close') this.#hold(bytes)
    else this.#readLength(bytes)
    this.#serve()
  }

  #readChunks(chunks: ChunkedDecoder, bytes: Buffer<ArrayBuffer>): void {
    const read = chunks.push(bytes, this.#hold)
    if (chunks.isDone) this.#complete(bytes.length - read)
  }

  #readLength(bytes: Buffer<ArrayBuffer>): void {
    const own = bytes.length <= this.#missingBytes ? bytes : bytes.subarray(0, this.#missingBytes)
    this.#missingBytes -= own.length
    this.#hold(own)
    if (this.#missingBytes === 0) this.#complete(bytes.length - own.length)
  }

  readonly #hold = (part: Uint8Array<ArrayBuffer>): void => {
    this.#held.push(part)
    if (this.#held.bytes > HELD_BYTES && this.#phase === 'body') this.#connection.pause()
  }

  /** The answer is whole. `surplus`: bytes behind it, which nobody asked for. */
  #complete(surplus: number): void {
    this.#isComplete = true
    this.#end()
    this.#connection.resume()
    // An answer that comes before its request is whole ends the sending, and with it the connection.
    const isReusable = this.#head?.keepsAlive === true && surplus === 0 && this.#upload?.isComplete === true
    if (isReusable && !this.#connection.isOver) return this.#pool.put(this.#connection)
    this.#upload?.stop()
    this.#connection.close()
  }

  closed(error: Error | null): void {
    const endsBody = error === null && this.#head?.framing.kind === 'close'
    if (endsBody) {
      this.#complete(0)
      this.#serve()
    } else if (error === null && this.#headBytes !== null)
      this.abort(new MalformedAnswer('it ends in the middle of its head'))
    else this.abort(error ?? new ClosedEarly())
  }

  /** Ends the call; whoever waits for something is told `reason`. After a complete answer there is nothing to end. */
  abort(reason: unknown): void {
    if (this.#isComplete || this.#fault !== null) return
    this.#fault = reason ?? new ClosedEarly()
    this.#end()
    this.#upload?.stop()
    this.#connection.destroy()
    if (this.#head === null) this.#listener.fault(this.#fault)
    else this.#serve()
  }

  #end(): void {
    this.#phase = 'over'
    this.#listener.over()
  }

  next(sink: PartSink): void {
    this.#sink = sink
    this.#serve()
  }

  /** Gives what there is to who waits: what has come before a fault comes before it here too. */
  #serve(): void {
    const sink = this.#sink
    if (sink === null) return
    const part = this.#held.take(HELD_BYTES)
    if (part !== null) {
      this.#sink = null
      if (this.#phase === 'body' && this.#held.bytes === 0) this.#connection.resume()
      sink.part(part)
    } else if (this.#isComplete || this.#fault !== null) {
      this.#sink = null
      if (this.#isComplete) sink.end()
      else sink.fault(this.#fault)
    }
  }
}

/** The provider closed the connection before its answer was whole. */
class ClosedEarly extends Error {
  override readonly name = 'ClosedEarly'
}
