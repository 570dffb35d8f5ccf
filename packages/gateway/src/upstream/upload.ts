import type { Connection } from './connection.ts'

export interface Outgoing {
  readonly head: string
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null
  /** Whether the body's end is told by a last chunk instead of a length. */
  readonly isChunked: boolean
}

/** Up to this size head and body leave in one write, and one packet where they fit. */
const ONE_WRITE_BYTES = 64 * 1024

const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const LINE_END = Buffer.from('\r\n')

/** Sends a request, no faster than the provider takes it and the client gives it. */
export class Upload {
  readonly #connection: Connection
  readonly #outgoing: Outgoing
  readonly #onSent: (error: unknown) => void
  #outbox: Uint8Array[] = []
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  #isWhole = false
  #isStopped = false
  #isReading = false

  /** `onSent` is told once: `null` when all has gone out, else what the client's body failed with. */
  constructor(connection: Connection, outgoing: Outgoing, onSent: (error: unknown) => void) {
    this.#connection = connection
    this.#outgoing = outgoing
    this.#onSent = onSent
  }

  get isComplete(): boolean {
    return this.#isWhole && this.#outbox.length === 0
  }

  start(): void {
    const { head, body } = this.#outgoing
    if (body instanceof ReadableStream) {
      this.#outbox.push(Buffer.from(head, 'latin1'))
      this.#reader = body.getReader()
    } else {
      this.#outbox.push(...inOneWrite(head, body))
      this.#isWhole = true
    }
    this.#flush()
  }

  drained(): void {
    this.#outbox.shift()
    this.#flush()
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.#isStopped || this.isComplete) return
    this.#isStopped = true
    this.#reader?.cancel().catch(() => {})
  }

  #flush(): void {
    for (let bytes = this.#outbox[0]; bytes !== undefined; bytes = this.#outbox[0]) {
      if (this.#isStopped) return
      // Its first entry stays until it has drained.
      if (!this.#connection.write(bytes)) return
      this.#outbox.shift()
    }
    if (this.#isWhole) this.#onSent(null)
    else void this.#read()
  }

  async #read(): Promise<void> {
    if (this.#reader === null || this.#isReading || this.#isStopped) return
    this.#isReading = true
    try {
      const { done, value } = await this.#reader.read()
      this.#isReading = false
      if (this.#isStopped) return
      if (done) this.#isWhole = true
      this.#outbox.push(...this.#framed(value ?? null))
      this.#flush()
    } catch (error) {
      if (!this.#isStopped) this.#onSent(error)
    }
  }

  /** `null`: the body is over. */
  #framed(part: Uint8Array | null): readonly Uint8Array[] {
    const { isChunked } = this.#outgoing
    if (part === null) return isChunked ? [LAST_CHUNK] : []
    // An empty chunk would be the last one.
    if (part.byteLength === 0) return []
    return isChunked ? [Buffer.from(`${part.byteLength.toString(16)}\r\n`), part, LINE_END] : [part]
  }
}

function inOneWrite(head: string, body: Uint8Array | null): readonly Uint8Array[] {
  const size = body?.byteLength ?? 0
  if (body !== null && size > ONE_WRITE_BYTES) return [Buffer.from(head, 'latin1'), body]
  const bytes = Buffer.allocUnsafe(head.length + size)
  bytes.write(head, 'latin1')
  if (body !== null) bytes.set(body, head.length)
  return [bytes]
}
