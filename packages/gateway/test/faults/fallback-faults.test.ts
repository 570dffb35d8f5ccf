import { describe, expect, test } from 'bun:test'
import {
  answersAll,
  type FaultProvider,
  type FaultScript,
  pause,
  says,
  saysAndEnds,
  sized,
  startFaultProvider,
} from '../support/fault-provider.ts'
import { LAST_CHUNK } from '../support/wire.ts'
import { CHAT, CHAT_LINE, codeOf, COMPLETION, type Scene, startScene, STREAMED_CHAT } from './scene.ts'
import { ENDING, event, framed, STREAM_HEAD, streamed } from './stream.ts'

const DEPLOYMENTS = 'deployments: [{provider: openai, model: x}, {provider: groq, model: y}], strategy: priority'
const config = (retry: string): string => `models: {fast: {${DEPLOYMENTS}, retry: {${retry}}}}`
const BODY = CHAT.replace('openai/x', 'fast')
const STREAMED_BODY = STREAMED_CHAT.replace('openai/x', 'fast')

const ROLE = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
const GOOD = ROLE + event('second') + ENDING
const goodStream: FaultScript = async (peer) => {
  for (;;) {
    const { text } = await peer.request()
    await peer.write(text.includes('"stream":true') ? streamed(GOOD) : sized(COMPLETION))
  }
}

interface Pair extends Scene {
  readonly second: FaultProvider
}

