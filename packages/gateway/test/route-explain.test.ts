import type { RouteExplanation } from '@inference-gateway/protocol/route'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { schemaProblems } from './support/contract.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { json, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

const CHAT = '/v1/chat/completions'
const EXPLAIN = '/v1/route/explain'
const completion = json({ id: 'c', object: 'chat.completion', choices: [] })

let openai: ScriptedProvider
let groq: ScriptedProvider
let gateway: TestGateway

beforeAll(async () => {
  openai = await startScriptedProvider(completion, { models: ['gpt-4o', 'house-model', 'shared'] })
  groq = await startScriptedProvider(completion, { models: ['shared'] })
  gateway = await startGateway({
    providers: { openai: openai.origin, groq: groq.origin, together: 'http://127.0.0.1:1' },
    env: {
      DISALLOWED_MODELS: 'forbidden',
      GROQ_RESPONSE_HEADER_TIMEOUT: '7s',
      GROQ_STREAM_IDLE_TIMEOUT: '9s',
      CLIENT_MAX_STREAM_DURATION: '1h',
      SERVER_MAX_IN_FLIGHT: '50',
      SERVER_MAX_REQUEST_BODY_SIZE: '10000',
    },
    config: `models:
  fast:
    strategy: weighted
    deployments:
      - { provider: openai, model: gpt-4o, weight: 1 }
      - { provider: groq, model: llama, weight: 3 }
    retry: { attempts: 5, base_delay: 20ms, first_token_timeout: 2s }
  turns:
    deployments:
      - { provider: openai, model: gpt-4o }
      - { provider: groq, model: llama }
  partly:
    strategy: priority
    deployments:
      - { provider: mistral, model: small }
      - { provider: openai, model: forbidden }
      - { provider: groq, model: llama }
  patient:
    deployments:
      - { provider: openai, model: gpt-4o }
      - { provider: groq, model: llama }
    retry: { response_header_timeout: 90s }
  frail:
    strategy: priority
    deployments:
      - { provider: together, model: m }
      - { provider: openai, model: gpt-4o }
`,
  })
})
beforeEach(() => {
  openai.forget()
  groq.forget()
})
afterAll(async () => {
  await gateway.close()
  await openai.close()
  await groq.close()
})

interface Asked {
  readonly query?: string
  readonly headers?: Record<string, string>
}

const post = (path: string, body: object | string, { query = '', headers = {} }: Asked = {}) =>
  fetch(gateway.url + path + query, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...body }),
  })

async function explain(body: object, asked?: Asked): Promise<RouteExplanation> {
  const response = await post(EXPLAIN, body, asked)
  expect(response.status).toBe(200)
  const explanation = await response.json()
  expect(schemaProblems('RouteExplanation', explanation)).toEqual([])
  return explanation
}

const whys: [name: string, body: object, asked: Asked, told: string[]][] = [
  ['a prefix', { model: 'openai/gpt-4o' }, {}, ['openai gpt-4o: prefix']],
  ['?provider=', { model: 'gpt-4o' }, { query: '?provider=groq' }, ['groq gpt-4o: provider query']],
  ['a live list', { model: 'house-model' }, {}, ['openai house-model: live list']],
  ['a name that tells', { model: 'llama-unlisted' }, {}, ['groq llama-unlisted: naming convention']],
  ['a list of models', { model: ['openai/a', 'groq/b'] }, {}, ['openai a: prefix', 'groq b: prefix']],
  [
    'the fallback header',
    { model: 'gpt-4o' },
    { headers: { 'x-gateway-fallback': 'groq/b, llama-unlisted' } },
    [
      'openai gpt-4o: live list',
      'groq b: fallback header: prefix',
      'groq llama-unlisted: fallback header: naming convention',
    ],
  ],
  [
    'an alias',
    { model: 'fast' },
    {},
    ['groq llama: alias fast (weighted): weight 3', 'openai gpt-4o: alias fast (weighted): weight 1'],
  ],
  ['what the rules for models leave', { model: ['openai/forbidden', 'groq/b'] }, {}, ['groq b: prefix']],
]

