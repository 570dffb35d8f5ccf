import { describe, expect, test } from 'bun:test'
import {
  answersAll,
  type FaultProvider,
  type FaultScript,
  pause,
  says,
  sized,
  startFaultProvider,
} from '../support/fault-provider.ts'
import { keyOf } from '../support/gateway.ts'
import { ask, connect, type RawConnection, request } from '../support/raw-client.ts'
import { LAST_CHUNK, until } from '../support/wire.ts'
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts'
import { CHAT, CHAT_LINE, COMPLETION, STREAMED_CHAT } from './scene.ts'
import { ENDING, event, framed, STREAM_HEAD } from './stream.ts'

/** One second of grace for load balancers, one for what runs. */
const QUICK = { SERVER_LAME_DUCK: '1s', SERVER_SHUTDOWN_TIMEOUT: '1s' } as const

interface Running extends AsyncDisposable {
  readonly provider: FaultProvider
  readonly gateway: GatewayProcess
}

async function start(script: FaultScript, env: Readonly<Record<string, string>> = QUICK): Promise<Running> {
  const provider = await startFaultProvider()
  const gateway = await startGatewayProcess(provider.origin, env)
  await (await fetch(`${gateway.url}/v1/models?provider=openai`)).text()
  provider.play(script)
  return {
    provider,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

/** Opens so many streams and waits for the first word of each. */
async function openStreams(url: string, count: number): Promise<readonly RawConnection[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => connect(url)))
  await Promise.all(connections.map((connection) => connection.send(request(CHAT_LINE, {}, STREAMED_CHAT))))
  await Promise.all(connections.map((connection) => connection.saw('Hi')))
  return connections
}

const statusOf = async (url: string, path: string): Promise<number> => (await ask(url, `GET ${path}`)).status

async function exitsWithin(gateway: GatewayProcess, limitMs: number): Promise<number | null> {
  const before = performance.now()
  const code = await gateway.exited
  expect(performance.now() - before).toBeLessThan(limitMs)
  expect(gateway.output).not.toContain(keyOf('openai'))
  expect(gateway.output).not.toMatch(/unhandled|uncaught/i)
  return code
}

describe('SIGTERM', () => {
  test.concurrent('makes an idle gateway not ready at once, and end after its grace', async () => {
    await using running = await start(answersAll(sized(COMPLETION)), { ...QUICK, SERVER_LAME_DUCK: '6s' })
    const { gateway } = running
    expect(await statusOf(gateway.url, '/ready')).toBe(200)
    const before = performance.now()
    gateway.signal('SIGTERM')
    while ((await statusOf(gateway.url, '/ready')) !== 503);
    expect(performance.now() - before).toBeLessThan(4000)

    const late = await ask(gateway.url, CHAT_LINE, {}, CHAT)
    expect([late.status, late.text, late.header('connection')]).toEqual([200, COMPLETION, 'close'])
    const health = await ask(gateway.url, 'GET /health')
    expect([health.status, health.header('connection')]).toEqual([200, 'close'])
    expect(await exitsWithin(gateway, 12_000)).toBe(0)
  })

  test.concurrent('lets streams end that end in time, byte for byte', async () => {
    const words = Array.from({ length: 12 }, (_, index) => event(`word ${index}`))
    const script: FaultScript = async (peer) => {
      await says(STREAM_HEAD + framed(event('Hi')))(peer)
      for (const word of words) {
        await pause(150)
        await peer.write(framed(word))
      }
      await peer.write(framed(ENDING) + LAST_CHUNK)
    }
    await using running = await start(script, { SERVER_LAME_DUCK: '300ms', SERVER_SHUTDOWN_TIMEOUT: '20s' })
    const connections = await openStreams(running.gateway.url, 50)
    running.gateway.signal('SIGTERM')
    for (const answer of await Promise.all(connections.map((connection) => connection.answer())))
      expect([answer.isWhole, answer.text]).toEqual([true, event('Hi') + words.join('') + ENDING])
    expect(await exitsWithin(running.gateway, 6000)).toBe(0)
    await running.provider.deserted()
  })

  test.concurrent('breaks streams off that do not, and says so', async () => {
    await using running = await start(says(STREAM_HEAD + framed(event('Hi'))))
    const connections = await openStreams(running.gateway.url, 20)
    const before = performance.now()
    running.gateway.signal('SIGTERM')
    for (const answer of await Promise.all(connections.map((connection) => connection.answer()))) {
      expect(answer.isWhole).toBe(false)
      expect(answer.text).toStartWith(event('Hi'))
      expect(answer.text).toContain('"code":"server_shutdown"')
      expect(answer.text).not.toContain('[DONE]')
    }
    expect(performance.now() - before).toBeGreaterThan(1900) // not before their time
    expect(await exitsWithin(running.gateway, 5000)).toBe(0)
    await running.provider.deserted()
  })

  test.concurrent('does not wait for whole answers for ever, and tells who waits for one', async () => {
    await using running = await start(says())
    const connection = await connect(running.gateway.url)
    await connection.send(request(CHAT_LINE, {}, CHAT))
    await until(() => running.provider.requests.length > 0)
    running.gateway.signal('SIGTERM')
    const answer = await connection.answer()
    expect([answer.status, answer.text]).toEqual([503, expect.stringContaining('"code":"server_shutdown"')])
    expect(await exitsWithin(running.gateway, 5000)).toBe(0)
    await running.provider.deserted()
  })

  test.concurrent('ends connections on which nothing runs', async () => {
    await using running = await start(answersAll(sized(COMPLETION)))
    const { url } = running.gateway
    const [silent, halfHead, idle] = await Promise.all([connect(url), connect(url), connect(url)])
    await halfHead.send(`${CHAT_LINE} HTTP/1.1\r\nhost: a\r\nx-`)
    await idle.send(request('GET /health'))
    await idle.answer()
    running.gateway.signal('SIGTERM')
    expect(await exitsWithin(running.gateway, 6000)).toBe(0)
    await Promise.all([halfHead.closed, idle.closed])
    // The system hands a connection over with its first byte: before that it may outlive who never knew of it.
    await silent.send('G')
    await silent.closed
  })

  test.concurrent('does not wait for the rest of a request for ever', async () => {
    await using running = await start(answersAll(sized(COMPLETION)))
    const halfBody = await connect(running.gateway.url)
    await halfBody.send(request(CHAT_LINE, { 'content-length': '500' }, CHAT))
    running.gateway.signal('SIGTERM')
    expect(await exitsWithin(running.gateway, 8000)).toBe(0)
    await halfBody.closed
    expect(running.provider.requests).toEqual([])
  })

  test.concurrent('does not wait for a client that does not read', async () => {
    const piece = framed(event('x'.repeat(60_000)))
    await using running = await start(async (peer) => {
      await says(STREAM_HEAD + framed(event('Hi')))(peer)
      while (!peer.isClosed) await peer.write(piece)
    })
    const [connection] = await openStreams(running.gateway.url, 1)
    connection?.pause()
    running.gateway.signal('SIGTERM')
    expect(await exitsWithin(running.gateway, 8000)).toBe(0)
    connection?.resume()
    expect((await connection?.answer())?.isWhole).toBe(false)
  })
})

