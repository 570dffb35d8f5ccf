import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { errors } from '../src/kernel/errors.ts'
import { providerSettings } from '../src/config/provider-settings.ts'
import { rowsOf } from '../src/config/setting.ts'
import { settings } from '../src/config/settings.ts'
import { catalog } from '../src/providers/catalog.ts'
import { simulatorProvider } from '../src/providers/simulator/row.ts'
import { answerProblems, contract, contractSettings, schemaProblems } from './support/contract.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import {
  answer,
  json,
  raw,
  type Script,
  type ScriptedProvider,
  silence,
  startScriptedProvider,
} from './support/scripted-provider.ts'

const CHAT = '/v1/chat/completions'
const EXPLAIN = '/v1/route/explain'
const PROXY = '/proxy/{provider}/{path}'
const MESSAGES = [{ role: 'user', content: 'Hi' }]
const body = (model: unknown, more: object = {}): string => JSON.stringify({ model, messages: MESSAGES, ...more })

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json({}), { models: ['gpt-4o', 'shared'] })
  const other = provider.origin
  gateway = await startGateway({
    providers: { openai: provider.origin, groq: other, together: 'http://127.0.0.1:1' },
    env: {
      SIMULATOR_ENABLED: 'true',
      DISALLOWED_MODELS: 'forbidden',
      SERVER_MAX_REQUEST_BODY_SIZE: '10000',
      CLIENT_RESPONSE_HEADER_TIMEOUT: '400ms',
    },
  })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

interface Case {
  readonly path: string
  readonly status: number
  readonly url: string
  readonly init?: RequestInit
  readonly script?: Script
}

async function problemsOf({ path, status, url, init = {}, script }: Case, headers: Record<string, string> = {}) {
  if (script !== undefined) provider.play(script)
  const given = new Headers({ ...Object.fromEntries(new Headers(init.headers)), ...headers })
  const response = await fetch(gateway.url + url, { redirect: 'manual', ...init, headers: given })
  expect(response.status).toBe(status)
  const answered = { status, headers: response.headers, text: await response.text() }
  return answerProblems(path, init.method ?? 'GET', answered)
}

const chat = (model: unknown, more?: object): RequestInit => ({ method: 'POST', body: body(model, more) })
const refused = (status: number, url: string, init?: RequestInit, path = CHAT): Case => ({
  path,
  status,
  url,
  ...(init && { init }),
})
const upstream = (status: number, script: Script): Case => ({
  path: CHAT,
  status,
  url: CHAT,
  init: chat('openai/x'),
  script,
})

const good: [name: string, one: Case][] = [
  ['the model list', { path: '/v1/models', status: 200, url: '/v1/models' }],
  ['the list of one provider', { path: '/v1/models', status: 200, url: '/v1/models?provider=openai' }],
  ['a model', { path: '/v1/models/{id}', status: 200, url: '/v1/models/simulator/chat' }],
  ['an answer', { path: CHAT, status: 200, url: CHAT, init: chat('simulator/chat') }],
  [
    'an answer with tool calls',
    {
      path: CHAT,
      status: 200,
      url: CHAT,
      init: chat('simulator/tools', { tools: [{ type: 'function', function: { name: 'f' } }] }),
    },
  ],
  ['a streamed answer', { path: CHAT, status: 200, url: CHAT, init: chat('simulator/chat', { stream: true }) }],
  ['what would become of a chat', { path: EXPLAIN, status: 200, url: EXPLAIN, init: chat('gpt-4o', { stream: true }) }],
  [
    'what would become of a chain of models',
    { path: EXPLAIN, status: 200, url: EXPLAIN, init: chat(['groq/x', 'simulator/chat'], { logprobs: true }) },
  ],
  ['health', { path: '/health', status: 200, url: '/health' }],
  ['health under the base URL', { path: '/v1/health', status: 200, url: '/v1/health' }],
  ['readiness', { path: '/ready', status: 200, url: '/ready' }],
  ['what this is', { path: '/', status: 200, url: '/' }],
  ['what this is, for people', { path: '/', status: 200, url: '/', init: { headers: { accept: 'text/html' } } }],
  ['the contract', { path: '/openapi.json', status: 200, url: '/openapi.json' }],
  ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method): [string, Case] => [
    `a proxied ${method}`,
    { path: PROXY, status: 200, url: '/proxy/openai/files', init: { method }, script: json({ any: 'thing' }) },
  ]),
]