describe('it tells who would be asked, in order, and why', () => {
  test.each(whys)('%s', async (_, body, asked, told) => {
    const { targets } = await explain(body, asked)
    expect(targets.map(({ provider, model, because }) => `${provider} ${model}: ${because}`)).toEqual(told)
    expect(targets.map(({ attempt }) => attempt)).toEqual(told.map((_, index) => index + 1))
  })

  test.each(whys)('%s, and chat asks the first of them', async (_, body, asked, [first = '']) => {
    const { targets, skipped } = await explain(body, asked)
    const chat = await post(CHAT, body, asked)
    expect(`${chat.headers.get('x-gateway-provider')} ${chat.headers.get('x-gateway-model')}`).toBe(
      first.split(':')[0] ?? '',
    )
    const told = [...skipped.map(({ model }) => `skipped=${model}`), targets[0]?.changes ?? []].flat()
    expect(chat.headers.get('x-gateway-changes')).toBe(told.join('; ') || null)
  })
})

test('asks nobody for an answer and takes nobody’s turn', async () => {
  const firsts = async (explanations: number) => {
    for (let count = 0; count < explanations; count++) await explain({ model: 'turns' })
    return (await post(CHAT, { model: 'turns' })).headers.get('x-gateway-provider')
  }
  const chosen = [await firsts(3), await firsts(1), await firsts(0), await firsts(2)]
  expect(new Set(chosen).size).toBe(2)
  expect(chosen).toEqual([chosen[0], chosen[1], chosen[0], chosen[1]].map((one) => one ?? null))
  expect(openai.requests.length + groq.requests.length).toBe(4)
})

test('tells how the request would be changed for each, and what strict mode would refuse', async () => {
  const { targets } = await explain({ model: ['openai/gpt-4o', 'groq/llama'], logprobs: true, stream: true })
  expect(targets.map(({ changes }) => changes)).toEqual([
    'model=openai/gpt-4o,groq/llama>gpt-4o; added=stream_options.include_usage',
    'model=openai/gpt-4o,groq/llama>llama; dropped=logprobs; added=stream_options.include_usage',
  ])
  expect(targets.map(({ strict_refuses: refused }) => refused)).toEqual([[], ['dropped=logprobs']])
  expect(targets.map(({ asks_usage: asks }) => asks)).toEqual([true, true])
  const plain = await explain({ model: 'gpt-4o' })
  expect(plain.targets[0]).toMatchObject({ changes: null, strict_refuses: [], asks_usage: false })
})

test('strict mode is heeded: only the target that is asked first can refuse', async () => {
  const headers = { 'x-gateway-strict': 'true' }
  expect((await explain({ model: ['openai/gpt-4o', 'groq/llama'], logprobs: true }, { headers })).strict).toBe(true)
  expect((await post(EXPLAIN, { model: 'groq/llama', logprobs: true }, { headers })).status).toBe(400)
})

test('tells the retry policy in numbers and in words', async () => {
  const { retry } = await explain({ model: 'fast' })
  expect(retry).toMatchObject({ max_attempts: 5, base_delay_ms: 20, max_delay_ms: 8000, budget_ms: 10_000 })
  expect(retry.statuses).toEqual(['401', '402', '403', '408', '409', '429', '5xx'])
  expect(retry.in_words).toStartWith('There are 5 tries at most')
  const lone = await explain({ model: 'gpt-4o' })
  expect(lone.retry).toMatchObject({ max_attempts: 2, statuses: [], budget_ms: 0 })
  expect(lone.retry.codes).toContain('connection_refused')
})

