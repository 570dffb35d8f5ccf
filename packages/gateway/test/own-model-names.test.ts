import { expect, test } from 'bun:test'
import { startGateway } from './support/gateway.ts'

const DEPLOYMENTS = '[{provider: groq, model: x}, {provider: simulator, model: chat}]'

test('model names of one’s own are listed, as models of who would answer', async () => {
  const config = `models: {fast: {strategy: priority, deployments: ${DEPLOYMENTS}}}\n`
  await using gateway = await startGateway({ config, env: { SIMULATOR_ENABLED: 'true' } })
  const own = { id: 'fast', object: 'model', created: 0, owned_by: 'gateway', served_by: 'simulator' }
  const list: { data: unknown[] } = JSON.parse(await (await fetch(`${gateway.url}/v1/models`)).text())
  expect(list.data).toContainEqual(expect.objectContaining(own))
  expect(await (await fetch(`${gateway.url}/v1/models/fast`)).json()).toMatchObject(own)
})

test.each([
  ['priority', 'openai'],
  ['weighted', 'groq'],
])('it is told what one stands for, and who gets most of it: %s', async (strategy, provider) => {
  const members = ['{provider: openai, model: a, weight: 1}', '{provider: groq, model: groq/b, weight: 3}']
  await using gateway = await startGateway({
    providers: { openai: 'http://127.0.0.1:1', groq: 'http://127.0.0.1:1' },
    env: { DISALLOWED_MODELS: 'openai/no' },
    config: `models: {fast: {strategy: ${strategy}, deployments: [${members.join()}, {provider: openai, model: no}]}}`,
  })
  expect(await (await fetch(`${gateway.url}/v1/models/fast`)).json()).toMatchObject({
    owned_by: 'gateway',
    served_by: provider,
    deployments: ['openai/a', 'groq/b'],
  })
})

test('the page at the root is there without its last slash too', async () => {
  await using gateway = await startGateway({})
  for (const path of ['', '/', '/v1', '/v1/']) expect((await fetch(gateway.url + path)).status).toBe(200)
})
