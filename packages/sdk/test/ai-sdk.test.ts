import { afterAll, describe, expect, test } from 'bun:test'
import {
  embed,
  generateText,
  jsonSchema,
  type ModelMessage,
  Output,
  pruneMessages,
  stepCountIs,
  streamText,
  tool,
} from 'ai'
import { startGateway } from '../../gateway/test/support/gateway.ts'
import { createGatewayProvider } from '../src/ai-sdk.ts'
import type { Gateway } from '../src/index.ts'
import { inTurn, json, scripted, silence, stream, delta, event, HELLO, thrown } from './support/scripted.ts'

const server = await startGateway({ env: { SIMULATOR_ENABLED: 'true' } })
afterAll(() => server.close())
const gateway = createGatewayProvider({ baseURL: server.url })
const HELLO_TEXT = "Hello! I am the gateway's simulator. What shall we talk about?"
const model = (name: string) => gateway(`simulator/${name}?tps=0&ttft=0`)

const weather = tool({
  description: 'Tells the weather.',
  inputSchema: jsonSchema<{ city: string }>({
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
  }),
  execute: async ({ city }) => ({ city, celsius: 18 }),
})

describe('generateText', () => {
  test('answers, with usage and who answered', async () => {
    const result = await generateText({ model: model('chat'), prompt: 'Hello!' })
    expect(result.text).toBe(HELLO_TEXT)
    expect(result.finishReason).toBe('stop')
    expect(result.usage).toMatchObject({ inputTokens: 5, outputTokens: 16, totalTokens: 21 })
    expect(result.providerMetadata?.['gateway']).toMatchObject({ provider: 'simulator' })
  })

  test('thinks', async () => {
    const { reasoningText } = await generateText({ model: model('reason'), prompt: 'Hello!' })
    expect(reasoningText).toStartWith('Let me look')
  })

  test('runs tools', async () => {
    const { text, steps } = await generateText({
      model: model('tools'),
      prompt: 'Weather?',
      tools: { weather },
      stopWhen: stepCountIs(3),
    })
    expect(text).toBe('weather answered: city is example city, celsius is 18.')
    expect(steps).toHaveLength(2)
  })

  test('gives an object by schema', async () => {
    const schema = jsonSchema<{ name: string }>({
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
    })
    const { output } = await generateText({ model: model('json'), prompt: 'A dog', output: Output.object({ schema }) })
    expect(output).toEqual({ name: 'example name' })
  })

  test('tells the gateway’s errors', async () => {
    const error = await thrown(generateText({ model: model('error-401'), prompt: 'x', maxRetries: 0 }))
    expect(error).toMatchObject({
      name: 'AI_APICallError',
      statusCode: 401,
      message: expect.stringContaining('not valid'),
    })
  })

  test('is tried again by the AI SDK alone, and only where the gateway says it helps', async () => {
    const refused = json({ error: 'No.' }, 503, { 'x-should-retry': 'false' })
    await using it = await scripted(refused)
    await thrown(generateText({ model: createGatewayProvider(it.gw)('m'), prompt: 'x' }))
    expect(it.server.requests).toHaveLength(1)
  })

  test('is not tried again behind the AI SDK’s back', async () => {
    await using it = await scripted(json({ error: 'No.' }, 503, { 'retry-after-ms': '1' }))
    await thrown(generateText({ model: createGatewayProvider(it.gw)('m'), prompt: 'x', maxRetries: 0 }))
    expect(it.server.requests).toHaveLength(1)
  })

  test('comes through after a failure', async () => {
    await using it = await scripted(inTurn(json({ error: 'No.' }, 503, { 'retry-after-ms': '1' }), json(HELLO)))
    expect((await generateText({ model: createGatewayProvider(it.gw)('m'), prompt: 'x' })).text).toBe('Hello')
    expect(it.server.requests).toHaveLength(2)
  })

  test('ends with its signal', async () => {
    await using it = await scripted(silence)
    const abortSignal = AbortSignal.timeout(20)
    const error = await thrown(generateText({ model: createGatewayProvider(it.gw)('m'), prompt: 'x', abortSignal }))
    expect(error).toMatchObject({ name: 'TimeoutError' })
  })

  test('sends pictures, settings and what is meant for the gateway alone', async () => {
    await using it = await scripted(json(HELLO))
    await generateText({
      model: createGatewayProvider(it.gw)('m'),
      system: 'Be kind.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'file', mediaType: 'image/png', data: new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]) },
          ],
        },
      ],
      temperature: 0.5,
      maxOutputTokens: 9,
      stopSequences: ['x'],
      providerOptions: { gateway: { logit_bias: { 1: 2 } } },
    })
    expect(JSON.parse(it.server.requests[0]?.text ?? '')).toMatchObject({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be kind.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
      ],
      temperature: 0.5,
      max_tokens: 9,
      stop: ['x'],
      logit_bias: { 1: 2 },
    })
  })
})

