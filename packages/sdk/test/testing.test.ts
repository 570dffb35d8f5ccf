import { expect, test } from 'bun:test'
import { Gateway } from '../src/index.ts'
import { startGateway } from '../src/testing.ts'
import { thrown } from './support/scripted.ts'

test('a gateway of one’s own has the simulator', async () => {
  await using server = await startGateway()
  const { text } = await new Gateway({ baseURL: server.url }).chat({ model: 'simulator/echo?ttft=0', messages: 'Hi' })
  expect(text).toBe('Hi')
})

test('it is gone when it is closed', async () => {
  const server = await startGateway()
  await server.close()
  const gw = new Gateway({ baseURL: server.url, maxRetries: 0 })
  expect(await thrown(gw.health())).toMatchObject({ name: 'ConnectionError' })
})

test('settings and configuration are those of a gateway', async () => {
  const config = 'models:\n  fast:\n    deployments: [{ provider: simulator, model: echo?ttft=0 }]\n'
  await using server = await startGateway({ config, env: { DISALLOWED_MODELS: 'simulator/chat' } })
  const gw = new Gateway({ baseURL: server.url })
  expect((await gw.chat({ model: 'fast', messages: 'Hi' })).text).toBe('Hi')
  expect(await thrown(gw.chat({ model: 'simulator/chat', messages: 'Hi' }))).toMatchObject({ status: 403 })
})

test('a setting that is wrong is said', async () => {
  expect(await thrown(startGateway({ env: { SERVER_PORT: 'many' } }))).toMatchObject({
    message: expect.stringContaining('SERVER_PORT'),
  })
})

test('a script says who answers what', async () => {
  await using server = await startGateway({
    sim: [
      { match: /flaky/i, fail: 503, times: 1 },
      { match: 'limit (hard)', fail: 429, retryAfter: 1 },
      { match: 'tool', calls: [{ name: 'add', arguments: { a: 1 } }] },
      { match: 'cut', reply: 'one two three', cutAfter: 2 },
      { reply: 'hello there', tokensPerSecond: 1000 },
    ],
  })
  const gw = new Gateway({ baseURL: server.url, maxRetries: 0, defaults: { model: 'sim/any' } })
  const say = (messages: string) => gw.chat({ messages })

  expect((await say('anything')).text).toBe('hello there')
  expect(await thrown(say('FLAKY'))).toMatchObject({ status: 503 })
  expect((await say('FLAKY')).text).toBe('hello there')
  expect(await thrown(say('limit (hard)'))).toMatchObject({ status: 429, retryAfterMs: 1000 })
  expect((await say('tool')).toolCalls).toMatchObject([{ function: { name: 'add', arguments: '{"a":1}' } }])
  expect((await gw.chat.stream({ messages: 'tool' }).final()).toolCalls).toHaveLength(1)
  expect((await gw.chat.stream({ messages: 'x' }).final()).usage?.completion_tokens).toBe(2)
  expect(await thrown(gw.chat.stream({ messages: 'cut' }).final())).toMatchObject({ partial: { text: 'one two' } })
})
