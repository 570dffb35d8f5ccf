export interface HttpResponse {
  readonly status: number
  /** Whether the server wants the connection closed afterwards. */
  readonly close: boolean
  /** Without the framing of chunks. latin1: one character is one byte. */
  readonly body: string
  /** In how many pieces the socket handed it over. */
  readonly reads: number
}

interface Head {
  readonly status: number
  readonly close: boolean
  /** `null`: chunked. */
  readonly length: number | null
}

/**
 * Reads HTTP/1.1 responses (RFC 9112) from the pieces a socket hands over, one response after the other. `read` takes
 * the next piece and returns the response it completes. Throws on what is not HTTP, and on a body without a length.
 */
export function responseReader(): { read(piece: Buffer): HttpResponse | null } {
  let raw = ''
  let head: Head | null = null
  let body = ''
  let reads = 0

  /** Moves whole chunks from `raw` to `body`; true after the last one. */
  function takeChunks(): boolean {
    for (;;) {
      const sizeEnd = raw.indexOf('\r\n')
      if (sizeEnd === -1) return false
      const size = Number.parseInt(raw.slice(0, sizeEnd), 16)
      if (Number.isNaN(size)) throw new Error(`not a chunk size: ${raw.slice(0, sizeEnd)}`)
      const end = sizeEnd + 2 + size
      if (raw.length < end + 2) return false
      if (raw.slice(end, end + 2) !== '\r\n') throw new Error('a chunk is longer than it says')
      body += raw.slice(sizeEnd + 2, end)
      raw = raw.slice(end + 2)
      if (size === 0) return true
    }
  }

  function takeLength(length: number): boolean {
    if (raw.length < length) return false
    body = raw.slice(0, length)
    raw = raw.slice(length)
    return true
  }

  return {
    read(piece) {
      raw += piece.toString('latin1')
      reads++
      if (!head) {
        const end = raw.indexOf('\r\n\r\n')
        if (end === -1) return null
        head = parseHead(raw.slice(0, end))
        raw = raw.slice(end + 4)
      }
      const complete = head.length === null ? takeChunks() : takeLength(head.length)
      if (!complete) return null
      const response = { status: head.status, close: head.close, body, reads }
      head = null
      body = ''
      reads = 0
      return response
    },
  }
}

function parseHead(head: string): Head {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]
  if (!status) throw new Error(`not an HTTP/1.1 status line: ${head.slice(0, 80)}`)
  const close = /\r\nconnection: *close/i.test(head)
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return { status: Number(status), close, length: null }
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (!length) throw new Error('the response has neither a content-length nor chunks')
  return { status: Number(status), close, length: Number(length) }
}
