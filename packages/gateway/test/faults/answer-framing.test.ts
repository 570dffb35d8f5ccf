import { describe, expect, test } from 'bun:test'
import { answersAll, type FaultScript, pause, says, saysAndEnds, sized } from '../support/fault-provider.ts'
import { connect, request } from '../support/raw-client.ts'
import { chunk, LAST_CHUNK } from '../support/wire.ts'
import { CHAT, CHAT_LINE, codeOf, COMPLETION, endedEarly, startScene, WAYS } from './scene.ts'

const head = (...lines: readonly string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n')
const withLength = (...lines: readonly string[]): string =>
  head(...lines, `content-length: ${COMPLETION.length}`) + COMPLETION
const inChunks = (...lines: readonly string[]): string =>
  head(...lines, 'transfer-encoding: chunked') + chunk(COMPLETION).toString() + LAST_CHUNK

describe('a head that is not HTTP is refused as such', () => {
  const heads: [behaviour: string, bytes: string][] = [
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['a status line alone of words', 'hello world\r\n\r\n'],
    ['a web page without a head', '<!doctype html><title>Hi</title>\r\n\r\n'],
    ['no status', withLength().replace(' 200 OK', '')],
    ['a status of letters', withLength().replace('200', 'abc')],
    ['status 099', withLength().replace('200', '099')],
    ['status 999', withLength().replace('200', '999')],
    ['status 20', withLength().replace('200', '20')],
    ['status 2000', withLength().replace('200', '2000')],
    ['HTTP/2.0', withLength().replace('HTTP/1.1', 'HTTP/2.0')],
    ['HTTP/0.9', withLength().replace('HTTP/1.1', 'HTTP/0.9')],
    ['line ends of LF alone', withLength('x-a: b').replaceAll('\r\n', '\n')],
    ['a header without a colon', withLength('x-nothing')],
    ['a header without a name', withLength(': nothing')],
    ['a blank before the colon', withLength('x-a : b')],
    ['a header that goes on in the next line', withLength('x-a: b', ' c')],
    ['a NUL in a header', withLength('x-a: b\0c')],
    ['a lone CR in a header', withLength('x-a: b\rc')],
    ['a header of 40 KiB', withLength(`x-a: ${'a'.repeat(40 * 1024)}`)],
    ['a thousand headers', withLength(...Array.from({ length: 1000 }, (_, index) => `x-${index}: ${'a'.repeat(50)}`))],
    ['two lengths', head(`content-length: ${COMPLETION.length}`, 'content-length: 2') + COMPLETION],
    ['two lengths in one', head(`content-length: ${COMPLETION.length}, 2`) + COMPLETION],
    ['a length and chunks', inChunks(`content-length: ${COMPLETION.length}`)],
    ['a length with a sign', head(`content-length: +${COMPLETION.length}`) + COMPLETION],
    ['a negative length', head('content-length: -1') + COMPLETION],
    ['a length in hexadecimal', head('content-length: 0xe') + COMPLETION],
    ['a length beyond all numbers', head('content-length: 99999999999999999999999') + COMPLETION],
    ['an empty length', head('content-length:') + COMPLETION],
    ['a coding that nobody knows', head('transfer-encoding: magic') + COMPLETION],
    ['chunks that are not the last coding', head('transfer-encoding: chunked, identity') + COMPLETION],
    ['chunks twice', head('transfer-encoding: chunked, chunked') + COMPLETION],
    [
      'a protocol that nobody asked for',
      head('connection: upgrade', 'upgrade: foo').replace('200 OK', '101 Switching'),
    ],
  ]

  test.concurrent.each(heads)('%s', async (_, bytes) => {
    await using scene = await startScene(saysAndEnds(bytes))
    for (const [, line, body] of WAYS) {
      const answer = await scene.ask(line, body)
      expect([answer.status, codeOf(answer)]).toEqual([502, 'http_protocol_error'])
    }
    expect(scene.provider.requests).toHaveLength(WAYS.length)
    await scene.calm()
  })
})

describe('a head that is HTTP, if seldom seen, is taken', () => {
  const heads: [behaviour: string, bytes: string][] = [
    ['no reason', withLength().replace(' OK', ' ')],
    ['no reason and no blank', withLength().replace(' OK', '')],
    ['a reason beyond ASCII', withLength().replace('OK', 'Zürich')],
    ['a header without a value', withLength('x-a:')],
    ['blanks and tabs around a value', withLength('x-a: \t b \t')],
    ['bytes beyond ASCII in a value', withLength('x-a: é')],
    ['a length with zeros in front', head(`content-length: 000${COMPLETION.length}`) + COMPLETION],
    ['names in capitals', withLength('X-A: B').toUpperCase().replace('{"CHOICES":[]}', COMPLETION)],
    ['chunks in capitals', inChunks().replace('chunked', 'Chunked')],
    ['chunks with extensions', inChunks().replace('\r\ne\r\n', '\r\nE;name="value"\r\n')],
    ['chunk sizes with zeros in front', inChunks().replace('\r\ne\r\n', '\r\n000e\r\n')],
    ['trailers', inChunks('trailer: x-a').replace('0\r\n\r\n', '0\r\nx-a: b\r\nset-cookie: a=b\r\n\r\n')],
    ['no length, up to the end', head() + COMPLETION],
    ['HTTP/1.0', `HTTP/1.0 200 OK\r\n\r\n${COMPLETION}`],
    ['100 Continue in front', `HTTP/1.1 100 Continue\r\n\r\n${withLength()}`],
    ['102 and 103 in front', `HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Hints\r\nlink: </a>\r\n\r\n${withLength()}`],
  ]

  test.concurrent.each(heads)('%s', async (_, bytes) => {
    await using scene = await startScene(saysAndEnds(bytes))
    for (const [, line, body] of WAYS) {
      const answer = await scene.ask(line, body)
      expect([answer.status, answer.text, answer.isWhole]).toEqual([200, COMPLETION, true])
      expect(answer.headers.map(([name]) => name.toLowerCase())).not.toContain('set-cookie')
      await scene.calm()
    }
  })

  test.concurrent.each([1, 2, 7])('in pieces of %d bytes', async (size) => {
    const pieces = inChunks('x-a: b').match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    await using scene = await startScene(saysAndEnds(...pieces))
    for (const [, line, body] of WAYS) {
      expect((await scene.ask(line, body)).text).toBe(COMPLETION)
      await scene.calm()
    }
  })

  test.concurrent('a "wait" without end is not waited through', async () => {
    const script: FaultScript = async (peer) => {
      await peer.request()
      while (!peer.isClosed) {
        await peer.write('HTTP/1.1 102 Wait\r\n\r\n'.repeat(100))
        await pause(1)
      }
    }
    await using scene = await startScene(script)
    const answer = await scene.ask(CHAT_LINE, CHAT)
    expect([502, 504]).toContain(answer.status)
    await scene.calm()
  })
})

describe('an answer that has no body by its status or method', () => {
  const silent: [behaviour: string, line: string, bytes: string, status: number][] = [
    ['204 with chunks', 'DELETE /proxy/openai/files/a', inChunks().replace('200 OK', '204 None'), 204],
    ['204 with a length', 'DELETE /proxy/openai/files/a', withLength().replace('200 OK', '204 None'), 204],
    ['304 with a length', 'GET /proxy/openai/files/a', head('content-length: 14').replace('200 OK', '304 Same'), 304],
    ['304 with a body', 'GET /proxy/openai/files/a', withLength().replace('200 OK', '304 Same'), 304],
    ['HEAD', 'HEAD /proxy/openai/files/a', head('content-length: 14'), 200],
    ['HEAD with chunks', 'HEAD /proxy/openai/files/a', head('transfer-encoding: chunked'), 200],
    ['HEAD with a body', 'HEAD /proxy/openai/files/a', withLength(), 200],
  ]
  test.concurrent.each(silent)(
    '%s: none comes out, and the next answer is the next',
    async (_, line, bytes, status) => {
      const next = sized('{"next":1}')
      await using scene = await startScene(async (peer) => {
        const { target } = await peer.request()
        await peer.write(target.endsWith('/next') ? next : bytes)
        await answersAll(next)(peer)
      })
      const connection = await connect(scene.gateway.url)
      await connection.send(request(line))
      const [method] = line.split(' ')
      const answer = await connection.answer(method)
      expect([answer.status, answer.text]).toEqual([status, ''])
      await connection.send(request('GET /proxy/openai/next'))
      expect((await connection.answer()).text).toBe('{"next":1}')
      connection.cut()
      await scene.calm({ pooled: true })
    },
  )
})

describe('a body whose chunks are none', () => {
  const good = chunk('data: {"choices":[]}\n\n').toString()
  const bodies: [behaviour: string, bytes: string][] = [
    ['a size that is none', 'zz\r\n{}\r\n'],
    ['a size with 0x', '0x2\r\n{}\r\n0\r\n\r\n'],
    ['a negative size', '-2\r\n{}\r\n0\r\n\r\n'],
    ['a size beyond all numbers', 'fffffffffffffffffff\r\n{}\r\n0\r\n\r\n'],
    ['an empty size', '\r\n{}\r\n0\r\n\r\n'],
    ['a size that ends with LF alone', '2\n{}\r\n0\r\n\r\n'],
    ['more bytes than the size says', '2\r\n{}{}\r\n0\r\n\r\n'],
    ['fewer bytes than the size says', '9\r\n{}\r\n0\r\n\r\n'],
    ['a last chunk without its blank line', '2\r\n{}\r\n0\r\n'],
  ]
  test.concurrent.each(bodies)('%s: never a whole answer', async (_, bytes) => {
    await using scene = await startScene(says(head('transfer-encoding: chunked') + bytes))
    const answer = await scene.ask(CHAT_LINE, CHAT)
    expect([502, 504]).toContain(answer.status)
    scene.provider.play(says(head('content-type: text/event-stream', 'transfer-encoding: chunked') + good + bytes))
    for (const [, line, body] of WAYS.slice(1)) {
      const answer = await scene.ask(line, body).catch(endedEarly)
      expect(answer?.isWhole ?? false).toBe((answer?.status ?? 0) >= 500)
      expect(answer?.text ?? '').not.toContain('[DONE]')
    }
    await scene.calm()
  })
})
