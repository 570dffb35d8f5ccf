import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { ask, connect, request } from './support/raw-client.ts'
import { json, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'
import { chunk, LAST_CHUNK } from './support/wire.ts'

const LIMIT = 100_000
const LINE = 'POST /v1/chat/completions'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json({ choices: [] }))
  const env = { SERVER_MAX_REQUEST_BODY_SIZE: String(LIMIT), SERVER_READ_TIMEOUT: '1s' }
  gateway = await startGateway({ providers: { openai: provider.origin }, env })
})
afterEach(() => provider.forget())
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const MESSAGES = '"messages":[{"role":"user","content":"Hi"}]'
const VALID = `{"model":"openai/x",${MESSAGES}}`
/** A valid request of exactly this many bytes. */
const sized = (bytes: number): string => {
  const empty = `{"model":"openai/x",${MESSAGES},"pad":""}`
  return empty.replace('"pad":""', `"pad":"${'x'.repeat(bytes - empty.length)}"`)
}

describe('a body that is not one JSON object in UTF-8 is refused', () => {
  const cases: [behaviour: string, body: string | Uint8Array, code: string][] = [
    ['nothing', '', 'invalid_json'],
    ['blanks', ' \n', 'invalid_json'],
    ['a byte order mark', `\ufeff${VALID}`, 'invalid_json'],
    ['NaN', `{"model":"openai/x","temperature":NaN,${MESSAGES}}`, 'invalid_json'],
    ['a trailing comma', `{"model":"openai/x",${MESSAGES},}`, 'invalid_json'],
    ['something behind it', `${VALID}x`, 'invalid_json'],
    ['two objects', VALID + VALID, 'invalid_json'],
    ['single quotes', "{'model':'openai/x'}", 'invalid_json'],
    ['a comment', `/* hi */${VALID}`, 'invalid_json'],
    ['UTF-16', Buffer.from(VALID, 'utf16le'), 'invalid_json'],
    ['UTF-16 with its mark', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(VALID, 'utf16le')]), 'invalid_json'],
    ['text that is not UTF-8', Buffer.from(VALID.replace('Hi', '\xc3\x28'), 'latin1'), 'invalid_json'],
    ['a surrogate written as bytes', Buffer.from(VALID.replace('Hi', '\xed\xa0\x80'), 'latin1'), 'invalid_json'],
    ['an array', `[${VALID}]`, 'invalid_json'],
    ['a text', '"openai/x"', 'invalid_json'],
    ['null', 'null', 'invalid_json'],
    ['half an object', VALID.slice(0, -1), 'invalid_json'],
    ['a form', 'model=openai/x&messages=Hi', 'invalid_json'],
    ['no model', `{${MESSAGES}}`, 'missing_field'],
    ['no messages', '{"model":"openai/x"}', 'missing_field'],
    ['messages of another kind', '{"model":"openai/x","messages":"Hi"}', 'missing_field'],
    ['an empty list of messages', '{"model":"openai/x","messages":[]}', 'missing_field'],
  ]

  test.each(cases)('%s', async (_, body, code) => {
    const answer = await ask(gateway.url, LINE, { 'content-type': 'application/json' }, body)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toMatchObject({ error: expect.stringContaining('decode'), code })
    expect(provider.requests).toEqual([])
  })

  test.each([
    [
      'a fault in the JSON',
      `{"model":"openai/x",\n${MESSAGES},}`,
      'at line 2, column 45: expected a name in double quotes.',
    ],
    ['half an object', VALID.slice(0, -1), `at line 1, column ${VALID.length}: expected \`,\` or \`}\`.`],
    ['a form', '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nx\r\n--b--\r\n', 'the body is a form.'],
    ['sound', Buffer.from([0x52, 0x49, 0xff, 0x00]), 'files in a form (multipart/form-data).'],
  ])('with words that say what is wrong with it: %s', async (_, body, words) => {
    const answer = await ask(gateway.url, LINE, {}, body)
    expect(JSON.parse(answer.text)).toMatchObject({ error: expect.stringContaining(words), code: 'invalid_json' })
  })

  test.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])(
    'a good one is read whatever its content type: %s',
    async (type) => {
      const { status } = await ask(gateway.url, LINE, type === undefined ? {} : { 'content-type': type }, VALID)
      expect(status).toBe(200)
    },
  )

  test('deep nesting neither breaks nor stalls anything', async () => {
    const depth = 20_000
    const body = `{"model":"openai/x",${MESSAGES},"x":${'['.repeat(depth)}${']'.repeat(depth)}}`
    const before = performance.now()
    const answer = await ask(gateway.url, LINE, {}, body)
    expect(performance.now() - before).toBeLessThan(3000)
    expect([200, 400]).toContain(answer.status)
    if (answer.status === 200) expect(provider.requests[0]?.text).toBe(body.replace('openai/x', 'x'))
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  })
})