describe('what has to come back comes back', () => {
  const thinking_blocks = [{ type: 'thinking', thinking: 'Hm', signature: 'signed' }]
  const extra_content = { google: { thought_signature: 'signed' } }
  const called = { name: 'weather', arguments: '{"city":"Oslo"}' }
  const call = { id: 'call_1', type: 'function', function: called, extra_content }
  const said = { reasoning_content: 'Hm', thinking_blocks }
  const message = { role: 'assistant', content: null, ...said, tool_calls: [call] }
  const piece = (part: object, reason: string | null = null) =>
    event({ id: 'a', model: 'm', created: 1, choices: [{ index: 0, delta: part, finish_reason: reason }] })
  const ask = (gw: Gateway) =>
    ({ model: createGatewayProvider(gw)('m'), prompt: 'x', tools: { weather }, stopWhen: stepCountIs(2) }) as const
  const second = ({ server: { requests } }: Awaited<ReturnType<typeof scripted>>): unknown =>
    (JSON.parse(requests[1]?.text ?? '') as { messages: unknown[] }).messages[1]

  test('with the results of tools, from generateText', async () => {
    const first = json({ ...HELLO, choices: [{ index: 0, message, finish_reason: 'tool_calls' }] })
    await using it = await scripted(inTurn(first, json(HELLO)))
    await generateText(ask(it.gw))
    expect(second(it)).toEqual(message)
  })

  test('with the results of tools, from streamText', async () => {
    const pieces = [{ reasoning_content: 'Hm' }, { thinking_blocks }, { tool_calls: [{ index: 0, ...call }] }]
    const first = stream([...pieces.map((part) => piece(part)), piece({}, 'tool_calls'), event('[DONE]')])
    await using it = await scripted(inTurn(first, stream([delta('Hello', 'stop'), event('[DONE]')])))
    expect(await streamText(ask(it.gw)).text).toBe('Hello')
    expect(second(it)).toEqual(message)
  })

  const goOn = (gw: Gateway, messages: readonly ModelMessage[]) =>
    generateText({
      model: createGatewayProvider(gw)('m'),
      messages: [{ role: 'user', content: 'x' }, ...messages, { role: 'user', content: 'y' }],
    })
  const spoken = { role: 'assistant', content: 'Hello', ...said, extra_content }

  test('with the next question, from generateText', async () => {
    const [choice] = HELLO.choices
    const first = { ...HELLO, choices: [{ ...choice, message: { ...spoken, refusal: null, annotations: [] } }] }
    await using it = await scripted(inTurn(json(first), json(HELLO)))
    const { response } = await generateText({ model: createGatewayProvider(it.gw)('m'), prompt: 'x' })
    await goOn(it.gw, response.messages)
    expect(second(it)).toEqual(spoken)
  })

  test('with the next question, from streamText', async () => {
    const pieces = [said, { content: 'Hel' }, { content: 'lo' }, { extra_content }]
    const first = stream([...pieces.map((part) => piece(part)), piece({}, 'stop'), event('[DONE]')])
    await using it = await scripted(inTurn(first, json(HELLO)))
    const { response } = streamText({ model: createGatewayProvider(it.gw)('m'), prompt: 'x' })
    await goOn(it.gw, (await response).messages)
    expect(second(it)).toEqual(spoken)
  })

  test.each([
    [
      'a question',
      [said, { content: 'Hello' }, { extra_content }],
      { role: 'assistant', content: 'Hello', extra_content },
    ],
    [
      'a call',
      [said, { tool_calls: [{ index: 0, ...call }] }],
      { role: 'assistant', content: null, tool_calls: [call] },
    ],
  ])('but no thoughts that were dropped on the way to %s', async (_name, pieces, bare) => {
    const first = stream([...pieces.map((part) => piece(part)), piece({}, 'stop'), event('[DONE]')])
    await using it = await scripted(inTurn(first, json(HELLO)))
    const { response } = streamText({ model: createGatewayProvider(it.gw)('m'), prompt: 'x', tools: { weather } })
    await goOn(it.gw, pruneMessages({ messages: (await response).messages, reasoning: 'all' }))
    expect(second(it)).toEqual(bare)
  })

  test('and nothing else does', async () => {
    await using it = await scripted(json(HELLO))
    const { response } = await generateText({ model: createGatewayProvider(it.gw)('m'), prompt: 'x' })
    await goOn(it.gw, response.messages)
    expect(second(it)).toEqual({ role: 'assistant', content: 'Hello' })
  })
})

describe('streamText', () => {
  test('tells the answer piece by piece', async () => {
    const result = streamText({ model: model('chat'), prompt: 'Hello!' })
    const pieces: string[] = []
    for await (const piece of result.textStream) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(5)
    expect(pieces.join('')).toBe(HELLO_TEXT)
    expect(await result.usage).toMatchObject({ inputTokens: 5, outputTokens: 16 })
    expect(await result.finishReason).toBe('stop')
  })

  test('keeps thoughts and text apart', async () => {
    const result = streamText({ model: model('reason'), prompt: 'Hello!' })
    expect(await result.text).toBe(HELLO_TEXT)
    expect(await result.reasoningText).toStartWith('Let me look')
  })

  test('runs tools', async () => {
    const result = streamText({
      model: model('tools'),
      prompt: 'Weather?',
      tools: { weather },
      stopWhen: stepCountIs(3),
    })
    expect(await result.text).toBe('weather answered: city is example city, celsius is 18.')
  })

  test('reports a stream that broke', async () => {
    await using it = await scripted(stream([delta('Hel'), event({ error: { message: 'Broken.' } })]))
    const errors: unknown[] = []
    const result = streamText({
      model: createGatewayProvider(it.gw)('m'),
      prompt: 'x',
      onError: ({ error }) => void errors.push(error),
    })
    await result.consumeStream()
    expect(errors).toMatchObject([{ name: 'AI_APICallError', message: 'Broken.' }])
  })
})

test('embeddings', async () => {
  const list = {
    object: 'list',
    model: 'm',
    data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }],
    usage: { prompt_tokens: 3 },
  }
  await using it = await scripted(json(list))
  const { embedding, usage } = await embed({ model: createGatewayProvider(it.gw).embeddingModel('m'), value: 'x' })
  expect([embedding, usage]).toEqual([[0.5, 1], { tokens: 3 }] as never)
})

test('there are no images', () => {
  expect(() => gateway.imageModel('m')).toThrow(/m/)
})
