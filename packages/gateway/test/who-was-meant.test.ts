import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  gateway = await startGateway({
    providers: { groq: provider.origin },
    env: { DISALLOWED_MODELS: 'bad' },
    config: 'models: { fast: { deployments: [{ provider: mistral, model: small }] } }',
  })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const CHAT = '/v1/chat/completions'
const call = (model: string, more: object = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
})

const cases: [what: string, path: string, init: RequestInit, status: number, provider: string, model: string | null][] =
  [
    ['a prefix without a key', CHAT, call('mistral/small'), 400, 'mistral', 'small'],
    ['a name whose provider has no key', CHAT, call('claude-x'), 400, 'anthropic', 'claude-x'],
    ['?provider= without a key', `${CHAT}?provider=Mistral`, call('openai/x'), 400, 'mistral', 'openai/x'],
    ['a name that no header can hold', CHAT, call('mistral/模'), 400, 'mistral', '%E6%A8%A1'],
    ['a model that is not allowed', CHAT, call('groq/bad'), 403, 'groq', 'bad'],
    ['another model in the body that is not allowed', CHAT, call('groq/x', { Model: 'bad' }), 403, 'groq', 'x'],
    [
      'a field that strict mode would lose',
      CHAT,
      { ...call('groq/x', { logprobs: true }), headers: { 'x-gateway-strict': 'true' } },
      400,
      'groq',
      'x',
    ],
    ['an alias whose provider has no key', CHAT, call('fast'), 400, 'mistral', 'small'],
    ['a model list without a key', '/v1/models?provider=mistral', {}, 400, 'mistral', null],
    ['a provider without a key, proxied', '/proxy/mistral/models', {}, 400, 'mistral', null],
    ['a model that is not allowed, proxied', '/proxy/groq/chat/completions', call('bad'), 403, 'groq', null],
  ]

test.each(cases)('%s: the answer says who was meant', async (_, path, init, status, meant, model) => {
  const response = await fetch(gateway.url + path, init)
  expect(response.status).toBe(status)
  expect(response.headers.get('x-gateway-provider')).toBe(meant)
  expect(response.headers.get('x-gateway-model')).toBe(model)
})

test.each(['/v1/models?provider=nope', '/proxy/nope/models'])('%s: nobody was meant', async (path) => {
  const response = await fetch(gateway.url + path)
  expect(response.status).toBe(400)
  expect(response.headers.has('x-gateway-provider')).toBe(false)
})
