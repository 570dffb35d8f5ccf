import { afterAll, describe, expect, test } from 'bun:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { startGateway } from '../../gateway/test/support/gateway.ts'
import { Gateway, ModelNotFoundError, ParseError, RateLimitError, ServerError, StreamError } from '../src/index.ts'
import { withJsonSchema } from '../src/schema.ts'
import { parseArguments, tool } from '../src/tools.ts'
import { thrown } from './support/scripted.ts'

const server = await startGateway({ env: { SIMULATOR_ENABLED: 'true' } })
afterAll(() => server.close())
const gw = new Gateway({
  baseURL: `${server.url}/v1`,
  maxRetries: 0,
  defaults: { model: 'simulator/chat?tps=0&ttft=0' },
})
const HELLO = "Hello! I am the gateway's simulator. What shall we talk about?"

describe('a chat', () => {
  test('answers with the completion and the ways into it', async () => {
    const answer = await gw.chat({ messages: 'Hello!' })
    expect(answer.text).toBe(HELLO)
    expect(answer.choices[0]?.message).toEqual(answer.message)
    expect(answer).toMatchObject({ finishReason: 'stop', toolCalls: [], reasoning: '' })
    expect(answer.usage?.total_tokens).toBe(21)
    expect(answer.meta).toMatchObject({
      provider: 'simulator',
      model: expect.stringContaining('chat'),
      simulated: true,
    })
    expect(answer.meta.attempts).toHaveLength(1)
  })

  test('is plain JSON to whoever writes it down', async () => {
    const answer = await gw.chat({ messages: 'Hello!' })
    expect(Object.keys(JSON.parse(JSON.stringify(answer)))).not.toContain('text')
  })

  test('may go through the HTTP answer', async () => {
    const { data, response, meta } = await gw.chat({ messages: 'Hello!' }).withResponse()
    expect([data.text, response.status, response.headers.get('x-gateway-provider')]).toEqual([HELLO, 200, 'simulator'])
    expect(meta).toEqual(data.meta)
  })

  test('may be the HTTP answer alone', async () => {
    const response = await gw.chat({ messages: 'Hello!' }).asResponse()
    expect(await response.json()).toMatchObject({ object: 'chat.completion' })
  })

  test('takes several models and says who was tried', async () => {
    const answer = await gw.chat({ model: ['simulator/error-500', 'simulator/chat?ttft=0'], messages: 'Hello!' })
    expect(answer.meta.attempts.map(({ status }) => status)).toEqual([500, 200])
  })

  test('takes models to fall back to as an option', async () => {
    const answer = await gw.chat(
      { model: 'simulator/error-500', messages: 'Hello!' },
      { fallback: ['simulator/chat?ttft=0', 'simulator/echo'] },
    )
    expect(answer.text).toBe(HELLO)
  })

  test('takes a provider apart from the model', async () => {
    const answer = await gw.chat({ model: 'echo?ttft=0', messages: 'x' }, { provider: 'simulator' })
    expect(answer.text).toBe('x')
  })

  test('carries the id it is given', async () => {
    const { meta } = await gw.chat({ messages: 'Hello!' }, { requestId: 'my-own-id' })
    expect(meta.requestId).toBe('my-own-id')
  })
})

describe('an error says what it is', () => {
  test('a model nobody knows', async () => {
    const error = await thrown(gw.chat({ model: 'simulatr-chat', messages: 'x' }))
    expect(error).toBeInstanceOf(ModelNotFoundError)
    expect(error).toMatchObject({ status: 400, code: 'unknown_model', param: 'model', retryable: false })
    expect(error instanceof ModelNotFoundError && error.suggestions).toBeArray()
  })

  test('a rate limit', async () => {
    const error = await thrown(gw.chat({ model: 'simulator/error-429', messages: 'x' }))
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ status: 429, provider: 'simulator', retryAfterMs: 1000, retryable: true })
  })

  test('a failure of the provider', async () => {
    const error = await thrown(gw.chat({ model: 'simulator/error-500', messages: 'x' }))
    expect(error).toBeInstanceOf(ServerError)
    expect(error).toMatchObject({ attempts: [{ provider: 'simulator', status: 500 }], requestId: expect.any(String) })
  })
})

