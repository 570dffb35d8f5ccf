import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { answer, json, type Script, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  gateway = await startGateway({ providers: { ollama_cloud: provider.origin } })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

async function errorAfter(script: Script) {
  provider.play(script)
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'ollama_cloud/x', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  return { status: response.status, error: (await response.json()).error }
}

const page = (status: number) => answer(status, { 'content-type': 'text/html' }, '<html><title>Not here</title>')

const doubtful: [what: string, script: Script, said: string][] = [
  [
    'a web page',
    page(404),
    'ollama_cloud answered 404 (OLLAMA_CLOUD_API_URL may be wrong) with a web page instead of JSON, titled “Not here”.',
  ],
  [
    'plain words',
    answer(404, {}, '404 page not found\n'),
    'ollama_cloud answered 404 (OLLAMA_CLOUD_API_URL may be wrong): 404 page not found',
  ],
  ['nothing', answer(404, {}, ''), 'ollama_cloud answered 404 (OLLAMA_CLOUD_API_URL may be wrong) with an empty body.'],
  [
    'a web page that takes no POST',
    page(405),
    'ollama_cloud answered 405 (OLLAMA_CLOUD_API_URL may be wrong) with a web page instead of JSON, titled “Not here”.',
  ],
]
test.each(doubtful)('%s where an API should be: the address is doubted', async (_, script, said) => {
  const { status, error } = await errorAfter(script)
  expect(error).toBe(said)
  expect([404, 405]).toContain(status)
})

const trusted: [what: string, script: Script][] = [
  ['a 404 in JSON is about the model', json({ error: { message: 'no such model' } }, 404)],
  ['a 404 in JSON of no known shape', json({ reason: 'no such model' }, 404)],
  ['a web page for another reason', page(503)],
]
test.each(trusted)('%s: the address is not doubted', async (_, script) => {
  expect((await errorAfter(script)).error).not.toContain('API_URL')
})