const bad: [name: string, one: Case][] = [
  ['a body that is no JSON', refused(400, CHAT, { method: 'POST', body: '{' })],
  ['no model', refused(400, CHAT, { method: 'POST', body: '{}' })],
  ['a model nobody knows', refused(400, CHAT, chat('zzz'))],
  ['a model of two providers', refused(400, CHAT, chat('shared'))],
  ['a provider without a key', refused(400, CHAT, chat('mistral/x'))],
  [
    'a field that strict mode would lose',
    refused(400, CHAT, { ...chat('groq/x', { logprobs: true }), headers: { 'x-gateway-strict': 'true' } }),
  ],
  ['a model that is not allowed', refused(403, CHAT, chat('openai/forbidden'))],
  ['another method', refused(405, CHAT, { method: 'PUT', body: '{}' })],
  ['a body that is too large', refused(413, CHAT, chat('openai/x', { pad: 'x'.repeat(10_000) }))],
  ['a compressed body', refused(415, CHAT, { ...chat('openai/x'), headers: { 'content-encoding': 'gzip' } })],
  ['nobody at the address', refused(502, CHAT, chat('together/x'))],
  ['a connection that is closed', upstream(502, ({ end }) => end())],
  ['an answer that is no JSON', upstream(502, answer(200, {}, 'hello'))],
  ['half an answer', upstream(502, raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}'))],
  ['silence', upstream(504, silence)],
  ...[400, 401, 403, 404, 413, 429, 500, 502, 503, 504, 418, 529].map((status): [string, Case] => [
    `a provider's ${status}`,
    upstream(status, json({ error: { message: 'no', code: 7, param: null } }, status)),
  ]),
  ['a web page for an error', upstream(500, answer(500, { 'content-type': 'text/html' }, '<html>'))],
  ['a model nobody knows, explained', refused(400, EXPLAIN, chat('zzz'), EXPLAIN)],
  ['a model that is not allowed, explained', refused(403, EXPLAIN, chat('openai/forbidden'), EXPLAIN)],
  [
    'a body that is too large, explained',
    refused(413, EXPLAIN, chat('openai/x', { pad: 'x'.repeat(10_000) }), EXPLAIN),
  ],
  ['a list of a provider that is none', refused(400, '/v1/models?provider=x', {}, '/v1/models')],
  ['a model that is not listed', refused(404, '/v1/models/nope', {}, '/v1/models/{id}')],
  ['a path that climbs', refused(400, '/proxy/openai/..%2fx', {}, PROXY)],
  ['a model that is not allowed, proxied', refused(403, '/proxy/openai/chat/completions', chat('forbidden'), PROXY)],
  ['nobody at the address, proxied', refused(502, '/proxy/together/x', {}, PROXY)],
]

describe('every kind of answer is as the contract says', () => {
  test.each(good)('%s', async (_, one) => {
    expect(await problemsOf(one)).toEqual([])
  })

  test.each(bad)('%s', async (_, one) => {
    // Other methods are nowhere in the contract; what it says of 405 stands beside the method that there is.
    const named = one.status === 405 ? { ...one, init: { ...one.init, method: 'PUT' } } : one
    expect(await (one.status === 405 ? problemsOf405(named) : problemsOf(one))).toEqual([])
  })

  test.each(bad.filter(([, { status }]) => status !== 405))("%s, in OpenAI's words", async (_, one) => {
    expect(await problemsOf(one, { 'x-stainless-lang': 'python' })).toEqual([])
  })

  async function problemsOf405({ url, init = {} }: Case): Promise<readonly string[]> {
    const response = await fetch(gateway.url + url, init)
    return answerProblems(CHAT, 'POST', {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    })
  }

  test('no token, and no way to check one', async () => {
    await using away = await startScriptedProvider(json({}, 500), { models: null })
    await using guarded = await startGateway({ env: { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: away.origin } })
    const answered = async (path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(guarded.url + path, { headers })
      return { status: response.status, headers: response.headers, text: await response.text() }
    }
    for (const path of ['/v1/models', '/', '/openapi.json']) {
      const none = await answered(path)
      expect([none.status, answerProblems(path, 'GET', none)]).toEqual([401, []])
      expect(none.headers.get('www-authenticate')).toBe('Bearer realm="inference-gateway"')
    }
    const unready = await answered('/ready')
    expect([unready.status, answerProblems('/ready', 'GET', unready)]).toEqual([503, []])
    expect(unready.headers.has('retry-after')).toBe(true)
    const unchecked = await answered('/v1/models', { authorization: 'Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln' })
    expect([unchecked.status, answerProblems('/v1/models', 'GET', unchecked)]).toEqual([503, []])
  })

  test('a wrong answer would be seen', () => {
    const headers = new Headers({ 'content-type': 'application/json', 'x-request-id': 'id' })
    const wrong = (text: string) => answerProblems('/v1/models', 'GET', { status: 200, headers, text })
    expect(wrong('{"object":"list","data":null,"has_more":false,"first_id":null,"last_id":null}')).toEqual([
      '/data: must be array',
    ])
    expect(wrong('{"object":"list","data":[{"id":"x"}]}')).not.toEqual([])
    expect(answerProblems('/v1/models', 'GET', { status: 200, headers: new Headers(), text: '' })).toHaveLength(2)
    expect(answerProblems('/health', 'GET', { status: 404, headers, text: '{}' })).toHaveLength(1)
  })
})

describe('recorded answers are as the contract says', () => {
  const isAnswer = ({ endpoint, status }: Exchange) => endpoint.endsWith('/chat/completions') && status < 400
  // MiniMax tells of errors with status 200 and no choices: nobody promises that.
  const exchanges = exchangesOf('chat', 'compat-chat').filter(
    (one) => isAnswer(one) && !one.name.includes('/error-200'),
  )

  test('whole ones', () => {
    const whole = exchanges.filter(({ isStream }) => !isStream)
    const problems = whole.flatMap(({ name, response }) =>
      schemaProblems('CreateChatCompletionResponse', JSON.parse(response.toString())).map(
        (problem) => `${name}${problem}`,
      ),
    )
    expect(problems).toEqual([])
  })

  test('chunks', () => {
    const chunksOf = (response: Buffer) =>
      response
        .toString()
        .split('\n')
        .flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []))
    const problems = exchanges
      .filter(({ isStream }) => isStream)
      .flatMap(({ name, response }) => {
        const chunks = chunksOf(response).filter((chunk) => !('error' in chunk))
        return chunks.flatMap((chunk) =>
          schemaProblems('CreateChatCompletionStreamResponse', chunk).map((problem) => `${name}${problem}`),
        )
      })
    expect([...new Set(problems)]).toEqual([])
  })

  test('requests', () => {
    const problems = exchanges.flatMap(({ name, request }) =>
      request === null
        ? []
        : schemaProblems('CreateChatCompletionRequest', JSON.parse(request.toString())).map(
            (problem) => `${name}${problem}`,
          ),
    )
    expect(problems).toEqual([])
  })
})

