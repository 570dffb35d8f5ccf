import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { json, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

/** One socket each, so that who was asked is seen and not believed. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  openai: ['gpt-4o', 'gpt-4o-mini', 'shared-model', 'gpt-shared'],
  groq: ['llama-3.3-70b-versatile', 'shared-model', 'gpt-shared', 'groq/compound'],
  openrouter: ['anthropic/claude-opus', 'deepseek/deepseek-r1:free'],
  deepseek: ['deepseek-chat'],
}

const providers = new Map<string, ScriptedProvider>()
let gateway: TestGateway
beforeAll(async () => {
  for (const [id, models] of Object.entries(LISTS))
    providers.set(id, await startScriptedProvider(json({ choices: [] }), { models }))
  gateway = await start()
})
afterEach(() => providers.forEach((provider) => provider.forget()))
afterAll(async () => {
  await gateway.close()
  for (const provider of providers.values()) await provider.close()
})

function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  return startGateway({ providers: Object.fromEntries([...providers].map(([id, { origin }]) => [id, origin])), env })
}

async function chat(model: unknown, query = '', { url } = gateway) {
  const response = await fetch(`${url}/v1/chat/completions${query}`, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  const asked = [...providers].flatMap(([id, { requests }]) =>
    requests.map((request) => `${id}: ${JSON.parse(request.text).model}`),
  )
  return { response, body: await response.json(), asked }
}

describe('the provider that answers', () => {
  const cases: [behaviour: string, model: string, query: string, provider: string, model: string][] = [
    ['?provider= decides', 'anything', '?provider=groq', 'groq', 'anything'],
    ['?provider= in any letter case', 'anything', '?provider=GROQ', 'groq', 'anything'],
    ['?provider= decides against the name', 'gpt-4o', '?provider=groq', 'groq', 'gpt-4o'],
    ['a matching prefix goes', 'groq/x', '?provider=groq', 'groq', 'x'],
    ['another prefix is a part of the name', 'openai/x', '?provider=openrouter', 'openrouter', 'openai/x'],
    ['an empty ?provider= says nothing', 'groq/x', '?provider=', 'groq', 'x'],
    ['a prefix decides', 'groq/x', '', 'groq', 'x'],
    ['a prefix in any letter case', 'Groq/x', '', 'groq', 'x'],
    ['a prefix decides against the lists', 'groq/gpt-4o', '', 'groq', 'gpt-4o'],
    ['only the first prefix goes', 'openrouter/groq/x', '', 'openrouter', 'groq/x'],
    [
      'names with colons and slashes',
      'openrouter/deepseek/deepseek-r1:free',
      '',
      'openrouter',
      'deepseek/deepseek-r1:free',
    ],
    ['a name that has the prefix itself keeps it', 'groq/compound', '', 'groq', 'groq/compound'],
    [
      'a provider without a key may be a part of a name',
      'anthropic/claude-opus',
      '',
      'openrouter',
      'anthropic/claude-opus',
    ],
    ['a list decides', 'deepseek-chat', '', 'deepseek', 'deepseek-chat'],
    ['a list decides before the name', 'llama-3.3-70b-versatile', '', 'groq', 'llama-3.3-70b-versatile'],
    ['of two lists, the one the name points at', 'gpt-shared', '', 'openai', 'gpt-shared'],
    ['the name decides last', 'gpt-99', '', 'openai', 'gpt-99'],
    ['the name decides last, for reasoning models', 'o4-mini', '', 'openai', 'o4-mini'],
    ['the name decides last, for groq', 'deepseek-r1-distill-x', '', 'groq', 'deepseek-r1-distill-x'],
  ]

  test.each(cases)('%s', async (_, model, query, provider, name) => {
    const { response, asked } = await chat(model, query)
    expect(response.status).toBe(200)
    expect(asked).toEqual([`${provider}: ${name}`])
    expect(response.headers.get('x-gateway-provider')).toBe(provider)
    expect(response.headers.get('x-gateway-model')).toBe(name)
  })
})

describe('where nobody can be told, 400 says what to do', () => {
  const cases: [behaviour: string, model: unknown, query: string, code: string, says: string][] = [
    ['a name like one that exists', 'deepseek-chta', '', 'unknown_model', 'deepseek/deepseek-chat'],
    ['a name like nothing', 'zzz', '', 'unknown_model', '"zzz"'],
    ['a provider that is none', 'x', '?provider=nope', 'provider_not_found', 'groq'],
    ['a provider without a key', 'x', '?provider=mistral', 'provider_not_configured', 'MISTRAL_API_KEY'],
    ['a prefix without a key', 'mistral/x', '', 'provider_not_configured', 'MISTRAL_API_KEY'],
    ['a name whose provider has no key', 'claude-x', '', 'provider_not_configured', 'ANTHROPIC_API_KEY'],
    ['a name whose maker has no key', 'gemini-2.5-flash', '', 'unknown_model', 'GOOGLE_API_KEY'],
    ['the simulator while it is off', 'simulator/chat', '', 'provider_not_configured', 'SIMULATOR_ENABLED=true'],
    ['a model of two providers', 'shared-model', '', 'ambiguous_model', 'groq/shared-model'],
    ['a prefix and no name', 'groq/', '', 'invalid_request', 'groq/<model>'],
    ['no text', 7, '', 'missing_field', 'model'],
    ['an empty text', '', '', 'missing_field', 'model'],
    ['an object', { id: 'gpt-4o' }, '', 'missing_field', 'model'],
    ['a control character', 'gpt\u00004o', '', 'invalid_request', 'control'],
    ['an endless name', 'x'.repeat(10_000), '', 'invalid_request', '512'],
  ]

  test.each(cases)('%s', async (_, model, query, code, says) => {
    const { response, body, asked } = await chat(model, query)
    expect(response.status).toBe(400)
    expect(body.code).toBe(code)
    expect(body.error).toContain(says)
    expect(body.type).toBe('invalid_request_error')
    expect(asked).toEqual([])
  })

  test('suggestions come as data, too', async () => {
    const { body } = await chat('deepseek-chta')
    expect(body.suggestions).toContain('deepseek/deepseek-chat')
    expect(body.param).toBe('model')
  })

  test.each(['../../x', 'openai/../groq/x', 'http://evil.example/x', 'x?key=1'])(
    'a model is never a part of a URL: %s',
    async (model) => {
      const { asked } = await chat(model, '?provider=groq')
      expect(asked).toEqual([`groq: ${model}`])
      expect(providers.get('groq')?.requests[0]?.target).toBe('/chat/completions')
    },
  )

  test('fields that name another destination are data: nobody else is asked', async () => {
    const evil = { api_base: 'http://127.0.0.1:1', base_url: 'http://127.0.0.1:1', api_key: 'k', custom_host: 'h' }
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-base-url': 'http://127.0.0.1:1', 'x-portkey-custom-host': 'http://127.0.0.1:1' },
      body: JSON.stringify({ model: 'groq/x', messages: [{ role: 'user', content: '' }], ...evil }),
    })
    expect(response.status).toBe(200)
    const [request] = providers.get('groq')?.requests ?? []
    expect(JSON.parse(request?.text ?? '')).toMatchObject(evil)
    expect(request?.header('authorization')).toBe('Bearer canary-key-of-groq')
  })
})

describe('who answered', () => {
  test('is said on errors of the provider as well', async () => {
    providers.get('groq')?.play(json({ error: { message: 'no' } }, 429, { 'retry-after': '7' }))
    const { response } = await chat('groq/x')
    providers.get('groq')?.play(json({ choices: [] }))
    expect(response.status).toBe(429)
    expect(response.headers.get('x-gateway-provider')).toBe('groq')
    expect(response.headers.get('x-gateway-model')).toBe('x')
    expect(response.headers.get('retry-after')).toBe('7')
  })

  test('is said in a header whatever the name is written in', async () => {
    const { response } = await chat('groq/模型 é\u2028')
    expect(decodeURIComponent(response.headers.get('x-gateway-model') ?? '')).toBe('模型 é\u2028')
  })

  test('is timed', async () => {
    const { response } = await chat('groq/x')
    expect(response.headers.get('server-timing')).toMatch(
      /^gateway;dur=\d+(?:\.\d)?, queue;dur=0, upstream;dur=\d+(?:\.\d)?$/,
    )
  })
})

describe('ALLOWED_MODELS and DISALLOWED_MODELS', () => {
  const cases: [behaviour: string, env: Readonly<Record<string, string>>, model: string, status: number][] = [
    ['an allowed model', { ALLOWED_MODELS: 'gpt-4o' }, 'gpt-4o', 200],
    ['an allowed model by its prefix', { ALLOWED_MODELS: 'groq/x' }, 'groq/x', 200],
    ['another model', { ALLOWED_MODELS: 'gpt-4o' }, 'gpt-4o-mini', 403],
    ['the same model elsewhere', { ALLOWED_MODELS: 'openai/shared-model' }, 'groq/shared-model', 403],
    ['a refused model', { DISALLOWED_MODELS: 'gpt-4o' }, 'gpt-4o', 403],
    ['a refused model, by prefix', { DISALLOWED_MODELS: 'gpt-4o' }, 'openai/gpt-4o', 403],
    ['a refused model in capitals', { DISALLOWED_MODELS: 'gpt-4o' }, 'openai/GPT-4o', 403],
    ['a refused model that is also allowed', { ALLOWED_MODELS: 'gpt-4o', DISALLOWED_MODELS: 'gpt-4o' }, 'gpt-4o', 403],
    ['a model nobody refuses', { DISALLOWED_MODELS: 'gpt-4o' }, 'gpt-4o-mini', 200],
  ]

  test.each(cases)('%s', async (_, env, model, status) => {
    await using restricted = await start(env)
    const { response, body, asked } = await chat(model, '', restricted)
    expect(response.status).toBe(status)
    expect(asked).toHaveLength(status === 200 ? 1 : 0)
    if (status === 403)
      expect(body).toMatchObject({ code: 'model_not_allowed', type: 'permission_error', param: 'model' })
  })

  test('a refused model is not listed', async () => {
    await using restricted = await start({ DISALLOWED_MODELS: 'gpt-4o,groq/*' })
    const list = await (await fetch(`${restricted.url}/v1/models`)).json()
    const ids = list.data.map(({ id }: { id: string }) => id)
    expect(ids).toContain('gpt-4o-mini')
    expect(ids).not.toContain('gpt-4o')
    expect(list.data.filter(({ served_by }: { served_by: string }) => served_by === 'groq')).toEqual([])
    expect((await fetch(`${restricted.url}/v1/models/gpt-4o`)).status).toBe(404)
  })

  test.each([
    ['{"model":"gpt-4o","messages":[]}', 403],
    ['{"model":"gpt-4o-mini","messages":[]}', 200],
  ])('a refused model is refused on /proxy, too: %s', async (body, status) => {
    await using restricted = await start({ DISALLOWED_MODELS: 'gpt-4o' })
    const response = await fetch(`${restricted.url}/proxy/openai/chat/completions`, { method: 'POST', body })
    expect(response.status).toBe(status)
  })
})