describe('a stream', () => {
  test('is text', async () => {
    let text = ''
    for await (const piece of gw.chat.stream({ messages: 'Hello!' }).text()) text += piece
    expect(text).toBe(HELLO)
  })

  test('is the whole answer at the end, the same as without a stream', async () => {
    const { id: _id, usage, choices } = await gw.chat.stream({ messages: 'Hello!' }).final()
    const whole = await gw.chat({ messages: 'Hello!' })
    expect(usage).toEqual(whole.usage as never)
    expect(choices[0]?.message).toMatchObject({ content: HELLO })
  })

  test('is read once, and knows the whole afterwards', async () => {
    const stream = gw.chat.stream({ messages: 'Hello!' })
    const kinds = new Set<string>()
    for await (const { type } of stream) kinds.add(type)
    expect([...kinds]).toEqual(['text', 'finish', 'usage'])
    expect((await stream.final()).text).toBe(HELLO)
    expect(await thrown(stream.text().next())).toBeInstanceOf(TypeError)
  })

  test('may be read while its whole is waited for', async () => {
    const stream = gw.chat.stream({ messages: 'Hello!' })
    const whole = stream.final()
    let text = ''
    for await (const piece of stream.text()) text += piece
    expect((await whole).text).toBe(text)
  })

  test('tells thoughts apart', async () => {
    const { reasoning, text } = await gw.chat
      .stream({ model: 'simulator/reason?tps=0&ttft=0', messages: 'Hello!' })
      .final()
    expect(reasoning).toStartWith('Let me look')
    expect(text).toBe(HELLO)
  })

  test('has a head before it has a body', async () => {
    const stream = gw.chat.stream({ messages: 'Hello!' })
    const { data, response, meta } = await stream.withResponse()
    expect([response.headers.get('content-type'), meta.provider]).toEqual(['text/event-stream', 'simulator'])
    expect((await data.final()).text).toBe(HELLO)
  })

  test('is passed on as the event stream every client knows', async () => {
    const passing = Bun.serve({
      port: 0,
      fetch: () =>
        new Response(gw.chat.stream({ messages: 'Hello!' }).toReadableStream(), {
          headers: { 'content-type': 'text/event-stream' },
        }),
    })
    const text = await new Gateway({ baseURL: passing.url.href }).chat.stream({ messages: 'x' }).final()
    expect(text.text).toBe(HELLO)
    await passing.stop(true)
  })

  test('that breaks holds what had arrived', async () => {
    const error = await thrown(gw.chat.stream({ model: 'simulator/cut?tps=0&ttft=0', messages: 'Hello!' }).final())
    expect(error).toBeInstanceOf(StreamError)
    expect(error).toMatchObject({
      code: 'http_response_incomplete',
      provider: 'simulator',
      partial: { text: 'Hello! I am the' },
    })
  })

  test('shows a tool call while it grows', async () => {
    const stream = gw.chat.stream({
      model: 'simulator/tools?tps=0&ttft=0',
      messages: 'Weather?',
      tools: [weather.definition],
    })
    const seen: unknown[] = []
    for await (const event of stream) if (event.type === 'tool_call') seen.push(event.partial)
    expect(seen.at(-1)).toEqual({ city: 'example city' })
    const [call] = (await stream.final()).toolCalls
    expect(call && parseArguments(call)).toEqual({ city: 'example city' })
  })
})

const weather = tool({
  name: 'weather',
  description: 'Tells the weather.',
  input: z.object({ city: z.string() }),
  run: ({ city }) => ({ city, celsius: 18 }),
})

