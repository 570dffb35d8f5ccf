import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { catalog } from '../src/providers/catalog.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import {
  answer,
  json,
  type Script,
  type ScriptedProvider,
  silence,
  startScriptedProvider,
} from './support/scripted-provider.ts'
import { until } from './support/wire.ts'

interface ListedModel {
  readonly id: string
  readonly object: string
  readonly created: number
  readonly owned_by: string
  readonly served_by: string
}

const builtIn = new Map(catalog.map((provider) => [provider.id, provider]))
const recorded = exchangesOf('models', 'compat-models', 'native-tags').filter(({ provider }) => builtIn.has(provider))
const lists = recorded.filter(({ status }) => status === 200)

const list = async (url: string, query = ''): Promise<readonly ListedModel[]> => {
  const response = await fetch(`${url}/v1/models${query}`)
  expect(response.status).toBe(200)
  const { object, data } = await response.json()
  expect(object).toBe('list')
  return data
}

/** The ids in a list, found without knowing its envelope; what does not chat is not among them. */
function idsIn({ response }: Exchange): readonly string[] {
  const body = JSON.parse(response.toString())
  const entries: Readonly<Record<string, unknown>>[] = body.result ?? body.data ?? body.models
  const chatting = entries.filter(({ endpoints, task }) => {
    const taskName = (task as { readonly name?: string } | undefined)?.name
    return (
      (endpoints as string[] | undefined)?.includes('chat') ?? (taskName ?? 'Text Generation') === 'Text Generation'
    )
  })
  const isNamed = body.result !== undefined || (body.models !== undefined && body.data === undefined)
  const ids = chatting.map(({ id, name }) => String(isNamed ? name : id).replace(/^models\//, ''))
  return [...new Set(ids)]
}

const pathOf = (target: string): string => target.split('?')[0] ?? ''

/** The page that was recorded, and behind it, for who asks for more, an empty one. */
function pageOf(exchange: Exchange): Script {
  const first = answer(200, { 'content-type': exchange.contentType }, exchange.response)
  return (call) =>
    /[?&]page=[2-9]/.test(call.request.target) ? json({ success: true, result: [] })(call) : first(call)
}

describe('recorded lists', () => {
  test.each(lists.map((exchange) => [exchange.name, exchange] as const))('%s comes out right', async (_, exchange) => {
    const { provider: id } = exchange
    // Cloudflare has two lists; the other one answers as for an account that may not see it.
    const isTheirs = (target: string) => id !== 'cloudflare' || pathOf(exchange.endpoint).endsWith(pathOf(target))
    const script: Script = (call) => (isTheirs(call.request.target) ? pageOf(exchange) : json({}, 403))(call)
    await using provider = await startScriptedProvider(script, { models: null })
    await using gateway = await startGateway({ providers: { [id]: provider.origin } })
    const models = await list(gateway.url)
    expect(models.map((model) => model.id)).toEqual([...idsIn(exchange)])
    for (const model of models) {
      expect(model).toMatchObject({ object: 'model', served_by: id, owned_by: expect.any(String) })
      expect(Number.isSafeInteger(model.created)).toBe(true)
    }
    const asked = provider.requests.map((request) => request.target)
    const { models: operation } = builtIn.get(id)?.operations ?? {}
    expect(asked).toEqual(expect.arrayContaining((operation?.endpoints ?? []).map(({ path }) => path)))
  })

  test('are asked for with the key, as their provider wants it', async () => {
    await using provider = await startScriptedProvider(json({ data: [] }), { models: null })
    const { origin } = provider
    await using gateway = await startGateway({ providers: { openai: origin, anthropic: origin } })
    await list(gateway.url)
    const headersOf = (target: string) => provider.requests.find((request) => request.target === target)
    expect(headersOf('/models')?.header('authorization')).toBe(`Bearer ${keyOf('openai')}`)
    expect(headersOf('/models?limit=1000')?.header('x-api-key')).toBe(keyOf('anthropic'))
    expect(headersOf('/models?limit=1000')?.header('anthropic-version')).toBe('2023-06-01')
    expect(headersOf('/models?limit=1000')?.header('authorization')).toBeUndefined()
  })

  test('of several pages are read to the end', async () => {
    const pages: Readonly<Record<string, object>> = {
      '/models?limit=1000': { data: [{ id: 'a' }], has_more: true, last_id: 'a' },
      '/models?limit=1000&after_id=a': { data: [{ id: 'b' }], has_more: false },
      '/v1/models?page_size=1000': { models: [{ name: 'c', endpoints: ['chat'] }], next_page_token: 't=' },
      '/v1/models?page_size=1000&page_token=t%3D': { models: [{ name: 'd', endpoints: ['chat'] }] },
    }
    await using provider = await startScriptedProvider(
      ({ request, ...call }) => json(pages[request.target])({ request, ...call }),
      {
        models: null,
      },
    )
    const { origin } = provider
    await using gateway = await startGateway({ providers: { anthropic: origin, cohere: origin } })
    expect((await list(gateway.url)).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('providers that fail', () => {
  const good = json({ object: 'list', data: [{ id: 'good-model' }] })
  const broken: [behaviour: string, script: Script][] = [
    ['an error', json({ error: { message: 'down' } }, 500)],
    ['a refusal', json({ error: { message: 'no key' } }, 401)],
    ['junk', answer(200, { 'content-type': 'application/json' }, '{"data":[{"id":')],
    ['a web page', answer(200, { 'content-type': 'text/html' }, '<!doctype html><title>Sign in</title>')],
    ['an error with status 200', json({ error: 'no', data: null })],
    ['a redirect', json({}, 302, { location: 'http://127.0.0.1:1/models' })],
    ['a text', json('models')],
    ['nothing', ({ end }) => end()],
    ['a reset', ({ reset }) => reset()],
  ]

  test.each(broken)('%s leaves the others as they are, and is told of', async (_, script) => {
    await using failing = await startScriptedProvider(script, { models: null })
    await using working = await startScriptedProvider(good, { models: null })
    await using gateway = await startGateway({ providers: { openai: failing.origin, groq: working.origin } })
    expect((await list(gateway.url)).map(({ id }) => id)).toEqual(['good-model'])
    expect(await list(gateway.url, '?provider=openai')).toEqual([])
    expect(gateway.events).toContainEqual(
      expect.objectContaining({ type: 'models.unavailable', provider: 'openai', error: expect.any(Error) }),
    )
    expect(failing.requests).toHaveLength(1)
  })

  test('one list of two may fail alone', async () => {
    const script: Script = (call) =>
      call.request.target.startsWith('/finetunes')
        ? json({ success: true, result: [{ name: 'my-finetune' }] })(call)
        : json({ success: false, errors: [] }, 403)(call)
    await using provider = await startScriptedProvider(script, { models: null })
    await using gateway = await startGateway({ providers: { cloudflare: provider.origin } })
    expect((await list(gateway.url)).map(({ id }) => id)).toEqual(['my-finetune'])
  })

  test('one that hangs delays the first answer by two seconds at most, and no other', async () => {
    await using hanging = await startScriptedProvider(silence, { models: null })
    await using working = await startScriptedProvider(good, { models: null })
    await using gateway = await startGateway({ providers: { openai: hanging.origin, groq: working.origin } })
    const first = performance.now()
    expect((await list(gateway.url)).map(({ id }) => id)).toEqual(['good-model'])
    expect(performance.now() - first).toBeLessThan(6000)
    const second = performance.now()
    expect((await list(gateway.url)).map(({ id }) => id)).toEqual(['good-model'])
    expect(performance.now() - second).toBeLessThan(1800)
    expect(working.requests).toHaveLength(1)
    expect(hanging.requests).toHaveLength(1)
  })

  test('a list without models is an empty list, never null', async () => {
    await using provider = await startScriptedProvider(json({ object: 'list', data: null }), { models: null })
    await using gateway = await startGateway({ providers: { ollama: provider.origin } })
    expect(await list(gateway.url)).toEqual([])
    expect(gateway.events.map(({ type }) => type)).toEqual(['exchange.started', 'exchange.finished'])
  })

  test('a hundred callers at once make one request', async () => {
    await using provider = await startScriptedProvider(good, { models: null })
    await using gateway = await startGateway({ providers: { openai: provider.origin } })
    await Promise.all(Array.from({ length: 100 }, () => list(gateway.url)))
    expect(provider.requests).toHaveLength(1)
  })

  test('an old list is served while a new one is read', async () => {
    await using provider = await startScriptedProvider(good, { models: null })
    const { origin } = provider
    await using gateway = await startGateway({ providers: { openai: origin }, env: { MODEL_LIST_TTL: '0' } })
    await list(gateway.url)
    provider.play(silence)
    const before = performance.now()
    expect((await list(gateway.url)).map(({ id }) => id)).toEqual(['good-model'])
    expect(performance.now() - before).toBeLessThan(1800)
    // The first request may have come late enough to ask for a new list as well.
    await until(() => provider.requests.length >= 2)
  })
})

describe('the list and its models', () => {
  const LISTS = {
    openai: ['gpt-4o', 'shared'],
    groq: ['shared', 'meta-llama/llama-guard', 'groq/compound'],
    openrouter: ['deepseek/deepseek-r1:free', 'openai/gpt-4o'],
  }
  const providers: ScriptedProvider[] = []
  let origins: Record<string, string>
  let gateway: TestGateway
  beforeAll(async () => {
    origins = {}
    for (const [id, models] of Object.entries(LISTS)) {
      const provider = await startScriptedProvider(json({}), { models })
      providers.push(provider)
      origins[id] = provider.origin
    }
    gateway = await startGateway({ providers: origins })
  })
  afterAll(async () => {
    await gateway.close()
    for (const provider of providers) await provider.close()
  })
  const idsOf = async (url: string, query = '') => (await list(url, query)).map(({ id }) => id)

  test('an id that two providers share, or that would go to another provider, is listed as provider/id', async () => {
    expect(await idsOf(gateway.url)).toEqual([
      'gpt-4o',
      'openai/shared',
      'groq/shared',
      'meta-llama/llama-guard',
      'groq/compound',
      'deepseek/deepseek-r1:free',
      // Bare, it would be asked of openai.
      'openrouter/openai/gpt-4o',
    ])
  })

  test('?provider= lists one provider in its own words', async () => {
    const response = await fetch(`${gateway.url}/v1/models?provider=Groq`)
    expect(await response.json()).toMatchObject({ provider: 'groq', object: 'list', data: { length: 3 } })
    expect(await idsOf(gateway.url, '?provider=groq')).toEqual(['shared', 'meta-llama/llama-guard', 'groq/compound'])
  })

  test.each([
    ['nope', 'provider_not_found', 'openai'],
    ['mistral', 'provider_not_configured', 'MISTRAL_API_KEY'],
  ])('?provider=%s is refused', async (id, code, says) => {
    const response = await fetch(`${gateway.url}/v1/models?provider=${id}`)
    expect(response.status).toBe(400)
    const body = await response.json()
    expect(body.code).toBe(code)
    expect(body.error).toContain(says)
  })

  test('?limit= gives pages, and after_id turns them until all were there once', async () => {
    const all = await idsOf(gateway.url)
    const seen: string[] = []
    let after = ''
    for (let isMore = true; isMore;) {
      const page = await (await fetch(`${gateway.url}/v1/models?limit=3${after}`)).json()
      const ids = page.data.map(({ id }: ListedModel) => id)
      expect([page.first_id, page.last_id]).toEqual([ids[0], ids.at(-1)])
      seen.push(...ids)
      isMore = page.has_more
      after = `&after_id=${encodeURIComponent(page.last_id)}`
    }
    expect(seen).toEqual([...all])
  })

  test('without a limit, or with a large one, there are no more', async () => {
    for (const query of ['', '?limit=1000']) {
      const page = await (await fetch(`${gateway.url}/v1/models${query}`)).json()
      expect([page.has_more, page.data.length]).toEqual([false, 7])
    }
  })

  test.each(['limit=0', 'limit=-1', 'limit=many', 'limit=1.5', 'limit=', 'after_id=nope'])(
    '?%s is refused',
    async (query) => {
      const response = await fetch(`${gateway.url}/v1/models?${query}`)
      const name = query.split('=')[0] ?? ''
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'invalid_request', param: name })
    },
  )

  test('a price is that of the provider’s model, whatever id the list shows', async () => {
    const pricingOf = async (url: string, id: string) => (await (await fetch(`${url}/v1/models/${id}`)).json()).pricing
    await using qualified = await startGateway({ providers: origins, env: { MODEL_ID_FORMAT: 'qualified' } })
    const known = { prompt: '0.0000025', completion: '0.00001', input_cache_read: '0.00000125', known: true }
    expect(await pricingOf(gateway.url, 'gpt-4o')).toEqual(known)
    expect(await pricingOf(qualified.url, 'openai/gpt-4o')).toEqual(known)
    expect(await pricingOf(gateway.url, 'openrouter/openai/gpt-4o')).toMatchObject({ prompt: '0', known: false })
  })

  test('MODEL_ID_FORMAT=qualified prefixes all, once', async () => {
    await using qualified = await startGateway({ providers: origins, env: { MODEL_ID_FORMAT: 'qualified' } })
    expect(await idsOf(qualified.url)).toEqual([
      'openai/gpt-4o',
      'openai/shared',
      'groq/shared',
      'groq/meta-llama/llama-guard',
      'groq/compound',
      'openrouter/deepseek/deepseek-r1:free',
      'openrouter/openai/gpt-4o',
    ])
  })

  const found: [path: string, id: string, provider: string][] = [
    ['gpt-4o', 'gpt-4o', 'openai'],
    ['meta-llama/llama-guard', 'meta-llama/llama-guard', 'groq'],
    ['meta-llama%2Fllama-guard', 'meta-llama/llama-guard', 'groq'],
    ['deepseek/deepseek-r1:free', 'deepseek/deepseek-r1:free', 'openrouter'],
    ['deepseek%2Fdeepseek-r1%3Afree', 'deepseek/deepseek-r1:free', 'openrouter'],
    ['openrouter/deepseek/deepseek-r1:free', 'deepseek/deepseek-r1:free', 'openrouter'],
    ['groq/shared', 'groq/shared', 'groq'],
    ['openai/shared', 'openai/shared', 'openai'],
    ['groq/compound', 'groq/compound', 'groq'],
  ]
  test.each(found)('/v1/models/%s is found', async (path, id, provider) => {
    const response = await fetch(`${gateway.url}/v1/models/${path}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ id, object: 'model', served_by: provider })
  })

  test('every listed id can be asked for', async () => {
    for (const model of await list(gateway.url)) {
      const response = await fetch(`${gateway.url}/v1/models/${encodeURIComponent(model.id)}`)
      expect(response.status).toBe(200)
    }
  })

  test.each([
    ['gpt-4', 404, 'model_not_found', 'gpt-4o'],
    ['shared', 400, 'ambiguous_model', 'groq/shared'],
    ['%zz', 400, 'invalid_target', 'percent-encoded'],
  ])('/v1/models/%s is refused with %d', async (path, status, code, says) => {
    const response = await fetch(`${gateway.url}/v1/models/${path}`)
    expect(response.status).toBe(status)
    const body = await response.json()
    expect(body.code).toBe(code)
    expect(body.error).toContain(says)
  })

  test('a model of many providers is refused with all of its names', async () => {
    await using provider = await startScriptedProvider(json({}), { models: ['m'] })
    const ids = ['openai', 'groq', 'together', 'xai']
    await using other = await startGateway({ providers: Object.fromEntries(ids.map((id) => [id, provider.origin])) })
    const { error } = await (await fetch(`${other.url}/v1/models/m`)).json()
    for (const id of ids) expect(error).toContain(`${id}/m`)
  })
})
