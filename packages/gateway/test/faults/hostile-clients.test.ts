import { describe, expect, test } from 'bun:test'
import { says } from '../support/fault-provider.ts'
import { startGateway } from '../support/gateway.ts'
import { connect, type RawConnection, request } from '../support/raw-client.ts'
import { LAST_CHUNK, until } from '../support/wire.ts'
import { CHAT_LINE, CHAT, codeOf, endedEarly, startScene, STREAMED_CHAT } from './scene.ts'
import { ENDING, event, framed, STREAM_HEAD } from './stream.ts'

const IMPATIENT = { SERVER_IDLE_TIMEOUT: '1s', SERVER_READ_TIMEOUT: '1s' } as const

/** A head has ten seconds by the runtime, whatever is set, and the runtime looks every four. */
const LIMIT_MS = 17_000

const openMany = (url: string, count: number): Promise<RawConnection[]> =>
  Promise.all(Array.from({ length: count }, () => connect(url)))

const isHealthy = async (url: string): Promise<void> => expect((await fetch(`${url}/health`)).status).toBe(200)

/** How long the connection lasts, in ms; at most somewhat longer than it may. */
async function lifeOf(connection: RawConnection): Promise<number> {
  const before = performance.now()
  await Promise.race([connection.closed, new Promise((resolve) => setTimeout(resolve, LIMIT_MS + 500))])
  return performance.now() - before
}

describe('a client that takes its time is not waited for', () => {
  const beginnings: [behaviour: string, bytes: string][] = [
    ['that says nothing', ''],
    ['that asks one thing and no other', 'GET /health HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['that has sent a body and asks no more', `${CHAT_LINE} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}`],
    ['that says half a request line', 'POST /v1/ch'],
    ['that says half a head', `${CHAT_LINE} HTTP/1.1\r\nhost: a\r\nx-`],
    ['that says half a body', `${CHAT_LINE} HTTP/1.1\r\nhost: a\r\ncontent-length: 500\r\n\r\n{"model"`],
    ['that says half a chunk', `${CHAT_LINE} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"model"`],
  ]
  test.concurrent.each(beginnings)('%s', async (_, bytes) => {
    await using gateway = await startGateway({ env: IMPATIENT })
    const connection = await connect(gateway.url)
    await connection.send(bytes)
    expect(await lifeOf(connection)).toBeLessThan(LIMIT_MS)
    await isHealthy(gateway.url)
  })

  test.concurrent('that sends its head byte by byte', async () => {
    await using gateway = await startGateway({ env: IMPATIENT })
    const connection = await connect(gateway.url)
    await connection.send('GET /health HTTP/1.1\r\nhost: a\r\nx-slow: ')
    const drip = setInterval(() => void connection.send('a'), 200)
    const lifeMs = await lifeOf(connection)
    clearInterval(drip)
    connection.cut()
    expect(lifeMs).toBeLessThan(LIMIT_MS)
    await isHealthy(gateway.url)
  })
})

describe('many clients', () => {
  test.concurrent('that only sit there leave room for those who ask', async () => {
    await using gateway = await startGateway({ env: IMPATIENT })
    const idle = await openMany(gateway.url, 500)
    const slowest = { ms: 0 }
    for (let count = 0; count < 100; count++) {
      const before = performance.now()
      await isHealthy(gateway.url)
      slowest.ms = Math.max(slowest.ms, performance.now() - before)
    }
    expect(slowest.ms).toBeLessThan(2000)
    const lives = await Promise.all(idle.map(lifeOf))
    expect(Math.max(...lives)).toBeLessThan(LIMIT_MS)
  })

  test.concurrent('that come and go without a word do no harm', async () => {
    await using gateway = await startGateway({})
    for (let round = 0; round < 5; round++)
      for (const [index, connection] of (await openMany(gateway.url, 100)).entries()) {
        if (index % 3 === 0) connection.cut()
        else if (index % 3 === 1) connection.end()
        else void connection.send('\r\n\0\x16\x03\x01').then(() => connection.cut())
      }
    await isHealthy(gateway.url)
  })

  test.concurrent('of one connection are answered one by one, in their order', async () => {
    await using gateway = await startGateway({})
    const connection = await connect(gateway.url)
    const lines = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? 'GET /health' : 'GET /nowhere'))
    await connection.send(Buffer.concat(lines.map((line) => request(line))))
    const statuses: number[] = []
    for (const _ of lines) statuses.push((await connection.answer()).status)
    expect(statuses).toEqual(lines.map((_, index) => (index % 2 === 0 ? 200 : 404)))
    connection.cut()
  })
})

describe('more than the gateway takes', () => {
  test.concurrent('is refused quickly, says when to come back, and touches nothing that runs', async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>()
    await using scene = await startScene(
      async (peer) => {
        await says(STREAM_HEAD + framed(event('Hi')))(peer)
        await go
        await peer.write(framed(ENDING) + LAST_CHUNK)
      },
      { env: { SERVER_MAX_IN_FLIGHT: '5', CLIENT_STREAM_IDLE_TIMEOUT: '30s' } },
    )
    const running = await openMany(scene.gateway.url, 5)
    for (const connection of running) await connection.send(request(CHAT_LINE, {}, STREAMED_CHAT))
    for (const connection of running) await connection.saw('Hi')

    for (const body of [CHAT, STREAMED_CHAT]) {
      const before = performance.now()
      const refused = await scene.ask(CHAT_LINE, body)
      expect(performance.now() - before).toBeLessThan(2000)
      expect([refused.status, codeOf(refused)]).toEqual([503, 'overloaded'])
      expect(refused.header('retry-after')).toBe('1')
      expect(refused.header('connection')).toBe('close')
    }
    expect((await scene.ask('GET /health')).status).toBe(200)
    expect(scene.provider.connections).toBe(5)

    resolve()
    for (const connection of running) {
      const answer = await connection.answer()
      expect([answer.isWhole, answer.text]).toEqual([true, event('Hi') + ENDING])
      connection.cut()
    }
    scene.provider.play(says(STREAM_HEAD + framed(ENDING) + LAST_CHUNK))
    await scene.calm({ pooled: true })
  })

  test.concurrent('is counted right: whatever way requests end, their places become free', async () => {
    await using scene = await startScene(says(STREAM_HEAD + framed(event('Hi'))), {
      env: { SERVER_MAX_IN_FLIGHT: '3', CLIENT_STREAM_IDLE_TIMEOUT: '100ms' },
    })
    const finished = () => scene.gateway.events.filter(({ type }) => type === 'exchange.finished').length
    const before = finished()
    for (let round = 0; round < 5; round++) {
      const connections = await openMany(scene.gateway.url, 3)
      const [leaver, , ...others] = connections
      for (const connection of connections) await connection.send(request(CHAT_LINE, {}, STREAMED_CHAT))
      await leaver?.saw('Hi')
      leaver?.cut()
      for (const connection of others) expect((await connection.answer().catch(endedEarly))?.status).toBe(200)
      await until(() => finished() === before + (round + 1) * 3)
      for (const connection of connections) connection.cut()
    }
    await scene.calm()
  })
})