test('tells the limits: of each target’s provider, and of all', async () => {
  const { targets, limits } = await explain({ model: 'fast', stream: true })
  const timeouts = { first_token_ms: 2000, stream_ms: 3_600_000 }
  const timeoutsOf = (id: string) => targets.find(({ provider }) => provider === id)?.timeouts
  expect(timeoutsOf('groq')).toMatchObject({ ...timeouts, response_header_ms: 7000, stream_idle_ms: 9000 })
  expect(timeoutsOf('openai')).toMatchObject({ ...timeouts, response_header_ms: 600_000, stream_idle_ms: 300_000 })
  expect(limits).toEqual({
    body_bytes: 10_000,
    in_flight: 50,
    read_ms: 30_000,
    write_ms: 30_000,
    allowed_models: [],
    disallowed_models: ['forbidden'],
  })
})

test('a whole answer has no first token, and a limit of its own until its head', async () => {
  const timeoutsOf = async (body: object) => (await explain(body)).targets.map(({ timeouts }) => timeouts)
  const [whole] = await timeoutsOf({ model: 'fast' })
  expect(whole?.first_token_ms).toBeNull()
  const patient = await timeoutsOf({ model: 'patient' })
  expect(patient.map(({ response_header_ms: ms }) => ms)).toEqual([90_000, 90_000])
})

test('a target that failed repeatedly rests: it comes last, and for how long is told', async () => {
  const before = await explain({ model: 'frail' })
  expect(before.targets.map(({ provider }) => provider)).toEqual(['together', 'openai'])
  for (let failures = 0; failures < 5; failures++) await post(CHAT, { model: 'frail' })
  const { targets } = await explain({ model: 'frail' })
  expect(targets).toMatchObject([
    { provider: 'openai', attempt: 1, breaker: { state: 'closed', rests_ms: 0, heeded: true } },
    { provider: 'together', attempt: null, breaker: { state: 'open', heeded: true } },
  ])
  expect(targets[1]?.breaker.rests_ms).toBeWithin(1, 10_001)
  const lone = await explain({ model: 'together/m' })
  expect(lone.targets[0]).toMatchObject({ attempt: 1, breaker: { state: 'open', heeded: false } })
})

const NO_KEY =
  "Provider requires an API key. Please configure the provider's API key. Set MISTRAL_API_KEY to use mistral, and restart."
const NOT_ALLOWED = 'The model openai/forbidden may not be used here (ALLOWED_MODELS, DISALLOWED_MODELS).'

describe('it tells whom nobody asks, and what stands in the way', () => {
  const cases: [what: string, body: object, skipped: [model: string, because: string][]][] = [
    ['nobody', { model: 'fast' }, []],
    [
      'members of an alias',
      { model: 'partly' },
      [
        ['mistral/small', NO_KEY],
        ['openai/forbidden', NOT_ALLOWED],
      ],
    ],
    [
      'members of a chain',
      { model: ['openai/forbidden', 'groq/b', 'mistral/small'] },
      [
        ['openai/forbidden', NOT_ALLOWED],
        ['mistral/small', NO_KEY],
      ],
    ],
  ]
  test.each(cases)('%s', async (_, body, skipped) => {
    const told = (await explain(body)).skipped
    expect(told.map(({ model, because }) => [model, because])).toEqual(skipped)
    const chat = await post(CHAT, body)
    expect(chat.headers.get('x-gateway-changes')).toStartWith(
      [...skipped.map(([model]) => `skipped=${model}`), 'model='].join('; '),
    )
  })
})

