import { GatewayError } from '../kernel/errors.ts'
import type { RequestBody } from '../kernel/exchange.ts'

export interface BodyOptions {
  /** SERVER_MAX_REQUEST_BODY_SIZE. */
  readonly limitBytes: number
  /** Called once the body has been read to its end: from then on the request may be quiet for as long as it takes. */
  readonly onRead: () => void
}

/** The body of a request, read at most once and never further than the limit. */
export function requestBody(request: Request, { limitBytes, onRead }: BodyOptions): RequestBody {
  return {
    async bytes() {
      refuseEncoded(request.headers)
      const announced = request.headers.get('content-length')
      if (announced !== null && Number(announced) > limitBytes) throw tooLarge(limitBytes)
      const bytes = announced === null ? await readCapped(request.body, limitBytes) : await readAnnounced(request)
      onRead()
      return bytes
    },
    stream() {
      if (request.body === null) onRead()
      return request.body
    },
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

async function readAnnounced(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await request.bytes()
  } catch (error) {
    throw brokenOff(error)
  }
}

async function readCapped(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array(0)
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.byteLength
      if (size > limitBytes) throw tooLarge(limitBytes)
      chunks.push(new Uint8Array(chunk))
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : brokenOff(error)
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}

const tooLarge = (limitBytes: number) =>
  new GatewayError(
    'body_too_large',
    `Request body too large: the limit is ${limitBytes} bytes (SERVER_MAX_REQUEST_BODY_SIZE).`,
  )

const brokenOff = (cause: unknown) =>
  new GatewayError('client_closed_request', 'The request body ended before it was whole.', { cause })
