import { MalformedAnswer } from './response-head.ts'

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b

/** Longer than any honest size line or set of trailers; what they say besides the size is dropped. */
const LINE_LIMIT_BYTES = 8 * 1024

type Expected = 'size' | 'extension' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'trailer-lf' | 'end'

/** Takes the chunks out of a chunked body (RFC 9112, section 7.1), however the bytes are cut. */
export class ChunkedDecoder {
  #expected: Expected = 'size'
  /** Of the chunk that is being read: what its size line said so far, then what of it is still to come. */
  #size = 0
  #digits = 0
  #lineBytes = 0

  get isDone(): boolean {
    return this.#expected === 'end'
  }

  /**
   * Gives the data in `bytes` to `take`, piece by piece, and answers how many bytes were read: fewer than there are only
   * at the end of the body. Throws MalformedAnswer.
   */
  push(bytes: Uint8Array<ArrayBuffer>, take: (data: Uint8Array<ArrayBuffer>) => void): number {
    let at = 0
    while (at < bytes.length && this.#expected !== 'end') {
      if (this.#expected === 'data') {
        const end = Math.min(bytes.length, at + this.#size)
        take(bytes.subarray(at, end))
        this.#size -= end - at
        at = end
        if (this.#size === 0) this.#expected = 'data-cr'
      } else this.#step(bytes[at++] ?? 0)
    }
    return at
  }

  #step(byte: number): void {
    const expected = this.#expected
    if (expected === 'size') this.#readSize(byte)
    else if (expected === 'extension') this.#skipExtension(byte)
    else if (expected === 'size-end') this.#endSize(byte)
    else if (expected === 'data-cr') this.#require(byte, CR, 'data-lf')
    else if (expected === 'data-lf') this.#require(byte, LF, 'size')
    else this.#skipTrailer(byte)
  }

  #require(byte: number, wanted: number, next: Expected): void {
    if (byte !== wanted) throw malformed()
    this.#expected = next
  }

  #skipExtension(byte: number): void {
    this.#countLine()
    if (byte === LF) throw malformed()
    if (byte === CR) this.#expected = 'size-end'
  }

  #endSize(byte: number): void {
    this.#require(byte, LF, this.#size === 0 ? 'trailer' : 'data')
    this.#digits = this.#lineBytes = 0
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit
      this.#digits += 1
      // 12 digits are 256 TiB; more would be no exact number.
      if (this.#digits > 12) throw malformed()
      return
    }
    if (this.#digits === 0) throw malformed()
    if (byte === CR) this.#expected = 'size-end'
    else if (byte === SEMICOLON) this.#expected = 'extension'
    else throw malformed()
  }

  /** Reads lines until an empty one. #digits counts the bytes of the line. */
  #skipTrailer(byte: number): void {
    this.#countLine()
    if (this.#expected === 'trailer-lf') {
      if (byte !== LF) throw malformed()
      this.#expected = this.#digits === 0 ? 'end' : 'trailer'
      this.#digits = 0
    } else if (byte === CR) this.#expected = 'trailer-lf'
    else if (byte === LF) throw malformed()
    else this.#digits += 1
  }

  #countLine(): void {
    this.#lineBytes += 1
    if (this.#lineBytes > LINE_LIMIT_BYTES) throw malformed()
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

const malformed = () => new MalformedAnswer('its chunks are malformed')
