import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { accumulate, simulated, user } from './testing.ts'

const weather = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}
const time = { type: 'function', function: { name: 'get_time' } }
const said = { messages: [user('Tell me about get_weather and get_time in Berlin, 😀 please')] }
const schema = { type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } } }

/** One request for every model that answers, and for every way an answer may be cut. */
const requests: [string, object][] = [
  ['chat', { model: 'simulator/chat', ...said }],
  ['chat without the prefix', { model: 'chat', ...said }],
  ['echo', { model: 'echo', ...said }],
  ['echo of nothing', { model: 'echo', messages: [user('')] }],
  ['tools', { model: 'tools', ...said, tools: [weather, time] }],
  ['tools without tools', { model: 'tools', ...said }],
  ['json', { model: 'json', ...said }],
  ['json by schema', { model: 'json', ...said, response_format: { type: 'json_schema', json_schema: { schema } } }],
  ['reason', { model: 'reason', ...said }],
  ['reason, cut short while it thinks', { model: 'reason', ...said, max_tokens: 4 }],
  ['lorem', { model: 'lorem?tokens=300', ...said }],
  ['slow', { model: 'slow', ...said }],
  ['flaky', { model: 'flaky', ...said }],
  ['several choices', { model: 'tools', ...said, tools: [weather, time], n: 3 }],
  ['an answer cut short', { model: 'chat', ...said, max_tokens: 3 }],
  ['a call cut short', { model: 'tools', ...said, tools: [weather], max_tokens: 8 }],
  ['an answer that stops', { model: 'echo', ...said, stop: [' please', ' in', 'zebra'] }],
]

describe('streamed', () => {
  test.each(requests)('the answer is the same: %s', async (_name, request) => {
    // Two simulators, because `flaky` counts.
    const whole = await simulated().answer(request)
    const chunks = await simulated().chunks({ ...request, stream_options: { include_usage: true } })
    expect(accumulate(chunks)).toEqual(whole)
  })

  test.each(requests)('the chunks keep the order clients rely on: %s', async (_name, request) => {
    const chunks = await simulated().chunks(request)
    expect(new Set(chunks.map(({ id, created, model, object }) => `${id} ${created} ${model} ${object}`)).size).toBe(1)
    const parts = chunks.flatMap((chunk) => chunk.choices)
    for (const index of new Set(parts.map((part) => part.index))) {
      const own = parts.filter((part) => part.index === index)
      expect(own.map((part) => part.delta.role)).toEqual(own.map((_, at) => (at === 0 ? 'assistant' : undefined)))
      expect(own.map((part) => part.finish_reason !== null)).toEqual(own.map((_, at) => at === own.length - 1))
    }
  })

  test('usage comes last, and only to those who asked', async () => {
    const asked = await simulated().chunks({ model: 'chat', ...said, stream_options: { include_usage: true } })
    expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: expect.any(Number) } })
    expect(asked.slice(0, -1).every((chunk) => chunk.usage === null && chunk.choices.length === 1)).toBe(true)
    const unasked = await simulated().chunks({ model: 'chat', ...said })
    expect(unasked.some((chunk) => 'usage' in chunk || chunk.choices.length === 0)).toBe(false)
  })

  test('a call starts with its name and no arguments, then come the arguments in pieces', async () => {
    const chunks = await simulated().chunks({ model: 'tools', ...said, tools: [weather] })
    const pieces = chunks.flatMap((chunk) => chunk.choices).flatMap((choice) => choice.delta.tool_calls ?? [])
    expect(pieces[0]).toMatchObject({ index: 0, id: expect.any(String), type: 'function' })
    expect(pieces[0]?.function).toEqual({ name: 'get_weather', arguments: '' })
    expect(pieces.length).toBeGreaterThan(3)
    expect(pieces.slice(1).every((piece) => piece.id === undefined && piece.function.name === undefined)).toBe(true)
  })

  test('thoughts come before the answer', async () => {
    const chunks = await simulated().chunks({ model: 'reason', ...said })
    const deltas = chunks.flatMap((chunk) => chunk.choices).map((choice) => choice.delta)
    const lastThought = deltas.findLastIndex((delta) => delta.reasoning_content !== undefined)
    const firstWord = deltas.findIndex((delta) => (delta.content ?? '') !== '')
    expect(lastThought).toBeGreaterThan(0)
    expect(firstWord).toBeGreaterThan(lastThought)
  })
})

