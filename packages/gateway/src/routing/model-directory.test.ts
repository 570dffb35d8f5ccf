import { describe, expect, test } from 'bun:test'
import type { GatewayEvent } from '../kernel/events.ts'
import type { Account, Endpoint, ModelListDialect } from '../providers/provider.ts'
import { createModelDirectory, type Model, type ModelDirectoryOptions } from './model-directory.ts'

function account(id: string, dialect: ModelListDialect = 'openai', ...paths: readonly string[]): Account {
  const endpoints = (paths.length === 0 ? ['/models'] : paths).map((path) => ({ path }))
  return {
    provider: {
      id,
      name: id,
      baseUrl: `http://${id}`,
      auth: { kind: 'none' },
      operations: { models: { dialect, endpoints } },
    },
    credential: null,
  }
}

/** Time moves only when told to; what is due runs then. */
function handClock() {
  let now = 0
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  return {
    clock: { now: () => now, elapsed: () => now },
    after: (delayMs: number, run: () => void) => {
      const timer = { at: now + delayMs, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    pending: () => timers.size,
    advance: async (ms: number) => {
      now += ms
      for (const timer of timers) {
        if (timer.at > now) continue
        timers.delete(timer)
        timer.run()
      }
      await settle()
    },
  }
}

/** Lets everything that can go on without time or providers go on. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

interface Ask {
  readonly name: string
  readonly endpoint: Endpoint
  readonly signal: AbortSignal
  answer(body: unknown): Promise<void>
  fail(error: Error): Promise<void>
}

function scripted(accounts: readonly Account[], options: Partial<ModelDirectoryOptions> = {}) {
  const time = handClock()
  const asks: Ask[] = []
  const events: GatewayEvent[] = []
  const directory = createModelDirectory({
    accounts,
    fetchPage(account, endpoint, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      asks.push({
        name: `${account.provider.id}${endpoint.path}`,
        endpoint,
        signal,
        answer: (body) => (resolve(body), settle()),
        fail: (error) => (reject(error), settle()),
      })
      return promise
    },
    clock: time.clock,
    after: time.after,
    ttlMs: 60_000,
    emit: (event) => events.push(event),
    ...options,
  })
  const names = () => asks.map((ask) => ask.name)
  const last = (name: string): Ask => {
    const ask = asks.findLast((ask) => ask.name === name)
    if (ask === undefined) throw new Error(`${name} was not asked, but ${names().join(' ')}`)
    return ask
  }
  const ids = async (provider?: string) =>
    (await directory.list(provider)).map((model) => `${model.served_by} ${model.id}`)
  const knownIds = () => directory.known().map((model) => `${model.served_by} ${model.id}`)
  return { ...time, directory, asks, names, last, ids, knownIds, events }
}

const listOf = (...ids: readonly string[]) => ({ object: 'list', data: ids.map((id) => ({ id })) })

/** Whether a promise has settled without time passing. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => (settled = true))
  await settle()
  return settled
}

describe('asking', () => {
  test('all providers are asked at once and listed in their order', async () => {
    const { ids, names, last } = scripted([account('a'), account('b')])
    const answer = ids()
    expect(names()).toEqual(['a/models', 'b/models'])
    await last('b/models').answer(listOf('two'))
    expect(await isSettled(answer)).toBe(false)
    await last('a/models').answer(listOf('one'))
    expect(await answer).toEqual(['a one', 'b two'])
  })

  test('a model tells its owner, or its provider where it has none', async () => {
    const { directory, last } = scripted([account('a')])
    directory.warm()
    await last('a/models').answer({ data: [{ id: 'x', owned_by: 'someone', created: 5 }, { id: 'y' }] })
    expect(await directory.list()).toEqual([
      { id: 'x', object: 'model', created: 5, owned_by: 'someone', served_by: 'a' },
      { id: 'y', object: 'model', created: 0, owned_by: 'a', served_by: 'a' },
    ])
  })

  test('one provider alone can be asked', async () => {
    const { ids, names, last } = scripted([account('a'), account('b')])
    const answer = ids('b')
    await last('b/models').answer(listOf('two'))
    expect(await answer).toEqual(['b two'])
    expect(await ids('c')).toEqual([])
    expect(names()).toEqual(['b/models'])
  })

  test('a crowd makes one request', async () => {
    const { ids, names, last } = scripted([account('a')])
    const answers = Promise.all([ids(), ids(), ids()])
    expect(names()).toEqual(['a/models'])
    await last('a/models').answer(listOf('one'))
    expect(await answers).toEqual([['a one'], ['a one'], ['a one']])
  })

  test('a fresh list is not asked for again', async () => {
    const { ids, names, directory, last, advance } = scripted([account('a')])
    directory.warm()
    await last('a/models').answer(listOf('one'))
    await advance(59_999)
    expect(await ids()).toEqual(['a one'])
    expect(names()).toHaveLength(1)
  })

  test('a provider without a list is never asked', async () => {
    const { ids, names } = scripted([{ ...account('a'), provider: { ...account('a').provider, operations: {} } }])
    expect(await ids()).toEqual([])
    expect(names()).toEqual([])
  })
})

describe('time', () => {
  test('a slow provider is waited for two seconds, and listed once it has answered', async () => {
    const { ids, last, advance } = scripted([account('slow'), account('quick')])
    const answer = ids()
    await last('quick/models').answer(listOf('one'))
    await advance(1_999)
    expect(await isSettled(answer)).toBe(false)
    await advance(1)
    expect(await answer).toEqual(['quick one'])
    expect(await ids()).toEqual(['quick one'])
    await advance(5_000)
    await last('slow/models').answer(listOf('two'))
    expect(await ids()).toEqual(['slow two', 'quick one'])
  })

  test('the two seconds count from the request, not from the caller', async () => {
    const { directory, ids, advance } = scripted([account('slow')])
    directory.warm()
    await advance(1_500)
    const answer = ids()
    await advance(500)
    expect(await answer).toEqual([])
  })

  test('a stale list is served while a new one is read', async () => {
    const { directory, ids, names, last, advance } = scripted([account('a')])
    directory.warm()
    await last('a/models').answer(listOf('old'))
    await advance(60_000)
    expect(await ids()).toEqual(['a old'])
    expect(names()).toHaveLength(2)
    await last('a/models').answer(listOf('new'))
    expect(await ids()).toEqual(['a new'])
    expect(names()).toHaveLength(2)
  })

  test('a provider that never answers is given up after the limit, then paused, and never waited for again', async () => {
    const { ids, asks, events, last, advance, pending } = scripted([account('dead')], {
      limitMs: 10_000,
      pauseMs: 5_000,
    })
    const answer = ids()
    await advance(2_000)
    expect(await answer).toEqual([])
    expect(last('dead/models').signal.aborted).toBe(false)
    await advance(8_000)
    expect(last('dead/models').signal.aborted).toBe(true)
    expect(events).toMatchObject([{ type: 'models.unavailable', provider: 'dead' }])
    await advance(4_999)
    await ids()
    expect(asks).toHaveLength(1)
    await advance(1)
    expect(await isSettled(ids())).toBe(true)
    expect(asks).toHaveLength(2)
    await last('dead/models').answer(listOf('risen'))
    expect(await ids()).toEqual(['dead risen'])
    expect(pending()).toBe(0)
  })

  test('an answer after the limit is not believed', async () => {
    const { directory, knownIds, last, advance } = scripted([account('a')], { limitMs: 1_000 })
    directory.warm()
    await advance(1_000)
    await last('a/models').answer(listOf('late'))
    expect(knownIds()).toEqual([])
  })

  test('closing ends what is under way, leaves no timer and tells nobody', async () => {
    const { directory, ids, asks, events, last, advance, pending } = scripted([account('a'), account('b')])
    const answer = ids()
    await last('b/models').answer(listOf('one'))
    directory.close()
    expect(await answer).toEqual(['b one'])
    expect(last('a/models').signal.aborted).toBe(true)
    expect(pending()).toBe(0)
    await advance(100_000)
    expect(await ids()).toEqual(['b one'])
    expect(asks).toHaveLength(2)
    expect(events).toEqual([])
  })
})

describe('failing', () => {
  const down = new Error('down')

  test('a provider that fails or sends junk is left out, the others are listed', async () => {
    const { ids, last } = scripted([account('down'), account('junk'), account('good')])
    const answer = ids()
    await last('down/models').fail(down)
    await last('junk/models').answer('<html>')
    await last('good/models').answer(listOf('one'))
    expect(await answer).toEqual(['good one'])
  })

  test('a failing provider keeps its last list and is left alone for a while', async () => {
    const { directory, ids, names, last, advance } = scripted([account('a')])
    directory.warm()
    await last('a/models').answer(listOf('one'))
    await advance(60_000)
    directory.warm()
    await last('a/models').fail(down)
    expect(await ids()).toEqual(['a one'])
    await advance(29_999)
    expect(await ids()).toEqual(['a one'])
    expect(names()).toHaveLength(2)
    await advance(1)
    await ids()
    expect(names()).toHaveLength(3)
  })

  test('a provider that failed quickly is waited for after its pause', async () => {
    const { directory, ids, last, advance } = scripted([account('a')])
    directory.warm()
    await last('a/models').fail(down)
    await advance(30_000)
    const answer = ids()
    expect(await isSettled(answer)).toBe(false)
    await last('a/models').answer(listOf('one'))
    expect(await answer).toEqual(['a one'])
  })

  test('listeners hear changes only', async () => {
    const { directory, events, last, advance } = scripted([account('a')])
    const told: string[] = []
    for (const works of [true, false, false, true, true, false]) {
      directory.warm()
      await (works ? last('a/models').answer(listOf('x', 'y')) : last('a/models').fail(down))
      told.push(events.map((event) => event.type).join(' '))
      events.length = 0
      await advance(60_000)
    }
    expect(told).toEqual(['', 'models.unavailable', '', 'models.available', '', 'models.unavailable'])
  })

  test('listeners hear the reason and the count', async () => {
    const { directory, events, last, advance } = scripted([account('a')])
    directory.warm()
    await last('a/models').fail(down)
    await advance(30_000)
    directory.warm()
    await last('a/models').answer(listOf('x', 'y'))
    expect(events).toEqual([
      { type: 'models.unavailable', provider: 'a', error: down },
      { type: 'models.available', provider: 'a', count: 2 },
    ])
  })

  test('one of two lists of a provider may fail alone', async () => {
    const { ids, last } = scripted([account('cf', 'cloudflare', '/tuned', '/search')])
    const answer = ids()
    await last('cf/tuned').fail(down)
    await last('cf/search').answer({ success: true, result: [{ name: '@cf/x' }] })
    expect(await answer).toEqual(['cf @cf/x'])
  })
})

describe('finding', () => {
  test('a model is found at every provider that lists it, once', async () => {
    const { directory, last } = scripted([account('a'), account('cf', 'cloudflare', '/tuned', '/search'), account('b')])
    directory.warm()
    await last('a/models').answer(listOf('x', 'y'))
    await last('b/models').answer(listOf('y'))
    await last('cf/tuned').answer({ success: true, result: [{ name: 'x' }] })
    await last('cf/search').answer({ success: true, result: [{ name: 'x', created_at: '2024-01-01' }] })
    const expected = [
      { id: 'x', object: 'model', created: 0, owned_by: 'a', served_by: 'a' },
      { id: 'x', object: 'model', created: 1704067200, owned_by: 'cf', served_by: 'cf' },
    ] as const
    expect(await directory.find('x')).toEqual([...expected])
    expect((await directory.list('cf')).map((model) => model.created)).toEqual([1704067200])
    expect(await directory.find('z')).toEqual([])
  })

  const names = (models: readonly Model[]) => models.map((model) => model.served_by).join(' ')

  test('whom the name points at is not kept waiting by the others once it lists the model', async () => {
    const { directory, last } = scripted([account('hangs'), account('usual')])
    const found = directory.find('x', 'usual')
    expect(await isSettled(found)).toBe(false)
    await last('usual/models').answer(listOf('x'))
    expect(await isSettled(found)).toBe(true)
    expect(names(await found)).toBe('usual')
  })

  const graces: readonly (readonly [who: string, usual: string | null, listed: string, expected: string])[] = [
    ['the only one that lists the model so far', null, 'x', 'quick'],
    ['whom the name points at, though its list hangs', 'hangs', 'y', ''],
    ['whom the name points at, though its list has no such model', 'quick', 'y', ''],
  ]
  test.each(graces)('%s is asked after half a second', async (_, usual, listed, expected) => {
    const { directory, last, advance, pending } = scripted([account('hangs'), account('quick')])
    const found = directory.find('x', usual)
    await last('quick/models').answer(listOf(listed))
    await advance(499)
    expect(await isSettled(found)).toBe(false)
    await advance(1)
    expect(await isSettled(found)).toBe(true)
    expect(names(await found)).toBe(expected)
    expect(pending()).toBe(2) // the two of the list that hangs
  })

  test('while nobody is known to have it, all lists are waited for', async () => {
    const { directory, last, advance } = scripted([account('slow'), account('quick')])
    const found = directory.find('x')
    await last('quick/models').answer(listOf('y'))
    await advance(1_000)
    expect(await isSettled(found)).toBe(false)
    await last('slow/models').answer(listOf('x'))
    expect(names(await found)).toBe('slow')
  })

  test('a name of two providers needs no third list', async () => {
    const { directory, last } = scripted([account('a'), account('hangs'), account('b')])
    const found = directory.find('x')
    await last('a/models').answer(listOf('x'))
    expect(await isSettled(found)).toBe(false)
    await last('b/models').answer(listOf('x'))
    expect(await isSettled(found)).toBe(true)
    expect(names(await found)).toBe('a b')
  })

  test('a list that arrives within the grace still counts, and once all are known nothing is waited for', async () => {
    const { directory, last, advance, pending } = scripted([account('a'), account('b')])
    const found = directory.find('x')
    await last('a/models').answer(listOf('x'))
    await advance(400)
    await last('b/models').answer(listOf('x'))
    expect(names(await found)).toBe('a b')
    expect(pending()).toBe(0)
    const again = directory.find('x')
    expect(await isSettled(again)).toBe(true)
    expect(names(await again)).toBe('a b')
  })

  test('who has never been read is known', async () => {
    const { directory, last, advance } = scripted([account('a'), account('cf', 'cloudflare', '/tuned', '/search')])
    directory.warm()
    expect(directory.unread()).toEqual(['a', 'cf'])
    await last('a/models').answer(listOf('x'))
    await last('cf/tuned').answer({ success: true, result: [] })
    expect(directory.unread()).toEqual(['cf'])
    await last('cf/search').answer({ success: true, result: [] })
    await advance(60_000)
    directory.warm()
    await last('a/models').fail(new Error('down'))
    expect(directory.unread()).toEqual([])
  })

  test('peeking asks nobody', async () => {
    const { directory, names, knownIds, last } = scripted([account('a')])
    expect(directory.peek('x')).toEqual([])
    expect(knownIds()).toEqual([])
    expect(names()).toEqual([])
    directory.warm()
    await last('a/models').answer(listOf('x'))
    expect(directory.peek('x').map((model) => model.served_by)).toEqual(['a'])
    expect(knownIds()).toEqual(['a x'])
  })
})

describe('pages', () => {
  test('pages are walked to the end, each model once', async () => {
    const { ids, names, last } = scripted([account('a', 'anthropic', '/models?limit=2')])
    const answer = ids()
    await last('a/models?limit=2').answer({ data: [{ id: 'x' }, { id: 'y' }], has_more: true, last_id: 'y' })
    await last('a/models?limit=2&after_id=y').answer({ data: [{ id: 'y' }, { id: 'z' }], has_more: false })
    expect(await answer).toEqual(['a x', 'a y', 'a z'])
    expect(names()).toHaveLength(2)
  })

  test('pages without a model of use are passed over', async () => {
    const { ids, last } = scripted([account('cf', 'cloudflare', '/search')])
    const page = (number: number, ...result: readonly object[]) => ({
      success: true,
      result,
      result_info: { page: number },
    })
    const answer = ids()
    await last('cf/search').answer(page(1, { name: 'image', task: { name: 'Text-to-Image' } }))
    await last('cf/search?page=2').answer(page(2, { name: 'chat' }))
    await last('cf/search?page=3').answer(page(3))
    expect(await answer).toEqual(['cf chat'])
  })

  test('a list that fails at a later page fails whole', async () => {
    const { ids, last, events } = scripted([account('co', 'cohere')])
    const answer = ids()
    await last('co/models').answer({ models: [{ name: 'x' }], next_page_token: 't' })
    await last('co/models?page_token=t').fail(new Error('down'))
    expect(await answer).toEqual([])
    expect(events).toHaveLength(1)
  })

  const circles: readonly (readonly [what: string, page: (index: number) => object, asked: number, models: number])[] =
    [
      ['the same page forever', () => ({ models: [{ name: 'x' }], next_page_token: 't' }), 2, 1],
      [
        'the same models under new tokens',
        (index) => ({ models: [{ name: 'x' }], next_page_token: `t${index}` }),
        2,
        1,
      ],
      ['the same empty page forever', () => ({ models: [], next_page_token: 't' }), 2, 0],
      ['new pages forever', (index) => ({ models: [{ name: `m${index}` }], next_page_token: `t${index}` }), 50, 50],
      [
        'more models than anybody has',
        (index) => ({
          models: Array.from({ length: 30_000 }, (_, number) => ({ name: `m${index}-${number}` })),
          next_page_token: `t${index}`,
        }),
        2,
        20_000,
      ],
    ]
  test.each(circles)('%s ends', async (_, page, asked, models) => {
    let pages = 0
    const { directory } = scripted([account('co', 'cohere')], { fetchPage: async () => page(pages++) })
    expect(await directory.list()).toHaveLength(models)
    expect(pages).toBe(asked)
  })

  test('the headers and the key of an endpoint go with each of its pages', async () => {
    const base = account('a')
    const endpoint: Endpoint = { path: '/m', auth: { kind: 'xheader', name: 'x-api-key' }, headers: { version: '1' } }
    const operations = { models: { dialect: 'anthropic', endpoints: [endpoint] } } as const
    const { directory, asks } = scripted([{ ...base, provider: { ...base.provider, operations } }])
    directory.warm()
    await asks[0]?.answer({ data: [{ id: 'x' }], has_more: true, last_id: 'x' })
    expect(asks.map((ask) => ask.endpoint)).toEqual([endpoint, { ...endpoint, path: '/m?after_id=x' }])
  })
})
