import { expect, test } from 'bun:test'
import { type FaultScript, pause, says, saysInTime } from '../support/fault-provider.ts'
import { LAST_CHUNK } from '../support/wire.ts'
import { CHAT_LINE, expectBroken, PROXY_LINE, startScene, STREAMED_CHAT } from './scene.ts'
import { ENDING, event, framed, STREAM_HEAD } from './stream.ts'

const LINES = [[CHAT_LINE], [PROXY_LINE]] as const

/** Several times as long as the pauses of a stream, and shorter than the stream. */
const limits = {
  CLIENT_TIMEOUT: '800ms',
  CLIENT_RESPONSE_HEADER_TIMEOUT: '800ms',
  CLIENT_STREAM_IDLE_TIMEOUT: '800ms',
  SERVER_WRITE_TIMEOUT: '800ms',
  SERVER_READ_TIMEOUT: '1s',
  SERVER_IDLE_TIMEOUT: '1s',
}

test.concurrent.each(LINES)('a stream that keeps talking outlives every limit: %s', async (line) => {
  const words = Array.from({ length: 10 }, (_, index) => event(String(index)))
  const pieces = [STREAM_HEAD, ...words.map(framed), framed(ENDING) + LAST_CHUNK]
  const script = saysInTime(...pieces.map((piece) => [200, piece] as const))
  await using scene = await startScene(script, { env: limits })
  const answer = await scene.ask(line, STREAMED_CHAT)
  expect([answer.isWhole, answer.text]).toEqual([true, words.join('') + ENDING])
})

test.concurrent('comments of the provider are signs of life', async () => {
  const comments = Array.from({ length: 5 }, () => [200, framed(': thinking\n\n')] as const)
  const script = saysInTime([0, STREAM_HEAD], ...comments, [200, framed(ENDING) + LAST_CHUNK])
  await using scene = await startScene(script, { env: limits })
  expect((await scene.ask(CHAT_LINE, STREAMED_CHAT)).text).toEndWith(ENDING)
})

test.concurrent('silence is cut at its limit, not much earlier and not much later', async () => {
  await using scene = await startScene(saysInTime([0, STREAM_HEAD + framed(event('Hi'))]))
  const before = performance.now()
  expectBroken(await scene.ask(CHAT_LINE, STREAMED_CHAT), 'http_response_timeout')
  expect(performance.now() - before).toBeWithin(980, 5000)
  await scene.calm()
})

test.concurrent.each(LINES)('silence is cut at the limit of its provider, where it has one: %s', async (line) => {
  await using scene = await startScene(saysInTime([0, STREAM_HEAD + framed(event('Hi'))]), {
    env: { CLIENT_STREAM_IDLE_TIMEOUT: '10s', OPENAI_STREAM_IDLE_TIMEOUT: '200ms' },
  })
  const before = performance.now()
  const answer = await scene.ask(line, STREAMED_CHAT)
  expect(answer.isWhole).toBe(false)
  // On /proxy the stream is the provider's, and nothing is put into it.
  expect(answer.text.includes('(OPENAI_STREAM_IDLE_TIMEOUT)')).toBe(line === CHAT_LINE)
  expect(performance.now() - before).toBeLessThan(5000)
  await scene.calm()
})

test.concurrent('a stream that never ends is ended where somebody wants that', async () => {
  const endless: FaultScript = async (peer) => {
    await says(STREAM_HEAD)(peer)
    while (!peer.isClosed) {
      await peer.write(framed(event('on')))
      await pause(20)
    }
  }
  await using scene = await startScene(endless, { env: { CLIENT_MAX_STREAM_DURATION: '300ms' } })
  expectBroken(await scene.ask(CHAT_LINE, STREAMED_CHAT), 'http_response_timeout')
  await scene.calm()
})

test.concurrent('no comment is put into what is not ours to read', async () => {
  await using scene = await startScene(
    saysInTime([0, STREAM_HEAD + framed('half an ev')], [150, framed('ent') + LAST_CHUNK]),
    {
      env: { STREAM_KEEPALIVE_INTERVAL: '20ms' },
    },
  )
  expect((await scene.ask(PROXY_LINE, STREAMED_CHAT)).text).toBe('half an event')
})
