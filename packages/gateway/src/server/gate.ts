import { type ErrorCode, GatewayError } from '../kernel/errors.ts'

/** What proxies and servers commonly take (RFC 9110, section 4.1, asks for 8000 at least). */
const URL_LIMIT = 8 * 1024

const HEADER_LIMIT = 100

/** Of one host, as URLs write it: whatever else could be there, two readers might not agree what it means. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::(\d{0,5}))?$/i

const LARGEST_PORT = 65_535

/**
 * What is wrong with the head of a request, although the runtime lets it pass; `null`: nothing. The runtime itself refuses
 * what is no HTTP/1.1: ambiguous lengths, folded and broken lines, heads that are too large.
 */
export function headFault({ url, headers }: Request): GatewayError | null {
  // The runtime builds no URL where the host makes none.
  if (!url.startsWith('http') || !isHost(headers.get('host')))
    return refusal('invalid_request', 'Send exactly one Host header, with a name or an address.')
  if (url.length > URL_LIMIT) return refusal('target_too_long', `The URL is longer than ${URL_LIMIT} characters.`)
  // RFC 9112, section 3.2: a fragment is the client's own business and has no place in a request.
  if (url.includes('#')) return refusal('invalid_target', 'A request target holds no #. Write it as %23.')
  if (headers.count > HEADER_LIMIT)
    return refusal('too_many_headers', `The request has more than ${HEADER_LIMIT} headers.`)
  // Lines of one name are joined by the runtime; it refuses different lengths, but not the same one twice.
  if (headers.get('content-length')?.includes(',') === true)
    return refusal('invalid_request', 'Send exactly one Content-Length header.')
  const expectation = headers.get('expect')
  if (expectation !== null && expectation.toLowerCase() !== '100-continue')
    return refusal('expectation_failed', 'Expect can only be 100-continue.')
  return null
}

/** Programs that call the gateway without a socket have no such header. */
function isHost(written: string | null): boolean {
  if (written === null) return true
  const match = HOST.exec(written)
  return match !== null && Number(match[1] ?? 0) <= LARGEST_PORT
}

/** Whoever sends such a head may mean the bytes behind it in another way too: the connection ends. */
const refusal = (code: ErrorCode, message: string) =>
  new GatewayError(code, message, { headers: { connection: 'close' } })
