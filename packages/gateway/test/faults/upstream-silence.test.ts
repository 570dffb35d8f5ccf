import { describe, expect, test } from 'bun:test'
import { type FaultScript, pause, says, saysAndEnds, saysInTime, sized } from '../support/fault-provider.ts'
import { connect, request } from '../support/raw-client.ts'
import { chunk, LAST_CHUNK, until } from '../support/wire.ts'
import { CHAT, CHAT_LINE, codeOf, COMPLETION, endedEarly, PROXY_LINE, SHORT_LIMITS, startScene, WAYS } from './scene.ts'

/** These pieces, each so many ms after the one before, and the end. */
const slowly =
  (everyMs: number, pieces: readonly string[]): FaultScript =>
  async (peer) => {
    await saysInTime(...pieces.map((piece) => [everyMs, piece] as const))(peer)
    peer.end()
  }

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'

describe('a provider that says nothing', () => {
  const silences: [behaviour: string, script: FaultScript][] = [
    ['and reads', says()],
    ['and does not read', (peer) => peer.stopReading()],
    ['but half a status line', says('HTTP/1.')],
    ['but half a head', says('HTTP/1.1 200 OK\r\ncontent-')],
    ['but "wait"', says('HTTP/1.1 102 Wait\r\n\r\n')],
    ['but "go on"', says('HTTP/1.1 100 Continue\r\n\r\n')],
  ]
  test.concurrent.each(silences)('%s is given up', async (_, script) => {
    await using scene = await startScene(script)
    await Promise.all(
      WAYS.map(async ([, line, body]) => {
        const before = performance.now()
        const answer = await scene.ask(line, body)
        expect([answer.status, codeOf(answer)]).toEqual([504, 'http_response_timeout'])
        expect(answer.text).toContain('(CLIENT_RESPONSE_HEADER_TIMEOUT)')
        expect(performance.now() - before).toBeWithin(950, 5000)
      }),
    )
    // The limit is a wait somebody has chosen: it is not waited for twice.
    expect(scene.provider.connections).toBe(WAYS.length)
    await scene.calm()
  })

  test.concurrent('is given up after a limit of its own, where it has one', async () => {
    await using scene = await startScene(says(), {
      env: { CLIENT_RESPONSE_HEADER_TIMEOUT: '10s', OPENAI_RESPONSE_HEADER_TIMEOUT: '200ms' },
    })
    const before = performance.now()
    const answer = await scene.ask(CHAT_LINE, CHAT)
    expect(answer.status).toBe(504)
    expect(answer.text).toContain('(OPENAI_RESPONSE_HEADER_TIMEOUT)')
    expect(performance.now() - before).toBeLessThan(5000)
    await scene.calm()
  })

  test.concurrent('for a long time before its first word is waited for when nobody has set a limit', async () => {
    await using scene = await startScene(slowly(600, [sized(COMPLETION)]), {
      env: { CLIENT_RESPONSE_HEADER_TIMEOUT: '0' },
    })
    for (const line of [CHAT_LINE, PROXY_LINE]) {
      expect((await scene.ask(line, CHAT)).text).toBe(COMPLETION)
      await scene.calm()
    }
  })

  test.concurrent('does not keep /v1/models from answering', async () => {
    await using scene = await startScene(says(), { env: { MODEL_LIST_TTL: '0' } })
    const before = performance.now()
    expect((await scene.ask('GET /v1/models')).status).toBe(200)
    expect(performance.now() - before).toBeLessThan(1000)
  })
})

