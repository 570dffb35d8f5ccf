export interface AnswerHead {
  readonly status: number
  readonly isStream: boolean
  /** Whether the server wants the connection closed afterwards. */
  readonly closes: boolean
}

/** Hears an answer while it comes. */
export interface AnswerSink {
  head(head: AnswerHead): void
  /** A part of the body, without the framing of chunks. latin1: one character is one byte. */
  body(text: string): void
  /** The answer is whole. */
  end(): void
}

/**
 * Reads the HTTP/1.1 answers of one connection (RFC 9112) while they come; `read` takes what the socket hands over. Keeps
 * nothing but what it cannot read yet, so that thousands of streams fit. Throws on what is not HTTP.
 */
export function answerReader(sink: AnswerSink): { read(piece: Buffer): void } {
  let raw = ''
  let step: () => boolean = readHead
  /** What is left of the body, or of a chunk. */
  let left = 0

  function readHead(): boolean {
    const end = raw.indexOf('\r\n\r\n')
    if (end === -1) return false
    const head = raw.slice(0, end)
    raw = raw.slice(end + 4)
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
    if (Number.isNaN(status)) throw new Error(`not an HTTP/1.1 status line: ${head.slice(0, 80)}`)
    left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    step = /\r\ntransfer-encoding: *chunked/i.test(head) ? readChunkSize : readLength
    sink.head({
      status,
      isStream: /\r\ncontent-type: *text\/event-stream/i.test(head),
      closes: /\r\nconnection: *close/i.test(head),
    })
    return true
  }

  function readChunkSize(): boolean {
    const end = raw.indexOf('\r\n')
    if (end === -1) return false
    const size = raw.slice(0, end)
    if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`not a chunk size: ${size.slice(0, 80)}`)
    left = Number.parseInt(size, 16)
    raw = raw.slice(end + 2)
    step = left === 0 ? readLastLine : readChunk
    return true
  }

  function readChunk(): boolean {
    hand()
    if (left === 0) step = readChunkEnd
    return left === 0
  }

  function readChunkEnd(): boolean {
    if (raw.length < 2) return false
    if (!raw.startsWith('\r\n')) throw new Error('a chunk is longer than it says')
    raw = raw.slice(2)
    step = readChunkSize
    return true
  }

  function readLastLine(): boolean {
    if (!readChunkEnd()) return false
    finish()
    return true
  }

  function readLength(): boolean {
    hand()
    if (left === 0) finish()
    return left === 0
  }

  function hand(): void {
    const own = raw.slice(0, left)
    raw = raw.slice(left)
    left -= own.length
    if (own !== '') sink.body(own)
  }

  function finish(): void {
    step = readHead
    sink.end()
  }

  return {
    read(piece) {
      raw += piece.toString('latin1')
      while (step());
    },
  }
}
