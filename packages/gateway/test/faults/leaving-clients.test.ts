import { describe, expect, test } from 'bun:test'
import { type FaultScript, pause, says, sized } from '../support/fault-provider.ts'
import { connect, type RawConnection, request } from '../support/raw-client.ts'
import { LAST_CHUNK, until } from '../support/wire.ts'
import { CHAT, CHAT_LINE, COMPLETION, PROXY_LINE, type Scene, startScene, STREAMED_CHAT } from './scene.ts'
import { ENDING, event, framed, STREAM_HEAD, streamed } from './stream.ts'

/** Nothing but the client ends these exchanges. */
const PATIENT = {
  CLIENT_TIMEOUT: '30s',
  CLIENT_RESPONSE_HEADER_TIMEOUT: '30s',
  CLIENT_STREAM_IDLE_TIMEOUT: '30s',
} as const

const HALF = 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"choices":'
const ROLE = STREAM_HEAD + framed('data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n')
const ALIAS = 'models: {fast: {deployments: [{provider: openai, model: x}, {provider: openai, model: y}]}}'
const TO_ALIAS = STREAMED_CHAT.replace('openai/x', 'fast')

interface Leaving {
  readonly line?: string
  readonly body: string
  readonly script: FaultScript
  readonly config?: string
}

const states: Readonly<Record<string, Leaving>> = {
  'before the head': { body: CHAT, script: says() },
  'before the head of a stream': { body: STREAMED_CHAT, script: says() },
  'before the first event': { body: STREAMED_CHAT, script: says(STREAM_HEAD) },
  'within the first event': { body: STREAMED_CHAT, script: says(STREAM_HEAD + framed('data: {"cho')) },
  'in the middle of a stream': { body: STREAMED_CHAT, script: says(STREAM_HEAD + framed(event('Hi'))) },
  'after the finish reason': { body: STREAMED_CHAT, script: says(STREAM_HEAD + framed(event('Hi', 'stop'))) },
  'in the middle of an answer': { body: CHAT, script: says(HALF) },
  'in the middle of an error': { body: CHAT, script: says(HALF.replace('200 OK', '500 Oh')) },
  'while a preamble is held back': { body: TO_ALIAS, script: says(ROLE), config: ALIAS },
  'before the head, on /proxy': { line: PROXY_LINE, body: CHAT, script: says() },
  'in the middle of a stream, on /proxy': { line: PROXY_LINE, body: CHAT, script: says(STREAM_HEAD + framed('Hi')) },
  'in the middle of an answer, on /proxy': { line: PROXY_LINE, body: CHAT, script: says(HALF) },
}

const HOWS = [
  ['FIN', 'end'],
  ['RST', 'cut'],
] as const

async function begin(scene: Scene, { line = CHAT_LINE, body }: Leaving, id: string): Promise<RawConnection> {
  const connection = await connect(scene.gateway.url)
  await connection.send(request(line, { 'x-request-id': id }, body))
  await until(() => scene.provider.requests.length > 0)
  // What the provider has said is with the gateway, or soon will be: leaving is right at every point.
  await pause(20)
  return connection
}

describe.each(HOWS)('a client that leaves by %s', (_, how) => {
  test.concurrent.each(Object.entries(states))('%s ends the call to the provider', async (name, leaving) => {
    const { script, config } = leaving
    await using scene = await startScene(script, { env: PATIENT, ...(config === undefined ? {} : { config }) })
    const connection = await begin(scene, leaving, 'leaver')
    connection[how]()
    await scene.provider.deserted(1000)
    expect(await scene.gateway.finished('leaver')).toMatchObject({ status: 499, outcome: 'left' })
    expect([name, scene.provider.connections]).toEqual([name, 1])
    await scene.calm()
  })

  test.concurrent('while it waits for another try starts none', async () => {
    const config = `models: {fast: {deployments: [{provider: openai, model: x}], retry: {base_delay: 600ms, attempts: 5}}}`
    const down = says(sized('{"error":{"message":"down"}}', ['connection: close'], '503 Down'))
    await using scene = await startScene(down, { env: PATIENT, config })
    const connection = await begin(scene, { body: TO_ALIAS, script: down }, 'leaver')
    connection[how]()
    expect(await scene.gateway.finished('leaver')).toMatchObject({ status: 499, outcome: 'left' })
    await pause(700)
    expect(scene.provider.requests).toHaveLength(1)
    await scene.calm()
  })

  test.concurrent('in the middle of an upload ends the upload', async () => {
    await using scene = await startScene(async (peer) => void (await peer.head()), { env: PATIENT })
    const connection = await connect(scene.gateway.url)
    const headers = { 'x-request-id': 'leaver', 'content-length': '5000000' }
    await connection.send(request(PROXY_LINE, headers, 'x'.repeat(1_500_000)))
    await until(() => scene.provider.open > 0)
    connection[how]()
    await scene.provider.deserted(1000)
    expect(await scene.gateway.finished('leaver')).toMatchObject({ status: 499, outcome: 'left' })
    expect(scene.provider.requests).toEqual([])
    await scene.calm()
  })
})