describe('a provider that goes silent', () => {
  const halves: [behaviour: string, bytes: string][] = [
    ['within a length', `${HEAD}content-length: 50\r\n\r\n{"choices":`],
    ['within a length of megabytes', `${HEAD}content-length: 5000000\r\n\r\n{"choices":`],
    ['before the first byte of a body', `${HEAD}content-length: 50\r\n\r\n`],
    ['within chunks', `${HEAD}transfer-encoding: chunked\r\n\r\n${chunk('{"choices":').toString()}`],
    ['within a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\nff\r\n{"choices":`],
    ['before the last chunk', `${HEAD}transfer-encoding: chunked\r\n\r\n${chunk(COMPLETION).toString()}`],
    ['without an end', `${HEAD}\r\n${COMPLETION}`],
  ]
  test.concurrent.each(halves)('%s is given up', async (_, bytes) => {
    await using scene = await startScene(says(bytes))
    const answer = await scene.ask(CHAT_LINE, CHAT)
    expect([answer.status, codeOf(answer)]).toEqual([504, 'http_response_timeout'])
    expect((await scene.ask(PROXY_LINE, CHAT).catch(endedEarly))?.isWhole ?? false).toBe(false)
    await scene.calm()
  })

  test.concurrent('within an error: its status is known and is told', async () => {
    const error = 'HTTP/1.1 429 Slow down\r\nretry-after: 7\r\ncontent-length: 500\r\n\r\n{"error":{"message":"too'
    await using scene = await startScene(says(error))
    for (const [, line, body] of WAYS.slice(0, 2)) {
      const answer = await scene.ask(line, body)
      expect([answer.status, answer.header('retry-after')]).toEqual([429, '7'])
    }
    await scene.calm()
  })
})

describe('a provider that is slow, but never silent for long, is waited for', () => {
  const body = ['{"cho', 'ices"', ':[', ']', ' ', ' ', '}']
  const total = body.join('').length
  const answers: [behaviour: string, pieces: readonly string[]][] = [
    ['within a length', [`${HEAD}content-length: ${total}\r\n\r\n`, ...body]],
    [
      'within chunks',
      [`${HEAD}transfer-encoding: chunked\r\n\r\n`, ...body.map((part) => chunk(part).toString()), LAST_CHUNK],
    ],
  ]
  test.concurrent.each(answers)('%s', async (_, pieces) => {
    // In all longer than every limit, and in no pause.
    const limits = { CLIENT_RESPONSE_HEADER_TIMEOUT: '800ms', CLIENT_STREAM_IDLE_TIMEOUT: '800ms' }
    await using scene = await startScene(slowly(200, pieces), { env: limits })
    await Promise.all(
      [CHAT_LINE, PROXY_LINE].map(async (line) => {
        const answer = await scene.ask(line, CHAT)
        expect([answer.status, answer.text]).toEqual([200, body.join('')])
      }),
    )
  })
})

describe('an error of the provider', () => {
  test.concurrent('keeps when to come back, loses whom to ask for a token', async () => {
    const headers = [
      'retry-after: 7',
      'x-ratelimit-reset-tokens: 1s',
      'x-request-id: theirs',
      'www-authenticate: Bearer',
    ]
    await using scene = await startScene(saysAndEnds(sized('{"error":{"message":"no"}}', headers, '429 Slow down')))
    for (const [, line, body] of WAYS) {
      const answer = await scene.ask(line, body)
      expect(answer.status).toBe(429)
      expect(answer.header('retry-after')).toBe('7')
      expect(answer.header('x-ratelimit-reset-tokens')).toBe('1s')
      expect(answer.header('x-request-id')).toBe('theirs')
      expect(answer.header('www-authenticate')).toBeUndefined()
      await scene.calm()
    }
    expect(scene.provider.requests).toHaveLength(3)
  })

  test.concurrent('that never ends is not read to its end', async () => {
    await using scene = await startScene(async (peer) => {
      await peer.request()
      await peer.write('HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n')
      const piece = chunk('x'.repeat(60_000))
      while (!peer.isClosed) {
        await peer.write(piece)
        await pause(1)
      }
    })
    for (const [, line, body] of WAYS.slice(0, 2)) {
      const answer = await scene.ask(line, body)
      expect(answer.status).toBe(500)
      expect(answer.body.byteLength).toBeLessThan(10_000)
    }
    await scene.calm()
  })
})

describe('an upload', () => {
  const MIB = Buffer.alloc(1024 * 1024, ' ')
  const LENGTH = { 'content-length': String(64 * MIB.byteLength) }

  test.concurrent('to a provider that does not read is held back, and given up', async () => {
    await using scene = await startScene((peer) => peer.stopReading(), {
      env: { ...SHORT_LIMITS, CLIENT_TIMEOUT: '700ms', CLIENT_RESPONSE_HEADER_TIMEOUT: '1s' },
    })
    const connection = await connect(scene.gateway.url)
    await connection.send(request(PROXY_LINE, LENGTH))
    let sentMib = 0
    const upload = async (): Promise<void> => {
      for (; sentMib < 64; sentMib++) await connection.send(MIB)
    }
    void upload()
    const answer = await connection.answer()
    expect(answer.status).toBe(504)
    expect(sentMib).toBeLessThan(48) // what three pairs of buffers hold, and no more
    connection.cut()
    await scene.calm()
  })

  test.concurrent('is over when its answer has come: both connections end', async () => {
    const refusal = sized('{"error":{"message":"too large"}}', ['connection: close'], '413 Too Large')
    await using scene = await startScene(async (peer) => {
      await peer.head()
      await peer.write(refusal)
    })
    const connection = await connect(scene.gateway.url)
    await connection.send(request(PROXY_LINE, LENGTH, MIB))
    const answer = await connection.answer()
    expect([answer.status, answer.text]).toEqual([413, '{"error":{"message":"too large"}}'])
    await until(() => scene.provider.open === 0)
    // Half a request is behind us: nothing that follows may be read as another one.
    await connection.send(request('GET /health'))
    connection.end()
    await connection.closed
    expect(connection.received.toString()).not.toContain('"OK"')
    await scene.calm()
  })

  test.concurrent.each(WAYS)('of a body that the provider refuses before it has come, %s', async (_, line, body) => {
    const large = body.replace('canary-prompt', 'Hi'.repeat(3 * 1024 * 1024))
    await using scene = await startScene(async (peer) => {
      await peer.head()
      await peer.write(sized('{"error":{"message":"too large"}}', ['connection: close'], '413 Too Large'))
    })
    const answer = await scene.ask(line, large)
    expect(answer.status).toBe(413)
    expect(answer.text).toContain('too large')
    await scene.calm()
  })
})
