import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from '../support/raw-client.ts'
import { BODY, chat, CHUNKED_BODY, get, startWireScene, type WireScene } from './wire-scene.ts'

let scene: WireScene
beforeAll(async () => (scene = await startWireScene()))
afterAll(() => scene[Symbol.asyncDispose]())

const size = BODY.length
const hex = size.toString(16)
const chunked = (fields: readonly string[], body = CHUNKED_BODY) => chat(fields, body)

describe('a request whose end two readers could see in different places is refused, and its connection with it', () => {
  const lengths = [
    `${size}, ${size}`,
    `+${size}`,
    '0x3',
    '-1',
    '',
    '1e1',
    '3 4',
    '18446744073709551616',
    `${2n ** 64n + 64n}`,
  ]
  const cases: [behaviour: string, bytes: string][] = [
    ...lengths.map((length): [string, string] => [`content-length: ${length}`, chat([`content-length: ${length}`])]),
    ['a length twice', chat([`content-length: ${size}`, `content-length: ${size}`])],
    ['two lengths', chat([`content-length: ${size}`, 'content-length: 3'])],
    ['a length before chunks', chunked([`content-length: ${size}`, 'transfer-encoding: chunked'])],
    ['a length behind chunks', chunked(['transfer-encoding: chunked', `content-length: ${size}`])],
    ['an encoding nobody knows', chunked(['transfer-encoding: xchunked'])],
    ['chunks that are not last', chunked(['transfer-encoding: chunked, identity'])],
    ['chunks behind another encoding', chunked(['transfer-encoding: gzip, chunked'])],
    ['chunks of chunks', chunked(['transfer-encoding: chunked, chunked'])],
    ['chunks twice', chunked(['transfer-encoding: chunked', 'transfer-encoding: chunked'])],
    ['identity', chat(['transfer-encoding: identity'])],
    ['a folded encoding', chunked(['transfer-encoding:', ' chunked'])],
    ['a blank before the colon', chunked(['transfer-encoding : chunked'])],
    ['a vertical tab', chunked(['transfer-encoding: \x0bchunked'])],
    ['chunks in HTTP/1.0', chat(['transfer-encoding: chunked'], CHUNKED_BODY, 'POST /v1/chat/completions HTTP/1.0')],
    ['a chunk size in C', chunked(['transfer-encoding: chunked'], `0x${hex}\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a chunk size below zero', chunked(['transfer-encoding: chunked'], `-1\r\n${BODY}\r\n0\r\n\r\n`)],
    [
      'a chunk size beyond numbers',
      chunked(['transfer-encoding: chunked'], `1000000000000000${hex}\r\n${BODY}\r\n0\r\n\r\n`),
    ],
    ['chunk lines without CR', chunked(['transfer-encoding: chunked'], `${hex}\n${BODY}\n0\n\n`)],
    [
      'a chunk extension that ends without CR',
      chunked(['transfer-encoding: chunked'], `${hex};\n${BODY}\r\n0\r\n\r\n`),
    ],
    ['a chunk that is longer than it says', chunked(['transfer-encoding: chunked'], `${hex}\r\n${BODY}XX0\r\n\r\n`)],
  ]
  test.each(cases)('%s', async (_, bytes) => expect((await scene.refused(bytes))?.status).toBe(400))

  test('an endless chunk extension', async () => {
    const answer = await scene.refused(
      chunked(['transfer-encoding: chunked'], `${hex};${'a'.repeat(20_000)}\r\n${BODY}\r\n0\r\n\r\n`),
    )
    expect(answer?.status).toBe(413)
  })
})

describe('a head that is not HTTP/1.1 is refused', () => {
  const cases: [behaviour: string, bytes: Uint8Array | string, statuses: readonly number[]][] = [
    ['lines without CR', 'GET /health HTTP/1.1\nhost: a\n\n', [400, 505]],
    ['one line without CR', 'GET /health HTTP/1.1\r\nhost: a\nx-a: b\r\n\r\n', [400]],
    ['a CR in a value', get('/health', ['host: a', 'x-a: b\rc']), [400]],
    ['a NUL in a value', get('/health', ['host: a', 'x-a: b\0c']), [400]],
    ['a NUL in a name', get('/health', ['host: a', 'x\0a: b']), [400]],
    ['a folded line', get('/health', ['host: a', 'x-a: b', ' c']), [400]],
    ['a blank before the first header', get('/health', [' host: a']), [400]],
    ['a line without a colon', get('/health', ['host: a', 'nonsense']), [400]],
    ['a header without a name', get('/health', ['host: a', ': b']), [400]],
    ['HTTP/0.9', 'GET /health\r\n\r\n', [400, 505]],
    ['HTTP/1.2', get('/health').replace('/1.1', '/1.2'), [505]],
    ['HTTP/2.0', get('/health').replace('/1.1', '/2.0'), [505]],
    ['http/1.1', get('/health').replace('HTTP/', 'http/'), [400, 505]],
    ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]],
    ['a greeting of TLS', Buffer.from('16030100050100000103', 'hex'), [400]],
    ['any bytes', Buffer.from(Array.from({ length: 200 }, (_, index) => (index * 97 + 13) % 256)), [400]],
    ['two blanks behind the method', get(' /health'), [400]],
    ['a blank behind the version', get('/health').replace('/1.1', '/1.1 '), [400, 505]],
    ['more than 100 headers', get('/health', headers(101)), [431]],
    ['2500 headers, the length last', chat([...headers(2500), `content-length: ${size}`]), [431]],
    ['a head over 32 KiB', get('/health', ['host: a', `x-a: ${'a'.repeat(33_000)}`]), [431]],
    ['a URL over 8 KiB', get(`/health?${'a'.repeat(9000)}`), [414]],
    ['an expectation nobody meets', chat(['expect: foo', `content-length: ${size}`]), [417]],
  ]
  test.each(cases)('%s', async (_, bytes, statuses) =>
    expect(statuses).toContain((await scene.refused(bytes))?.status ?? 0),
  )

  test('while 100 headers and a long URL are none too many', async () => {
    const answer = await scene.send(get(`/health?${'a'.repeat(8000)}`, headers(100)))
    expect(answer?.status).toBe(200)
  })
})

function headers(count: number): string[] {
  return ['host: a', ...Array.from({ length: count - 1 }, (_, index) => `x-${index}: 1`)]
}

describe('what is good is not refused with it', () => {
  const cases: [behaviour: string, bytes: string][] = [
    ['chunks, however they are spelt', chunked(['transfer-encoding: Chunked'])],
    ['a chunk extension', chunked(['transfer-encoding: chunked'], `${hex};a=b\r\n${BODY}\r\n0\r\n\r\n`)],
    ['an upgrade nobody offers', chat(['connection: upgrade', 'upgrade: h2c', `content-length: ${size}`])],
    ['an upgrade to WebSocket', chat(['connection: upgrade', 'upgrade: websocket', `content-length: ${size}`])],
    ['an expectation whose body comes at once', chat(['expect: 100-continue', `content-length: ${size}`])],
  ]
  test.each(cases)('%s', async (_, bytes) => {
    scene.provider.forget()
    const connection = await connect(scene.gateway.url)
    await connection.send(bytes)
    let answer = await connection.answer()
    if (answer.status === 100) answer = await connection.answer()
    expect(answer.status).toBe(200)
    const [request] = scene.provider.requests
    expect(request?.text).toContain('canary-prompt')
    for (const name of ['upgrade', 'connection', 'expect', 'transfer-encoding'])
      expect([name, request?.header(name)]).toEqual([name, undefined])
    // What follows is a request of its own, and no part of a tunnel.
    await connection.send(get('/health'))
    expect((await connection.answer()).text).toBe('{"message":"OK"}')
    connection.cut()
  })
})

test('trailers go nowhere: the runtime takes none', async () => {
  scene.provider.forget()
  const body = `${hex}\r\n${BODY}\r\n0\r\nauthorization: Bearer evil\r\nhost: evil\r\ncontent-length: 5\r\n\r\n`
  for (const path of ['/v1/chat/completions', '/proxy/openai/chat/completions']) {
    const answer = await scene.send(chat(['transfer-encoding: chunked'], body, `POST ${path} HTTP/1.1`))
    expect(answer?.status).toBe(400)
  }
  for (const request of scene.provider.requests)
    expect(JSON.stringify(request.headers) + request.text).not.toContain('evil')
})

describe('a body that is still coming when its request is answered', () => {
  test.each([
    ['too large a body', ['content-length: 1073741824'], 413],
    ['an unknown route', ['content-length: 1073741824'], 404],
  ])('is not read as the next request: %s', async (what, fields, status) => {
    const connection = await connect(scene.gateway.url)
    const line = what === 'an unknown route' ? 'POST /nowhere HTTP/1.1' : undefined
    await connection.send(chat(fields, '', line))
    expect((await connection.answer()).status).toBe(status)
    await connection.send(get('/health').repeat(1000)).catch(() => {})
    // By the time another is answered, these bytes have been looked at.
    expect((await fetch(`${scene.gateway.url}/health`)).status).toBe(200)
    expect(connection.received.toString()).not.toContain('"OK"')
    connection.cut()
  })

  test('is no request when nobody wanted it', async () => {
    const connection = await connect(scene.gateway.url)
    const inner = get('/health')
    await connection.send(get('/health', ['host: a', `content-length: ${inner.length}`]) + inner + get('/nowhere'))
    const statuses = [(await connection.answer()).status, (await connection.answer()).status]
    expect(statuses).toEqual([200, 404])
    connection.cut()
  })
})