test.concurrent.each(HOWS)('a client that has all and leaves by %s has been served', async (_, how) => {
  await using scene = await startScene(says(STREAM_HEAD + framed(event('Hi') + ENDING)), { env: PATIENT })
  const connection = await begin(scene, { body: STREAMED_CHAT, script: () => {} }, 'happy')
  await connection.saw('[DONE]')
  connection[how]()
  expect(await scene.gateway.finished('happy')).toMatchObject({ status: 200, outcome: 'complete' })
  await scene.calm()
})

test('two hundred clients that leave at once stall nobody', async () => {
  await using scene = await startScene(says(STREAM_HEAD + framed(event('Hi'))), { env: PATIENT })
  const connections = await Promise.all(Array.from({ length: 200 }, () => connect(scene.gateway.url)))
  await Promise.all(connections.map((connection) => connection.send(request(CHAT_LINE, {}, STREAMED_CHAT))))
  await Promise.all(connections.map((connection) => connection.saw('Hi')))
  for (const connection of connections) connection.cut()
  const before = performance.now()
  await fetch(`${scene.gateway.url}/health`)
  expect(performance.now() - before).toBeLessThan(3000)
  await scene.provider.deserted(5000)
  await until(() => scene.gateway.events.filter(({ type }) => type === 'exchange.finished').length >= 200)
  await scene.calm()
})

describe('a client that stops reading', () => {
  const piece = framed(event('x'.repeat(60_000)))

  /** Writes for ever, or up to so many pieces and a good end; tells how much it could write. */
  function pour(pieces = Number.POSITIVE_INFINITY) {
    const poured = { bytes: 0 }
    const script: FaultScript = async (peer) => {
      await peer.request()
      await peer.write(STREAM_HEAD)
      for (let count = 0; count < pieces && !peer.isClosed; count++) {
        await peer.write(piece)
        poured.bytes += piece.length
      }
      await peer.write(framed(ENDING) + LAST_CHUNK)
    }
    return { poured, script }
  }

  const started = async (scene: Scene, line: string): Promise<RawConnection> => {
    const connection = await connect(scene.gateway.url)
    await connection.send(request(line, { 'x-request-id': 'stuck' }, STREAMED_CHAT))
    await connection.saw('xxx')
    connection.pause()
    return connection
  }

  test.concurrent.each([CHAT_LINE, PROXY_LINE])('is cut off after SERVER_WRITE_TIMEOUT: %s', async (line) => {
    const { poured, script } = pour()
    await using scene = await startScene(script, { env: { ...PATIENT, SERVER_WRITE_TIMEOUT: '300ms' } })
    const connection = await started(scene, line)
    await scene.provider.deserted(5000)
    expect(poured.bytes).toBeLessThan(32 * 1024 * 1024) // what the buffers of two pairs of sockets hold
    expect((await scene.gateway.finished('stuck')).outcome).not.toBe('complete')
    connection.resume()
    expect((await connection.answer()).isWhole).toBe(false)
    await scene.calm()
  })

  test.concurrent('and goes on within the limit loses nothing', async () => {
    const { script } = pour(150)
    await using scene = await startScene(script, { env: { ...PATIENT, SERVER_WRITE_TIMEOUT: '20s' } })
    const connection = await started(scene, CHAT_LINE)
    await pause(500)
    connection.resume()
    const answer = await connection.answer()
    expect([answer.isWhole, answer.body.byteLength]).toEqual([
      true,
      150 * event('x'.repeat(60_000)).length + ENDING.length,
    ])
    connection.cut()
    await scene.calm({ pooled: true })
  })

  test.concurrent('again and again, but never for long, is served', async () => {
    const { script } = pour(200) // some forty bites, which take longer than the limit
    await using scene = await startScene(script, { env: { ...PATIENT, SERVER_WRITE_TIMEOUT: '3s' } })
    const connection = await started(scene, CHAT_LINE)
    const nibble = setInterval(() => {
      connection.resume()
      setImmediate(() => connection.pause())
    }, 100)
    const answer = await connection.answer()
    clearInterval(nibble)
    expect(answer.isWhole).toBe(true)
    connection.cut()
    await scene.calm({ pooled: true })
  })

  test.concurrent('of a whole answer holds up no other', async () => {
    const large = sized(COMPLETION.padEnd(8 * 1024 * 1024, ' '))
    await using scene = await startScene(says(large), { env: PATIENT })
    const stuck = await connect(scene.gateway.url)
    stuck.pause()
    await stuck.send(request(CHAT_LINE, {}, CHAT))
    await until(() => scene.provider.requests.length > 0)
    scene.provider.play(says(streamed(ENDING)))
    expect((await scene.ask(CHAT_LINE, STREAMED_CHAT)).text).toBe(ENDING)
    stuck.cut()
  })
})