describe('tools are run', () => {
  const request = { model: 'simulator/tools?tps=0&ttft=0', messages: 'Weather in Berlin?' }

  test('until the model has an answer', async () => {
    const { text, steps, messages } = await gw.chat.run({ ...request, tools: [weather] })
    expect(text).toBe('weather answered: city is example city, celsius is 18.')
    expect(steps.map(({ results }) => results.length)).toEqual([1, 0])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
  })

  test('step by step, for whoever wants to see them', async () => {
    const contents: unknown[] = []
    for await (const { results } of gw.chat.run({ ...request, tools: [weather] }))
      contents.push(...results.map(({ content }) => content))
    expect(contents).toEqual(['{"city":"example city","celsius":18}'])
  })

  test('once, whoever goes through the steps and awaits the end besides', async () => {
    let runs = 0
    const counting = tool({ ...weather, input: z.object({}), run: () => (runs += 1) })
    const run = gw.chat.run({ ...request, tools: [counting] })
    const [first] = await Promise.all([run, run])
    for await (const step of run) {
      expect(step).toBe(first.steps[0] as never)
      break
    }
    expect(await run).toBe(first)
    expect(runs).toBe(1)
  })

  test('to the end, where the loop was left and the end is awaited', async () => {
    const run = gw.chat.run({ ...request, tools: [weather] })
    for await (const _ of run) break
    expect((await run).steps).toHaveLength(2)
  })

  test('with a schema of any library', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const input = withJsonSchema(v.object({ city: v.string() }), schema)
    const shout = tool({ name: 'shout', input, run: ({ city }) => city.toUpperCase() })
    const shrink = tool({ name: 'shrink', input: type({ city: 'string' }), run: ({ city }) => city.length })
    expect((await gw.chat.run({ ...request, tools: [shout] })).text).toBe('shout answered: EXAMPLE CITY.')
    expect((await gw.chat.run({ ...request, tools: [shrink] })).text).toBe('shrink answered: 12.')
  })

  test('no further than allowed', async () => {
    const { steps, completion } = await gw.chat.run({ ...request, tools: [weather], maxSteps: 1 })
    expect([steps.length, completion.finishReason]).toEqual([1, 'tool_calls'])
  })

  test.each([
    ['a bug', new Error('no thermometer')],
    ['a model that it asked itself and that wrote nonsense', new ParseError('Nonsense.', 'x')],
  ])('what a tool throws is thrown: %s', async (_name, bug) => {
    const broken = tool({ ...weather, input: z.object({}), run: () => Promise.reject(bug) })
    expect(await gw.chat.run({ ...request, tools: [broken] }).catch((error: unknown) => error)).toBe(bug)
  })

  test('and the others of the same step are told', async () => {
    const bug = new Error('no thermometer')
    const told = Promise.withResolvers<unknown>()
    const input = z.object({})
    const broken = tool({ name: 'weather', input, run: () => Promise.reject(bug) })
    const patient = tool({
      name: 'tide',
      input,
      run: (_input, { signal }) =>
        new Promise(() => signal.addEventListener('abort', () => told.resolve(signal.reason))),
    })
    const both = { ...request, messages: 'The weather and the tide?', tools: [patient, broken] }
    expect(await thrown(gw.chat.run(both))).toBe(bug)
    expect(await told.promise).toBe(bug)
  })

  test('and are told when the caller leaves', async () => {
    const controller = new AbortController()
    let reason: unknown
    const patient = tool({
      ...weather,
      input: z.object({}),
      run: (_input, { signal }) => {
        const told = new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason
            reject(new Error('stopped'))
          })
        })
        controller.abort('enough')
        return told
      },
    })
    const run = gw.chat.run({ ...request, tools: [patient] }, { signal: controller.signal })
    expect(await thrown(run)).toMatchObject({ name: 'AbortError', cause: 'enough' })
    expect(reason).toBe('enough')
  })

  test('and are not waited for when they do not care', async () => {
    const controller = new AbortController()
    const deaf = tool({
      ...weather,
      input: z.object({}),
      run: () => {
        controller.abort('enough')
        return new Promise(() => {})
      },
    })
    const run = gw.chat.run({ ...request, tools: [deaf] }, { signal: controller.signal })
    expect(await thrown(run)).toMatchObject({ name: 'AbortError', cause: 'enough' })
  })
})

describe('an object by schema', () => {
  test('comes with its type', async () => {
    const schema = z.object({ name: z.string(), age: z.number() })
    const { parsed, meta } = await gw.chat.parse({ model: 'simulator/json?ttft=0', messages: 'A dog', schema })
    const { name, age }: { name: string; age: number } = parsed
    expect([name, age, meta.provider]).toEqual(['example name', 1, 'simulator'])
  })
})

describe('what else there is', () => {
  test('models as a list, and one by one', async () => {
    const { data } = await gw.models.list()
    const ids: string[] = []
    for await (const { id } of gw.models.list({ provider: 'simulator' })) ids.push(id)
    expect(ids).toContain('simulator/chat')
    expect(ids).toEqual(data.map(({ id }) => id))
  })

  test('one model, its slashes and all', async () => {
    expect(await gw.models.get('simulator/chat')).toMatchObject({ id: 'simulator/chat', served_by: 'simulator' })
  })

  test('a model that is not there', async () => {
    expect(await thrown(gw.models.get('simulator/chatt'))).toBeInstanceOf(ModelNotFoundError)
  })

  test('embeddings, as numbers', async () => {
    const { data, usage } = await gw.embeddings({ model: 'simulator/embed', input: ['a river', 'a stream'] })
    expect(data.map(({ index, embedding }) => [index, typeof embedding[0]])).toEqual([
      [0, 'number'],
      [1, 'number'],
    ])
    expect(usage?.prompt_tokens).toBeGreaterThan(0)
  })

  test('what would become of a request', async () => {
    const { targets } = await gw.explain({ messages: 'Hello!' })
    expect(targets).toMatchObject([{ provider: 'simulator', because: 'prefix', attempt: 1 }])
  })

  test('health', async () => {
    expect(await gw.health()).toEqual({ ok: true, ready: true, version: '0.0.0', providers: ['simulator'] })
  })

  test('a provider’s own API', async () => {
    const response = await gw.proxy('simulator').fetch('models')
    expect([response.status, response.headers.get('x-gateway-provider')]).toEqual([200, 'simulator'])
    expect(await response.json()).toMatchObject({ object: 'list' })
  })
})