describe('the contract and the tables say the same', () => {
  test('it is OpenAPI 3.1 under the title and version it has always had', () => {
    expect(contract.openapi).toBe('3.1.0')
    expect(contract.info).toMatchObject({ title: 'Inference Gateway API', version: '1.0.0' })
  })

  test('providers', () => {
    const ids = catalog.map(({ id }) => id)
    const { enum: named, 'x-provider-configs': configs } = contract.components.schemas.Providers
    expect(named.toSorted()).toEqual([...ids, simulatorProvider.id].toSorted())
    expect(Object.keys(configs).toSorted()).toEqual(ids.toSorted())
  })

  test.each(catalog.map((row) => [row.id, row] as const))('the row of %s', (id, { baseUrl, auth, operations }) => {
    const config = contract.components.schemas.Providers['x-provider-configs'][id]
    expect(config).toMatchObject({ id, url: baseUrl, auth_type: auth.kind })
    expect(config?.endpoints.chat).toMatchObject({ method: 'POST', endpoint: operations.chat?.path })
    // What is asked for may have a page size behind it.
    expect(operations.models?.endpoints[0]?.path.startsWith(config?.endpoints.models.endpoint ?? '-')).toBe(true)
  })

  const TYPES: Readonly<Record<string, string>> = { bool: 'bool', int: 'int', bytes: 'int', duration: 'time.Duration' }
  const rows = [...rowsOf(settings), ...catalog.flatMap((row) => rowsOf(providerSettings(row)))]

  test('settings', () => {
    expect(contractSettings.map(({ env }) => env).toSorted()).toEqual(rows.map(({ env }) => env).toSorted())
  })

  test.each(rows.map((row) => [row.env, row] as const))('%s', (env, row) => {
    const setting = contractSettings.find((candidate) => candidate.env === env)
    expect(setting?.type).toBe(TYPES[row.read.kind] ?? 'string')
    expect(setting?.default ?? '').toBe(row.fallback ?? row.otherwise ?? '')
    expect(setting?.secret ?? false).toBe(row.secret ?? false)
    expect(setting?.alias).toBe(row.alias)
  })

  test('every status of the error table is one that chat may answer', () => {
    const statuses = new Set(Object.values(errors).map(({ status }) => status))
    statuses.delete(499) // the client has gone: nobody reads it
    const known = Object.keys(contract.paths[CHAT]?.['post']?.responses ?? {})
    expect(known).toEqual(expect.arrayContaining([...statuses].map(String)))
  })
})
