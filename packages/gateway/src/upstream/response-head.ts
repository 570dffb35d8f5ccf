import type { HeaderFields } from '../providers/provider.ts'

/** Where the body of an answer ends (RFC 9112, section 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** With the connection. */
  | { readonly kind: 'close' }

export interface ResponseHead {
  /** 100 to 599. */
  readonly status: number
  readonly statusText: string
  /** Names in lower case; several fields of one name are joined with a comma. */
  readonly headers: HeaderFields
  readonly framing: Framing
  /** Whether another request may follow on the connection. */
  readonly keepsAlive: boolean
}

/** An answer that is not HTTP/1.1 as RFC 9112 has it. `message` says what is wrong with it. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer'
}

/** A head longer than this is no honest provider's. */
export const HEAD_LIMIT_BYTES = 16 * 1024

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/
const NAME = /^[\w!#$%&'*+.^`|~-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const LENGTH = /^\d{1,15}$/

/**
 * Reads the head of an answer to a request of `method`: the bytes before the blank line, as Latin-1. Two readers of a
 * head must not come to different ends of its body, so nothing ambiguous is guessed at: throws MalformedAnswer.
 */
export function parseHead(text: string, method: string): ResponseHead {
  const lines = text.split('\r\n')
  const [, minor, code, statusText = ''] = STATUS_LINE.exec(lines[0] ?? '') ?? []
  if (code === undefined) throw new MalformedAnswer('its status line is not one of HTTP/1.1')
  const headers = parseFields(lines)
  const status = Number(code)
  const framing = framingOf(headers, status, method)
  const connection = headers['connection']?.toLowerCase() ?? ''
  const persists = minor === '1' ? !connection.includes('close') : connection.includes('keep-alive')
  return { status, statusText, headers, framing, keepsAlive: persists && framing.kind !== 'close' }
}

function parseFields(lines: readonly string[]): HeaderFields {
  const headers: HeaderFields = {}
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (!NAME.test(name) || !VALUE.test(value)) throw new MalformedAnswer('one of its header lines is malformed')
    const known = Object.hasOwn(headers, name) ? headers[name] : undefined
    if (known !== undefined && name === 'content-length') throw new MalformedAnswer('it names its length twice')
    // Not by assignment: a field may be called __proto__.
    if (name === '__proto__') continue
    headers[name] = known === undefined ? value : `${known}, ${value}`
  }
  return headers
}

function framingOf(headers: HeaderFields, status: number, method: string): Framing {
  const { 'transfer-encoding': encoding, 'content-length': length } = headers
  if (encoding !== undefined && length !== undefined) throw new MalformedAnswer('it names a length and is chunked too')
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
    throw new MalformedAnswer('its transfer-encoding is unknown')
  if (length !== undefined && !LENGTH.test(length)) throw new MalformedAnswer('its content-length is no number')
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' }
  if (encoding !== undefined) return { kind: 'chunked' }
  return length === undefined ? { kind: 'close' } : { kind: 'length', bytes: Number(length) }
}