describe('a body over the limit', () => {
  test('passes at exactly the limit', async () => {
    expect((await ask(gateway.url, LINE, {}, sized(LIMIT))).status).toBe(200)
  })

  test('is refused by its length before it is sent', async () => {
    const connection = await connect(gateway.url)
    await connection.send(request(LINE, { 'content-length': String(LIMIT + 1) }))
    const answer = await connection.answer()
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.text)).toMatchObject({
      error: expect.stringContaining('SERVER_MAX_REQUEST_BODY_SIZE'),
      code: 'body_too_large',
    })
    connection.cut()
  })

  test('is refused in chunks as soon as it is too large', async () => {
    const connection = await connect(gateway.url)
    await connection.send(request(LINE, { 'transfer-encoding': 'chunked' }))
    await connection.send(chunk(sized(LIMIT + 1)))
    expect((await connection.answer()).status).toBe(413)
    connection.cut()
  })

  test('passes in chunks at exactly the limit', async () => {
    const connection = await connect(gateway.url)
    await connection.send(request(LINE, { 'transfer-encoding': 'chunked' }))
    const body = sized(LIMIT)
    await connection.send(Buffer.concat([chunk(body.slice(0, 7)), chunk(body.slice(7)), Buffer.from(LAST_CHUNK)]))
    expect((await connection.answer()).status).toBe(200)
    connection.cut()
  })

  test('is not taken for the next request', async () => {
    const connection = await connect(gateway.url)
    const hidden = 'GET /health HTTP/1.1\r\nhost: a\r\n\r\n'.padEnd(LIMIT + 1, ' ')
    await connection.send(request(LINE, {}, hidden))
    expect((await connection.answer()).status).toBe(413)
    connection.end()
    await connection.closed
    expect(connection.received.toString()).not.toContain('"OK"')
  })
})

describe('a compressed body', () => {
  test.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, identity'])('%s is refused, never inflated', async (encoding) => {
    const answer = await ask(gateway.url, LINE, { 'content-encoding': encoding }, gzipSync(VALID))
    expect(answer.status).toBe(415)
    expect(JSON.parse(answer.text).code).toBe('unsupported_encoding')
    expect(provider.requests).toEqual([])
  })

  test('identity is no compression', async () => {
    expect((await ask(gateway.url, LINE, { 'content-encoding': 'identity' }, VALID)).status).toBe(200)
  })
})

describe('a body that breaks off', () => {
  test.each([
    ['FIN', 'end'],
    ['RST', 'cut'],
  ] as const)('by %s is never sent on', async (_, how) => {
    const connection = await connect(gateway.url)
    const id = `short-${how}`
    await connection.send(request(LINE, { 'content-length': String(VALID.length + 50), 'x-request-id': id }, VALID))
    await connection.send(' ')
    connection[how]()
    await connection.closed
    expect((await gateway.finished(id)).outcome).toBe('left')
    expect(provider.requests).toEqual([])
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  })

  test('that stops coming is not waited for longer than SERVER_READ_TIMEOUT', async () => {
    const connection = await connect(gateway.url)
    await connection.send(request(LINE, { 'content-length': '500' }, VALID))
    const before = performance.now()
    await connection.closed
    expect(performance.now() - before).toBeLessThan(10_000)
    expect(provider.requests).toEqual([])
  })
})

test('a malformed chunk size is refused', async () => {
  const connection = await connect(gateway.url)
  await connection.send(request(LINE, { 'transfer-encoding': 'chunked' }))
  await connection.send('0x3\r\nabc\r\n0\r\n\r\n')
  await connection.closed
  expect(connection.received.toString()).toMatch(/^(HTTP\/1.1 400|$)/)
  expect(provider.requests).toEqual([])
})
