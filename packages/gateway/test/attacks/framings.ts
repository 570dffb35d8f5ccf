import { get } from './wire-scene.ts'

/** What a reader that loses its place takes for a request. No origin may ever see it as one. */
const SMUGGLED = get('/proxy/openai/smuggled')

/** A body that is one itself. */
export const BODY = `0\r\n\r\n${SMUGGLED}`

const SIZE = BODY.length
const HEX = SIZE.toString(16)
const chunked = `${HEX}\r\n${BODY}\r\n0\r\n\r\n`
const CHUNKED = 'transfer-encoding: chunked'

/** What stands in a head about the length of the body. */
const lengths: readonly (readonly string[])[] = [
  [],
  [`content-length: ${SIZE}`],
  [`Content-Length:${SIZE}`],
  [`content-length: ${SIZE}\t `],
  [`content-length: 0${SIZE}`],
  [`content-length: ${SIZE}`, `content-length: ${SIZE}`],
  [`content-length: ${SIZE}, ${SIZE}`],
  ['content-length: 0'],
  ['content-length: 0', `content-length: ${SIZE}`],
  [`content-length: ${SIZE}`, 'content-length: 0'],
  [`content-length: +${SIZE}`],
  [`content-length: -${SIZE}`],
  [`content-length: ${SIZE}.0`],
  [`content-length: 0x${HEX}`],
  [`content-length: ${SIZE};`],
  [`content-length : ${SIZE}`],
  [` content-length: ${SIZE}`],
  [`content-length:\r\n ${SIZE}`],
  [`content_length: ${SIZE}`],
  [`x-a: b\ncontent-length: ${SIZE}`],
  [`x-a: b\rcontent-length: ${SIZE}`],
]

const encodings: readonly (readonly string[])[] = [
  [],
  [CHUNKED],
  ['Transfer-Encoding:chunked'],
  ['transfer-encoding: CHUNKED'],
  ['transfer-encoding: \tchunked \t'],
  ['transfer-encoding: chunked,'],
  ['transfer-encoding: ,chunked'],
  ['transfer-encoding: chunked;q=1'],
  ['transfer-encoding: "chunked"'],
  ['transfer-encoding: identity'],
  ['transfer-encoding: identity, chunked'],
  ['transfer-encoding: chunked, identity'],
  ['transfer-encoding: gzip, chunked'],
  ['transfer-encoding: xchunked'],
  ['transfer-encoding: chunked\0'],
  ['transfer-encoding: \x0bchunked'],
  ['transfer-encoding:\r\n chunked'],
  ['transfer-encoding : chunked'],
  ['transfer_encoding: chunked'],
  ['x-a: b\ntransfer-encoding: chunked'],
  ['x-a: b\rtransfer-encoding: chunked'],
  [CHUNKED, CHUNKED],
  [CHUNKED, 'transfer-encoding: identity'],
  ['transfer-encoding: identity', CHUNKED],
  ['connection: transfer-encoding', CHUNKED],
]

/** Bodies in chunks, the size of which can be read in several ways or not at all. */
const chunks: readonly string[] = [
  chunked,
  chunked.replace(HEX, `000000${HEX}`),
  chunked.replace(HEX, HEX.toUpperCase()),
  chunked.replace(HEX, `${HEX};a=b`),
  chunked.replace(HEX, `${HEX};a="\r\n0\r\n\r\n"`),
  chunked.replace(HEX, `${HEX} ;a`),
  chunked.replace(HEX, `${HEX} `),
  chunked.replace(HEX, `${HEX}\t`),
  chunked.replace(HEX, ` ${HEX}`),
  chunked.replace(HEX, `0x${HEX}`),
  chunked.replace(HEX, `+${HEX}`),
  chunked.replace(HEX, `-${HEX}`),
  chunked.replace(HEX, `${HEX}g`),
  chunked.replace(HEX, `${HEX}_0`),
  chunked.replace(HEX, `1${'0'.repeat(16)}${HEX}`),
  chunked.replace(HEX, ''),
  chunked.replace(`${HEX}\r\n`, `${HEX}\n`),
  chunked.replace(`${HEX}\r\n`, `${HEX}\r`),
  chunked.replace(`${HEX}\r\n`, `${HEX}\r\r\n`),
  chunked.replace(`${HEX}\r\n`, `${HEX};\n`),
  chunked.replace(/\r\n0\r\n\r\n$/, '0\r\n\r\n'),
  chunked.replace(/\r\n0\r\n\r\n$/, '\n0\n\n'),
  chunked.replace(/\r\n0\r\n\r\n$/, 'XX0\r\n\r\n'),
  chunked.replace(/0\r\n\r\n$/, '00000\r\n\r\n'),
  chunked.replace(/0\r\n\r\n$/, '0;a\r\n\r\n'),
  chunked.replace(/0\r\n\r\n$/, '0\r\nx-a: b\r\n\r\n'),
  chunked.replace(/0\r\n\r\n$/, `0\r\ncontent-length: 5\r\n\r\n`),
  chunked.replace(/0\r\n\r\n$/, '0\n\r\n'),
]

