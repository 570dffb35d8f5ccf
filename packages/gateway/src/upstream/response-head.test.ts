import { describe, expect, test } from 'bun:test'
import { MalformedAnswer, parseHead } from './response-head.ts'

const head = (...fields: string[]) => ['HTTP/1.1 200 OK', ...fields].join('\r\n')

describe('the head of an answer', () => {
  test('gives status, reason and fields, names in lower case, several of one name joined', () => {
    const text = 'HTTP/1.1 429 Too Many\r\nRetry-After:  7 \r\nVary: a\r\nvary: b\r\nX-Empty:'
    expect(parseHead(text, 'POST')).toMatchObject({
      status: 429,
      statusText: 'Too Many',
      headers: { 'retry-after': '7', vary: 'a, b', 'x-empty': '' },
    })
  })

  test('may name a field like a member of every object', () => {
    const { headers } = parseHead(head('constructor: a', '__proto__: b', 'toString: c'), 'GET')
    expect(headers['constructor']).toBe('a')
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype)
  })

  const malformed: [what: string, text: string][] = [
    ['no HTTP', 'SSH-2.0-OpenSSH'],
    ['another version', 'HTTP/2 200 OK'],
    ['a status of two digits', 'HTTP/1.1 99 OK'],
    ['a status beyond 599', 'HTTP/1.1 999 OK'],
    ['a control character in the reason', 'HTTP/1.1 200 O\u0000K'],
    ['a line without a colon', head('content-type')],
    ['a line without a name', head(': a')],
    ['a blank in a name', head('content type: a')],
    ['a blank behind a name', head('content-length : 5')],
    ['a folded line', head('a: b', ' c: d')],
    ['LF in a value', head('a: b\nc: d')],
    ['CR in a value', head('a: b\rc: d')],
    ['NUL in a value', head('a: b\u0000')],
    ['two lengths', head('content-length: 5', 'content-length: 5')],
    ['a list of lengths', head('content-length: 5, 5')],
    ['a signed length', head('content-length: +5')],
    ['an empty length', head('content-length:')],
    ['a length and chunks', head('content-length: 5', 'transfer-encoding: chunked')],
    ['an unknown coding', head('transfer-encoding: gzip, chunked')],
    ['chunks of chunks', head('transfer-encoding: chunked', 'transfer-encoding: chunked')],
  ]
  test.each(malformed)('with %s is refused', (_, text) => {
    expect(() => parseHead(text, 'POST')).toThrow(MalformedAnswer)
  })

  const framings: [what: string, text: string, method: string, kind: string][] = [
    ['a length', head('content-length: 5'), 'POST', 'length'],
    ['chunks', head('Transfer-Encoding: Chunked'), 'POST', 'chunked'],
    ['neither: the connection', head(), 'POST', 'close'],
    ['HEAD', head('content-length: 5'), 'HEAD', 'none'],
    ['204', 'HTTP/1.1 204 No Content\r\ncontent-length: 5', 'POST', 'none'],
    ['304', 'HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked', 'GET', 'none'],
    ['1xx', 'HTTP/1.1 103 Early Hints', 'POST', 'none'],
  ]
  test.each(framings)('ends the body by %s', (_, text, method, kind) => {
    expect(parseHead(text, method).framing.kind).toBe(kind as never)
  })

  const connections: [text: string, keeps: boolean][] = [
    [head('content-length: 0'), true],
    [head('content-length: 0', 'connection: Close'), false],
    [head('connection: keep-alive'), false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: Keep-Alive', true],
  ]
  test.each(connections)('%j keeps the connection: %p', (text, keeps) => {
    expect(parseHead(text, 'POST').keepsAlive).toBe(keeps)
  })
})