describe('an answer', () => {
  test('says that it is simulated', async () => {
    const response = await simulated().ask({ model: 'chat', ...said })
    expect(response.headers.get('x-gateway-simulated')).toBe('true')
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{16}$/)
    expect(await response.json()).toMatchObject({ model: 'simulator/chat', system_fingerprint: 'simulator' })
  })

  test('is the same for the same request, whichever simulator it is asked of', async () => {
    const request = { model: 'tools', ...said, tools: [weather] }
    expect(await simulated().answer(request)).toEqual(await simulated().answer(request))
  })

  test('has its own id for another request', async () => {
    const { answer } = simulated()
    const one = await answer({ model: 'chat', messages: [user('a')] })
    expect((await answer({ model: 'chat', messages: [user('b')] })).id).not.toBe(one.id)
  })

  test('is dated by the clock if there is one', async () => {
    const { answer } = simulated({ now: () => 1_800_000_000_999 })
    expect((await answer({ model: 'chat', ...said })).created).toBe(1_800_000_000)
  })

  test('has calls with ids of their own in every choice', async () => {
    const { choices } = await simulated().answer({ model: 'tools', ...said, tools: [weather, time], n: 3 })
    const ids = choices.flatMap((choice) => choice.message.tool_calls ?? []).map((call) => call.id)
    expect(new Set(ids).size).toBe(6)
  })

  test.each([{ stop: ' three' }, { stop: [' four', ' three', ' five'] }])(
    'ends before the first of %j',
    async ({ stop }) => {
      const messages = [user('one two three four')]
      const { choices } = await simulated().answer({ model: 'echo', messages, stop })
      expect(choices[0]).toMatchObject({ message: { content: 'one two' }, finish_reason: 'stop' })
    },
  )

  test('is cut in the midst of its calls, but never in the midst of a name', async () => {
    const request = { model: 'tools', ...said, tools: [weather, time] }
    const told = async (limit: number) => {
      const { choices, usage } = await simulated().answer({ ...request, max_tokens: limit })
      const calls = choices[0]?.message.tool_calls ?? []
      return { tokens: usage['completion_tokens'], calls: calls.length, end: choices[0]?.finish_reason }
    }
    // 3 tokens are a name, 10 the arguments of the first call, 2 those of the second.
    expect(await told(2)).toEqual({ tokens: 0, calls: 0, end: 'length' })
    expect(await told(4)).toEqual({ tokens: 4, calls: 1, end: 'length' })
    expect(await told(15)).toEqual({ tokens: 13, calls: 1, end: 'length' })
    expect(await told(16)).toEqual({ tokens: 16, calls: 2, end: 'length' })
    expect(await told(18)).toEqual({ tokens: 18, calls: 2, end: 'tool_calls' })
  })

  const limits: [string, object, string | null, string, number][] = [
    ['is cut to max_tokens', { max_tokens: 2 }, 'one two', 'length', 2],
    [
      'is cut to max_completion_tokens, the newer name',
      { max_completion_tokens: 1, max_tokens: 2 },
      'one',
      'length',
      1,
    ],
    ['is whole when it just fits', { max_tokens: 3 }, 'one two three', 'stop', 3],
    ['is whole when null means no limit', { max_tokens: null }, 'one two three', 'stop', 3],
    ['costs as often as it is given', { n: 2 }, 'one two three', 'stop', 6],
  ]
  test.each(limits)('%s', async (_name, more, content, finishReason, tokens) => {
    const { choices, usage } = await simulated().answer({ model: 'echo', messages: [user('one two three')], ...more })
    expect(choices[0]).toMatchObject({ message: { content }, finish_reason: finishReason })
    expect(usage).toMatchObject({ prompt_tokens: 6, completion_tokens: tokens, total_tokens: 6 + tokens })
  })

  test('counts its thoughts', async () => {
    const { usage } = await simulated().answer({ model: 'reason', ...said, max_tokens: 4 })
    expect(usage).toMatchObject({ completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 4 } })
  })
})

describe('echo', () => {
  test('gives back any text, streamed and whole', async () => {
    const { answer, chunks } = simulated()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const request = { model: 'echo', messages: [user('before'), user(text), { role: 'assistant', content: 'no' }] }
        expect((await answer(request)).choices[0]?.message.content).toBe(text)
        expect(accumulate(await chunks(request)).choices[0]?.message.content).toBe(text)
      }),
    )
  })

  test('joins text parts and names the others', async () => {
    const content = [
      { type: 'text', text: 'See ' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
      { type: 'text', text: ' and hear ' },
      { type: 'input_audio', input_audio: {} },
    ]
    const { choices } = await simulated().answer({ model: 'echo', messages: [{ role: 'user', content }] })
    expect(choices[0]?.message.content).toBe('See [image] and hear [audio]')
  })
})

test('lorem is as long as it is asked to be', async () => {
  const { answer } = simulated()
  for (const tokens of [1, 68, 69, 70, 100, 5000]) {
    const { usage } = await answer({ model: `lorem?tokens=${tokens}`, ...said })
    expect(usage).toMatchObject({ completion_tokens: tokens })
  }
})

test('json gives an object even without a schema', async () => {
  const { choices } = await simulated().answer({ model: 'json', ...said, response_format: { type: 'json_object' } })
  expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ simulated: true, answer: expect.any(String) })
})

describe('the model list', () => {
  test('names every model with its prefix', async () => {
    const response = await simulated().send({ method: 'GET', path: '/models' })
    const list = (await response.json()) as { object: string; data: readonly { id: string }[] }
    expect(list.object).toBe('list')
    expect(list.data[0]).toEqual({
      id: 'simulator/chat',
      object: 'model',
      created: 1_735_689_600,
      owned_by: 'simulator',
    } as never)
    expect(list.data.map((model) => model.id.replace('simulator/', '')).join(' ')).toBe(
      'chat echo tools json reason lorem error-401 error-429 error-500 error-529 cut stall slow flaky embed',
    )
  })

  test('is there with a query, too', async () => {
    expect((await simulated().send({ method: 'GET', path: '/models?limit=1' })).status).toBe(200)
  })
})

test('a body that arrives as a stream is read', async () => {
  const body = new Response(JSON.stringify({ model: 'echo', messages: [user('hi')] })).body
  const response = await simulated().send({ body })
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'hi' } }] })
})