/** Heads whose lines end, or begin, in odd ways; a request follows that must not be read with them. */
const heads: readonly (readonly string[])[] = [
  ['x-a: b', ' c'],
  ['x-a: b', '\tc: d'],
  ['x-a: b\r\r'],
  ['x-a: b\n'],
  ['x-a\r: b'],
  ['x-a: b\0'],
  ['x-a'],
  [': b'],
  ['x a: b'],
  ['connection: content-length'],
  ['connection: keep-alive, content-length, transfer-encoding'],
  ['upgrade: h2c', 'connection: upgrade, http2-settings', 'http2-settings: AAMAAABkAAQAAP__'],
  ['upgrade: websocket', 'connection: upgrade'],
  ['expect: 100-continue'],
  ['x-http-method-override: PUT'],
]

export interface Framing {
  readonly what: string
  /** Everything about it but the request line and the host. */
  readonly fields: readonly string[]
  readonly body: string
  readonly method: string
  readonly version: string
}

const framing = (fields: readonly string[], body: string, rest: Partial<Framing> = {}): Framing => {
  const { method = 'POST', version = 'HTTP/1.1' } = rest
  return { what: JSON.stringify([method, version, fields, body.slice(0, 24)]), fields, body, method, version }
}

/** Each with each: the body has the form that the encoding asks for. */
const both = (ofLength: typeof lengths, ofEncoding: typeof encodings): Framing[] =>
  ofLength.flatMap((length) =>
    ofEncoding.map((encoding) => framing([...length, ...encoding], encoding.length === 0 ? BODY : chunked)),
  )

/** Every length with the usual encodings and every encoding with the usual lengths; then whatever else is read in two ways. */
export const framings: readonly Framing[] = [
  ...both(lengths, encodings.slice(0, 3)),
  ...both(lengths.slice(0, 3), encodings),
  ...encodings.flatMap((encoding) => [
    framing([...encoding, `content-length: ${SIZE}`], BODY),
    framing([...encoding, `content-length: ${chunked.length}`], chunked),
    framing(encoding, chunked, { version: 'HTTP/1.0' }),
  ]),
  ...chunks.map((body) => framing([CHUNKED], body)),
  ...heads.map((head) => framing([...head, `content-length: ${SIZE}`], BODY)),
  ...['GET', 'DELETE', 'HEAD', 'PUT', 'PATCH', 'OPTIONS'].flatMap((method) => [
    framing([], '', { method }),
    framing(['content-length: 0'], '', { method }),
    framing([`content-length: ${SIZE}`], BODY, { method }),
    framing([CHUNKED], chunked, { method }),
  ]),
  ...['HTTP/1.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/1.1 ', 'http/1.1', ''].map((version) =>
    framing([`content-length: ${SIZE}`], BODY, { version }),
  ),
  // Behind its end, what nobody asked for.
  ...['\r\n', '\n', 'X', '\0', SMUGGLED.slice(0, 20)].map((junk) => framing([`content-length: ${SIZE}`], BODY + junk)),
]
