import { GatewayError } from '../kernel/errors.ts'
import type { RequestBody } from '../kernel/exchange.ts'
import type { Connection } from './listen.ts'

/** The body of a request, read at most once and never further than the limit. */
export class IncomingBody implements RequestBody {
  readonly #request: Request
  readonly #connection: Connection
  readonly #limitBytes: number

  constructor(request: Request, connection: Connection, limitBytes: number) {
    this.#request = request
    this.#connection = connection
    this.#limitBytes = limitBytes
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const { headers } = this.#request
    refuseEncoded(headers)
    const announced = headers.get('content-length')
    if (announced !== null && Number(announced) > this.#limitBytes) throw tooLarge(this.#limitBytes)
    try {
      const bytes = await (announced === null ? this.#readCapped() : this.#request.bytes())
      this.#connection.awaitAnswer()
      return bytes
    } catch (error) {
      throw error instanceof GatewayError ? error : brokenOff(error)
    }
  }

  stream(): ReadableStream<Uint8Array> | null {
    const { body } = this.#request
    if (body === null) this.#connection.awaitAnswer()
    return body
  }

  async #readCapped(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array<ArrayBuffer>[] = []
    let size = 0
    for await (const chunk of this.#request.body ?? []) {
      size += chunk.byteLength
      if (size > this.#limitBytes) throw tooLarge(this.#limitBytes)
      chunks.push(new Uint8Array(chunk))
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer())
  }
}

/** Inflating would let a few bytes become many; JSON bodies are small enough to come as they are. */
function refuseEncoded(headers: Headers): void {
  const encoding = headers.get('content-encoding')
  if (encoding === null || encoding === 'identity') return
  throw new GatewayError(
    'unsupported_encoding',
    `The body is encoded with ${encoding}. Send it without content-encoding.`,
  )
}

const tooLarge = (limitBytes: number) =>
  new GatewayError(
    'body_too_large',
    `Request body too large: the limit is ${limitBytes} bytes (SERVER_MAX_REQUEST_BODY_SIZE).`,
  )

const brokenOff = (cause: unknown) =>
  new GatewayError('client_closed_request', 'The request body ended before it was whole.', { cause })
