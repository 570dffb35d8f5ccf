import { expect, test } from 'bun:test'
import { keyOf, startGateway } from './gateway.ts'
import { ask } from './raw-client.ts'
import { json, startScriptedProvider } from './scripted-provider.ts'

test('a key that gets into the log fails the test whose gateway it was', async () => {
  const gateway = await startGateway({ providers: { openai: 'http://127.0.0.1:1' } })
  // What callers name their requests is logged.
  await ask(gateway.url, 'GET /v1/models', { 'x-request-id': keyOf('openai') })
  await expect(gateway.close()).rejects.toThrow('is in the log')
})

test.each([
  ['a prompt', 'what-was-asked'],
  ['an answer', 'what-was-answered'],
])('so does %s of a scripted provider', async (_, words) => {
  await using provider = await startScriptedProvider(json({ choices: [{ message: { content: 'what-was-answered' } }] }))
  const gateway = await startGateway({ providers: { openai: provider.origin } })
  const chat = '{"model":"openai/x","messages":[{"role":"user","content":"what-was-asked"}]}'
  await ask(gateway.url, 'POST /v1/chat/completions', { 'x-request-id': words }, chat)
  await expect(gateway.close()).rejects.toThrow(`${words} is in the log`)
})