describe('it explains the other endpoints', () => {
  const at = (endpoint: string, body: object, headers = {}) =>
    explain(body, { query: `?endpoint=${endpoint}`, headers })
  const reasoning = { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 's' }] }

  test('Messages, translated for whoever does not speak them', async () => {
    const { endpoint, targets } = await at('messages', { model: 'openai/gpt-4o', top_k: 3, max_tokens: 9 })
    expect(endpoint).toBe('messages')
    expect(targets[0]?.changes).toBe(
      'translated=anthropic-messages>openai-chat; model=openai/gpt-4o>gpt-4o; dropped=top_k',
    )
    expect(targets[0]?.strict_refuses).toEqual(['dropped=top_k'])
  })

  test('Responses, where a target that cannot be asked at all says why', async () => {
    const body = { model: ['openai/gpt-4o', 'together/m'], input: 'Hi', conversation: 'conv_1' }
    const { targets } = await at('responses', body)
    expect(targets.map(({ provider, refusal }) => [provider, refusal])).toEqual([
      ['openai', null],
      ['together', expect.stringContaining('`conversation` cannot be had with Together AI')],
    ])
  })

  test('embeddings, which not everybody has', async () => {
    const { targets, skipped } = await at('embeddings', { model: ['groq/a', 'openai/b'], input: 'x' })
    expect(targets.map(({ provider, changes }) => [provider, changes])).toEqual([['openai', 'model=groq/a,openai/b>b']])
    expect(skipped).toEqual([{ model: 'groq/a', because: 'Groq offers no embeddings.' }])
  })

  test.each([
    ['messages', { model: 'openai/x', messages: [] }],
    ['messages', { model: 'groq/x', messages: [reasoning], max_tokens: 9, top_k: 3 }],
    ['responses', { model: 'together/x' }],
    ['responses', { model: 'together/x', input: 'Hi', conversation: 'conv_1' }],
    ['embeddings', { model: 'groq/x', input: 'x' }],
    ['embeddings', { model: 'openai/x' }],
    ['rerank', { model: 'zzz', query: 'x', documents: ['x'] }],
    ['moderations', { model: 'openai/forbidden', input: 'x' }],
  ])('what is wrong at %s is answered as there: %p', async (endpoint, body) => {
    const headers = { 'x-request-id': 'same', 'x-gateway-strict': 'true' }
    const text = JSON.stringify(body)
    const [asked, explained] = await Promise.all([
      post(`/v1/${endpoint}`, text, { headers }),
      post(EXPLAIN, text, { query: `?endpoint=${endpoint}`, headers }),
    ])
    expect(asked.status).toBeWithin(400, 416)
    const { error } = await asked.json() // in Anthropic's envelope, where it is theirs
    expect([explained.status, (await explained.json()).error]).toEqual([asked.status, error.message ?? error])
  })

  test('an endpoint that there is not is refused with those that there are', async () => {
    const response = await post(EXPLAIN, { model: 'fast' }, { query: '?endpoint=chat' })
    expect(await response.json()).toMatchObject({
      param: 'endpoint',
      error: expect.stringContaining('chat/completions, messages, responses, embeddings'),
    })
  })
})

const wrong: [name: string, body: object | string, asked: Asked][] = [
  ['no JSON', '{', {}],
  ['no model', '{"messages":[{}]}', {}],
  ['a model nobody knows', { model: 'zzz' }, {}],
  ['a model of two providers', { model: 'shared' }, {}],
  ['a fallback nobody knows', { model: 'gpt-4o' }, { headers: { 'x-gateway-fallback': 'zzz' } }],
  ['a provider without a key', { model: 'mistral/x' }, {}],
  ['a provider that is none', { model: 'x' }, { query: '?provider=nope' }],
  ['a model that is not allowed', { model: 'openai/forbidden' }, {}],
  ['a model that is not allowed, in a second place', { model: 'openai/gpt-4o', models: ['forbidden'] }, {}],
  [
    'a field that strict mode would lose',
    { model: 'groq/x', logprobs: true },
    { headers: { 'x-gateway-strict': 'true' } },
  ],
  ['a compressed body', { model: 'gpt-4o' }, { headers: { 'content-encoding': 'gzip' } }],
  ['a body that is too large', { model: 'gpt-4o', pad: 'x'.repeat(10_000) }, {}],
]

describe('what is wrong with the request is answered as chat answers it', () => {
  test.each(wrong)('%s', async (_, body, { query, headers = {} }) => {
    const asked = { ...(query !== undefined && { query }), headers: { ...headers, 'x-request-id': 'same' } }
    const [chat, explained] = await Promise.all([post(CHAT, body, asked), post(EXPLAIN, body, asked)])
    expect(chat.status).toBeWithin(400, 416)
    expect([explained.status, await explained.json()]).toEqual([chat.status, await chat.json()])
  })
})