describe('a second signal', () => {
  test.concurrent.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
  ] as const)('ends at once (%s, %s)', async (first, second) => {
    await using running = await start(says(STREAM_HEAD + framed(event('Hi'))), { SERVER_LAME_DUCK: '20s' })
    const [connection] = await openStreams(running.gateway.url, 1)
    running.gateway.signal(first)
    await until(() => running.gateway.output.includes('a second signal'))
    running.gateway.signal(second)
    expect(await exitsWithin(running.gateway, 5000)).toBe(1)
    expect(running.gateway.output).toContain(`${second} again: stopping at once, 1 running requests are cut`)
    expect((await connection?.answer())?.isWhole).toBe(false)
  })
})

test.concurrent('kill -9 never leaves an answer that looks complete', async () => {
  await using running = await start(says(STREAM_HEAD + framed(event('Hi'))))
  const connections = await openStreams(running.gateway.url, 20)
  running.gateway.signal('SIGKILL')
  for (const answer of await Promise.all(connections.map((connection) => connection.answer()))) {
    expect([answer.isWhole, answer.text]).toEqual([false, event('Hi')])
  }
  await running.provider.deserted()
})

test.concurrent('a log that nobody takes any more does not end the gateway', async () => {
  await using running = await start(answersAll(sized(COMPLETION)), { ...QUICK, LOG_LEVEL: 'debug' })
  running.gateway.closeOutput()
  for (let count = 0; count < 20; count++)
    expect((await ask(running.gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
  running.gateway.signal('SIGTERM')
  expect(await running.gateway.exited).toBe(0)
})

test.concurrent('a log that nobody reads slows no request', async () => {
  await using running = await start(answersAll(sized(COMPLETION)), QUICK)
  running.gateway.pauseOutput()
  // Each line has some kilobytes: a pipe holds a few of them.
  const headers = { 'x-request-id': 'i'.repeat(128) }
  const path = `/nowhere/${'long/'.repeat(400)}`
  for (let round = 0; round < 20; round++) {
    const answers = Array.from({ length: 50 }, () => fetch(running.gateway.url + path, { headers }))
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(404)
  }
  expect((await ask(running.gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
})

test.concurrent('two gateways that are replaced one after the other fail nobody', async () => {
  await using provider = await startFaultProvider()
  const begin = (): Promise<GatewayProcess> =>
    startGatewayProcess(provider.origin, { SERVER_LAME_DUCK: '1s', SERVER_SHUTDOWN_TIMEOUT: '5s' })
  const replicas = await Promise.all([begin(), begin()])
  provider.play(answersAll(sized(COMPLETION)))
  const rolling = new AbortController()
  let answered = 0
  /** A client behind a balancer that knows who is ready. */
  const work = async (turn: number): Promise<void> => {
    for (let count = turn; !rolling.signal.aborted; count++) {
      const ready = replicas.filter(({ url }) => !draining.has(url))
      const { url = '' } = ready[count % ready.length] ?? {}
      const answer = await ask(url, CHAT_LINE, {}, CHAT)
      expect([answer.status, answer.text]).toEqual([200, COMPLETION])
      answered += 1
      await pause(5)
    }
  }
  const draining = new Set<string>()
  const workers = Array.from({ length: 10 }, (_, turn) => work(turn))
  for (const [index, old] of [...replicas, ...replicas].entries()) {
    const replaced = replicas[index % 2] ?? old
    replaced.signal('SIGTERM')
    await pause(100) // what a balancer needs to notice
    draining.add(replaced.url)
    expect(await replaced.exited).toBe(0)
    replicas[index % 2] = await begin()
  }
  rolling.abort()
  await Promise.all(workers)
  expect(answered).toBeGreaterThan(100)
  for (const replica of replicas) await replica[Symbol.asyncDispose]()
})