/** Two providers behind one name, the faulty one first. */
async function startPair(first: FaultScript, second: FaultScript, retry: string): Promise<Pair> {
  const provider = await startFaultProvider()
  const scene = await startScene(first, {
    providers: { groq: provider.origin },
    env: { CLIENT_RESPONSE_HEADER_TIMEOUT: '10s', CLIENT_STREAM_IDLE_TIMEOUT: '10s' },
    config: config(retry),
  })
  await (await fetch(`${scene.gateway.url}/v1/models?provider=groq`)).text()
  provider.play(second)
  return {
    ...scene,
    second: provider,
    async [Symbol.asyncDispose]() {
      await scene[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

describe('a first target that takes the request and then', () => {
  const faults: [behaviour: string, script: FaultScript][] = [
    ['says nothing', says()],
    ['says no more than a head', says(STREAM_HEAD)],
    ['says no more than its preamble', says(STREAM_HEAD + framed(ROLE))],
    ['only comments', says(STREAM_HEAD + framed(': busy\n\n'))],
    ['ends behind its preamble', says(streamed(ROLE))],
    [
      'tells of an error behind its preamble',
      says(STREAM_HEAD + framed(`${ROLE}data: {"error":{"message":"no"}}\n\n`)),
    ],
    ['speaks no HTTP', says('SSH-2.0-OpenSSH_9.6\r\n\r\n')],
    ['closes', saysAndEnds()],
    ['resets', (peer) => peer.request().then(() => peer.reset())],
  ]
  test.concurrent.each(faults)('%s: the second answers, with one preamble, in time', async (_, script) => {
    await using scene = await startPair(script, goodStream, 'first_token_timeout: 200ms, base_delay: 1ms')
    const before = performance.now()
    const answer = await scene.ask(CHAT_LINE, STREAMED_BODY)
    expect([answer.status, answer.isWhole, answer.text]).toEqual([200, true, GOOD])
    expect(answer.header('x-gateway-provider')).toBe('groq')
    expect(answer.header('x-gateway-attempts')).toMatch(/^openai;.*, groq;status=200/)
    expect(performance.now() - before).toBeLessThan(8000)
    await scene.calm({ pooled: true })
    expect(scene.second.connections).toBe(1)
  })
})

describe('a whole answer that takes long', () => {
  const slow: FaultScript = async (peer) => {
    for (;;) {
      await peer.request()
      await pause(600)
      await peer.write(sized('{"choices":[],"id":"slow"}'))
    }
  }

  test.concurrent('is not waited for beyond the limit of its head: the second answers', async () => {
    await using scene = await startPair(says(), goodStream, 'response_header_timeout: 200ms')
    const before = performance.now()
    const answer = await scene.ask(CHAT_LINE, BODY)
    expect([answer.status, answer.text, answer.header('x-gateway-provider')]).toEqual([200, COMPLETION, 'groq'])
    expect(performance.now() - before).toBeLessThan(8000)
    await scene.calm({ pooled: true })
  })

  test.concurrent('may take longer than its provider usually may', async () => {
    await using scene = await startScene(slow, {
      env: { CLIENT_RESPONSE_HEADER_TIMEOUT: '100ms' },
      config: 'models: {fast: {deployments: [{provider: openai, model: x}], retry: {response_header_timeout: 10s}}}',
    })
    expect((await scene.ask(CHAT_LINE, BODY)).status).toBe(200)
  })

  test.concurrent('is not held to the limit of first tokens, of which it shows none', async () => {
    await using scene = await startPair(slow, goodStream, 'first_token_timeout: 100ms')
    expect((await scene.ask(CHAT_LINE, BODY)).text).toContain('"slow"')
    expect(scene.second.connections).toBe(0)
  })
})

test.concurrent('behind the first word an error is told, and nobody else goes on in its place', async () => {
  const words = ROLE + event('first')
  const breaksLate: FaultScript = async (peer) => {
    await says(STREAM_HEAD + framed(words))(peer)
    await pause(50)
    await peer.write(framed('data: {"error":{"message":"lost it"}}\n\n') + LAST_CHUNK)
  }
  await using scene = await startPair(breaksLate, goodStream, 'first_token_timeout: 2s')
  const answer = await scene.ask(CHAT_LINE, STREAMED_BODY)
  expect(answer.text).toStartWith(words)
  expect(answer.text).toContain('lost it')
  expect(answer.text).not.toContain('second')
  expect(answer.text).not.toContain('[DONE]')
  expect(scene.second.connections).toBe(0)
  await scene.calm({ pooled: true })
})

const late: [limit: string, script: FaultScript, body: string][] = [
  ['first_token_timeout', says(STREAM_HEAD), STREAMED_BODY],
  ['first_token_timeout', says(), STREAMED_BODY],
  ['response_header_timeout', says(), STREAMED_BODY],
  ['response_header_timeout', says(), BODY],
]
test.concurrent.each(late)('without a second target the time limit is told: %s', async (limit, script, body) => {
  await using scene = await startScene(script, {
    env: { CLIENT_RESPONSE_HEADER_TIMEOUT: '10s', CLIENT_STREAM_IDLE_TIMEOUT: '10s' },
    config: `models: {fast: {deployments: [{provider: openai, model: x}], retry: {attempts: 1, ${limit}: 200ms}}}`,
  })
  const answer = await scene.ask(CHAT_LINE, body)
  expect([answer.status, codeOf(answer)]).toEqual([504, 'http_response_timeout'])
  expect(answer.text).toContain(`(retry.${limit})`)
  await scene.calm()
})

describe('targets that are all dead', () => {
  const dead: FaultScript = (peer) => peer.reset()

  test.concurrent('are left alone after a while, and no other model of theirs with them', async () => {
    await using scene = await startPair(dead, dead, 'attempts: 2, base_delay: 1ms, max_delay: 1ms')
    for (let count = 0; count < 10; count++) await scene.ask(CHAT_LINE, BODY)
    const asked = scene.provider.connections + scene.second.connections
    expect(asked).toBeLessThanOrEqual(12) // five failures in a row open the circuit of each
    const before = performance.now()
    const refused = await scene.ask(CHAT_LINE, BODY)
    expect(performance.now() - before).toBeLessThan(2000)
    expect([refused.status, codeOf(refused)]).toEqual([503, 'destination_unavailable'])
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0)
    expect(scene.provider.connections + scene.second.connections).toBe(asked)

    scene.provider.play(answersAll(sized(COMPLETION)))
    expect((await scene.ask(CHAT_LINE, BODY.replace('fast', 'openai/another'))).status).toBe(200)
  })

  test.concurrent('cost a healthy one nothing', async () => {
    await using scene = await startPair(dead, goodStream, 'base_delay: 1ms')
    for (let count = 0; count < 20; count++) expect((await scene.ask(CHAT_LINE, BODY)).status).toBe(200)
    expect(scene.provider.connections).toBeLessThanOrEqual(6)
  })
})
