import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { hasOriginalContract, originalAnswerProblems, originalSchemaProblems } from './support/original-contract.ts'
import { json, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

/**
 * What recorded providers answer made our published contract looser than the one it began as. Clients of that one must
 * see no difference in what the gateway answers by itself.
 */
const CHAT = '/v1/chat/completions'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json({ error: { message: 'no', code: 7 } }, 429), {
    models: ['gpt-4o', 'shared'],
  })
  gateway = await startGateway({
    providers: { openai: provider.origin, groq: provider.origin, together: 'http://127.0.0.1:1' },
    env: { SIMULATOR_ENABLED: 'true', DISALLOWED_MODELS: 'forbidden', SERVER_MAX_REQUEST_BODY_SIZE: '10000' },
  })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const ask = (path: string, init: RequestInit = {}, { url } = gateway) => fetch(url + path, init)
const chat = (model: string, more: object = {}) =>
  ask(CHAT, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }], ...more }),
  })

const tools = [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object', properties: {} } } }]
const answers: [what: string, model: string, more: object][] = [
  ['words', 'simulator/chat', {}],
  ['words that were cut', 'simulator/chat', { max_tokens: 2 }],
  ['a tool call', 'simulator/tools', { tools }],
  ['reasoning', 'simulator/reason', {}],
  ['JSON', 'simulator/json', { response_format: { type: 'json_object' } }],
  ['several choices', 'simulator/echo', { n: 2 }],
]

describe.skipIf(!hasOriginalContract)('the original contract holds for', () => {
  test.each(answers)('a chat: %s', async (_, model, more) => {
    const response = await chat(model, more)
    const body: unknown = await response.json()
    expect(response.status).toBe(200)
    expect(originalAnswerProblems(CHAT, 'post', 200, body)).toEqual([])
    expect(originalSchemaProblems('CreateChatCompletionResponse', body)).toEqual([])
  })

  test.each(answers)('a streamed chat: %s', async (_, model, more) => {
    const response = await chat(model, { ...more, stream: true, stream_options: { include_usage: true } })
    const chunks = chunksOf(await response.text())
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    expect(chunks.length).toBeGreaterThan(2)
    expect(chunks.flatMap((chunk) => originalSchemaProblems('CreateChatCompletionStreamResponse', chunk))).toEqual([])
  })

  const lists: [what: string, path: string, provider: string | undefined][] = [
    ['of all providers', '/v1/models', undefined],
    ['of one provider', '/v1/models?provider=openai', 'openai'],
    ['of the simulator', '/v1/models?provider=simulator', 'simulator'],
    ['of a provider that cannot be reached', '/v1/models?provider=together', 'together'],
  ]
  test.each(lists)('the model list %s', async (_, path, named) => {
    const body = await (await ask(path)).json()
    expect(originalAnswerProblems('/v1/models', 'get', 200, body)).toEqual([])
    expect(body.object).toBe('list')
    expect(body.provider).toBe(named)
    for (const model of body.data) {
      expect(Object.keys(model)).toEqual(expect.arrayContaining(['id', 'object', 'created', 'owned_by', 'served_by']))
      expect(model.object).toBe('model')
    }
  })

  const refusals: [what: string, status: number, answer: () => Promise<Response>][] = [
    ['a body that is no JSON', 400, () => ask(CHAT, { method: 'POST', body: '{' })],
    ['no model', 400, () => ask(CHAT, { method: 'POST', body: '{}' })],
    ['a model nobody knows', 400, () => chat('zzz')],
    ['a model of two providers', 400, () => chat('shared')],
    ['a provider that is none', 400, () => ask('/v1/models?provider=nope')],
    ['a provider without a key', 400, () => ask('/proxy/mistral/models')],
    ['a model that is not allowed', 403, () => chat('openai/forbidden')],
    ['a path that is none', 404, () => ask('/v2/nope')],
    ['another method', 405, () => ask(CHAT, { method: 'DELETE' })],
    ['a body that is too large', 413, () => chat('openai/gpt-4o', { pad: 'x'.repeat(10_000) })],
    ['a provider that refuses', 429, () => chat('openai/gpt-4o')],
    ['a provider that is not there', 502, () => chat('together/x')],
  ]
  test.each(refusals)('the error about %s', async (_, status, answer) => {
    const response = await answer()
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(errorProblems(await response.json())).toEqual([])
  })

  test('the errors about tokens', async () => {
    await using issuer = await startScriptedProvider(json({}, 500), { models: null })
    await using guarded = await startGateway({ env: { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: issuer.origin } })
    for (const path of ['/v1/models', '/proxy/openai/files']) {
      const response = await ask(path, {}, guarded)
      expect(response.status).toBe(401)
      expect(errorProblems(await response.json())).toEqual([])
    }
  })

  test('health', async () => {
    const response = await ask('/health')
    expect([response.status, await response.json()]).toEqual([200, { message: 'OK' }])
  })

  test('nothing that is wrong', () => {
    const choice = { index: 0, delta: {}, finish_reason: null }
    const chunk = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice], usage: null }
    const problems = (changes: object) =>
      originalSchemaProblems(
        'CreateChatCompletionStreamResponse',
        chunksOf(`data: ${JSON.stringify({ ...chunk, ...changes })}`)[0],
      )
    expect(problems({})).toEqual([])
    expect(problems({ created: 1.5 })).toEqual(['/created must be integer'])
    expect(problems({ choices: [{ ...choice, delta: null }] })).toEqual(['/choices/0/delta must be object'])
    expect(problems({ choices: [{ ...choice, finish_reason: 'done' }] })).toHaveLength(1)
    expect(errorProblems({ error: { message: 'x' } })).toEqual(['/error must be string'])
    expect(errorProblems({})).toEqual(['there is no error'])
  })
})

/** The contract does not say that `error` has to be there, but its clients read nothing else. */
const errorProblems = (body: object): readonly string[] =>
  'error' in body ? originalSchemaProblems('Error', body) : ['there is no error']

/** Where OpenAI writes `null` for what is not there yet. The contract asks for it in words, its schemas have forgotten it. */
const NULLABLE = new Set(['usage', 'logprobs', 'refusal', 'finish_reason'])

/** The chunks of a stream, without those nulls. */
function chunksOf(stream: string): readonly unknown[] {
  const withoutNull = (key: string, value: unknown) => {
    if (value !== null || !NULLABLE.has(key)) return value
    return key === 'finish_reason' ? 'stop' : undefined // the schema demands one in every chunk
  }
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length), withoutNull) as unknown)
}
