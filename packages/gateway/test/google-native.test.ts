import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type JsonObject, objectsIn, textOf } from '../src/providers/dialects/json.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import { ask } from './support/raw-client.ts'
import { answer, cut, json, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'

const CHAT = '/v1/chat/completions'
let google: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  google = await startScriptedProvider()
  gateway = await startGateway({
    providers: { google: `${google.origin}/v1beta/openai` },
    env: { GOOGLE_DIALECT: 'native' },
  })
})
beforeEach(() => google.forget())
afterAll(async () => {
  await gateway.close()
  await google.close()
})

const chat = { model: 'google/gemini-2.5-flash', messages: [{ role: 'user', content: 'Hello' }] }
const complete = (body: object, headers: Readonly<Record<string, string>> = {}, path = CHAT) =>
  fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body), headers })
const asked = () => JSON.parse(google.requests.at(-1)?.text ?? '{}')
const table = (some: readonly Exchange[]) => some.map((exchange) => [exchange.name, exchange] as const)
const chunksIn = (text: string) => [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''))

const SIGNATURE = 'c2ln+bmF0/dXJl=='
const calling = {
  candidates: [
    {
      content: {
        role: 'model',
        parts: [
          { text: 'hm', thought: true },
          { text: 'I look.', thoughtSignature: SIGNATURE },
          { functionCall: { name: 'f', args: { x: 1 } }, thoughtSignature: `${SIGNATURE}1` },
          { functionCall: { name: 'g', args: {} } },
        ],
      },
      finishReason: 'STOP',
      index: 0,
    },
  ],
  usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 3, thoughtsTokenCount: 4, totalTokenCount: 12 },
  modelVersion: 'gemini-2.5-flash-001',
  responseId: 'r1',
}

describe('with GOOGLE_DIALECT=native', () => {
  test('a chat is asked in its own words, with the key in a header and nowhere else', async () => {
    google.play(json(calling))
    const response = await complete({ ...chat, temperature: 0 })
    const request = google.requests.at(-1)
    expect(request?.target).toBe('/v1beta/models/gemini-2.5-flash:generateContent')
    expect(request?.header('x-goog-api-key')).toBe(keyOf('google'))
    expect(request?.header('authorization')).toBeUndefined()
    expect(asked()).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      generationConfig: { temperature: 0 },
    })
    expect(response.headers.get('x-gateway-changes')).toBe(
      'translated=openai-chat>google-generate-content; model=google/gemini-2.5-flash>gemini-2.5-flash',
    )
    const { choices, usage, model } = await response.json()
    expect(choices[0]).toMatchObject({
      message: {
        content: 'I look.',
        reasoning_content: 'hm',
        tool_calls: [{ id: 'call_r1_0_0' }, { id: 'call_r1_0_1' }],
      },
      finish_reason: 'tool_calls',
    })
    expect(model).toBe('gemini-2.5-flash-001')
    expect(usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 })
    const { usage: told } = await gateway.finished(response.headers.get('x-request-id') ?? '')
    expect(told).toMatchObject({ input: 5, output: 7, reasoning: 4 })
  })

  test.each(['whole', 'streamed'])(
    'calls, %s, go on in a second turn with their signatures byte for byte',
    async (way) => {
      const isStream = way === 'streamed'
      google.play(isStream ? stream([`data: ${JSON.stringify(calling)}\r\n\r\n`]) : json(calling))
      const response = await complete({ ...chat, stream: isStream })
      const message = isStream ? gathered(chunksIn(await response.text())) : (await response.json()).choices[0].message
      const results = message.tool_calls.map(({ id }: JsonObject) => ({
        role: 'tool',
        tool_call_id: id,
        content: 'ok',
      }))
      google.play(json({ ...calling, candidates: [{ content: { parts: [{ text: 'Done' }] }, finishReason: 'STOP' }] }))
      await complete({ ...chat, messages: [...chat.messages, message, ...results] })
      const [, said, answered] = asked().contents
      const [thought, text, f, g] = calling.candidates[0]?.content.parts ?? []
      expect(said).toEqual({
        role: 'model',
        parts: [
          thought,
          text,
          { ...f, functionCall: { ...f?.functionCall, id: 'call_r1_0_0' } },
          { ...g, functionCall: { ...g?.functionCall, id: 'call_r1_0_1' } },
        ],
      })
      expect(answered).toEqual({
        role: 'user',
        parts: [
          { functionResponse: { id: 'call_r1_0_0', name: 'f', response: { result: 'ok' } } },
          { functionResponse: { id: 'call_r1_0_1', name: 'g', response: { result: 'ok' } } },
        ],
      })
    },
  )

  test('what Google has no words for is named, or refused in strict mode', async () => {
    google.play(json(calling))
    const response = await complete({ ...chat, logit_bias: { 1: 1 } })
    expect(response.headers.get('x-gateway-changes')).toEndWith('dropped=logit_bias')
    google.forget()
    const refused = await complete({ ...chat, logit_bias: { 1: 1 } }, { 'x-gateway-strict': 'true' })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ code: 'unsupported_parameter', param: 'logit_bias' })
    expect(google.requests).toHaveLength(0)
  })

  test('/v1/route/explain tells the same changes and asks nobody', async () => {
    const response = await complete({ ...chat, logit_bias: { 1: 1 } }, {}, '/v1/route/explain')
    const { targets } = await response.json()
    expect(targets[0]).toMatchObject({ provider: 'google', model: 'gemini-2.5-flash' })
    expect(targets[0].changes).toContain('translated=openai-chat>google-generate-content')
    expect(targets[0].changes).toContain('dropped=logit_bias')
    expect(google.requests).toHaveLength(0)
  })

  test('a model is one segment of the path, whatever it is called', async () => {
    google.play(json(calling))
    await complete({ ...chat, model: 'google/tunedModels/mine' })
    await complete({ ...chat, model: 'google/../../x?key=1' })
    expect(google.requests.map(({ target }) => target)).toEqual([
      '/v1beta/tunedModels/mine:generateContent',
      '/v1beta/models/..%2F..%2Fx%3Fkey%3D1:generateContent',
    ])
  })

  test('a base URL without /openai does as well', async () => {
    google.play(json(calling))
    await using other = await startGateway({
      providers: { google: `${google.origin}/v1beta` },
      env: { GOOGLE_DIALECT: 'native' },
    })
    await fetch(other.url + CHAT, { method: 'POST', body: JSON.stringify(chat) })
    expect(google.requests.at(-1)?.target).toBe('/v1beta/models/gemini-2.5-flash:generateContent')
  })

  test.each(table(exchangesOf('generate').filter(({ status }) => status >= 400)))(
    '%s is that error to the client',
    async (_, { status, response: recorded, contentType }) => {
      google.play(answer(status, { 'content-type': contentType }, recorded))
      const response = await complete(chat)
      const { message } = JSON.parse(recorded.toString()).error
      expect((await response.json()).error).toContain(message.slice(0, 40))
    },
  )

  test('an error in a list, as its other endpoint writes it, is read as well', async () => {
    google.play(json([{ error: { code: 400, message: 'Unknown name', status: 'INVALID_ARGUMENT' } }], 400))
    const response = await complete(chat)
    expect(response.status).toBe(400)
    expect((await response.json()).error).toContain('Unknown name')
  })

  test('a call that failed and an answer of nothing are no answers', async () => {
    google.play(json({ candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }] }))
    const failed = await complete(chat)
    expect(failed.status).toBe(502)
    expect((await failed.json()).error).toContain('MALFORMED_FUNCTION_CALL')
    google.play(json({ usageMetadata: { promptTokenCount: 1 } }))
    expect((await complete(chat)).status).toBe(502)
  })
})

interface Chunk {
  readonly choices: readonly { readonly delta: JsonObject; readonly finish_reason: string | null }[]
}

/** A message as a client puts it together. */
function gathered(chunks: readonly Chunk[]) {
  const deltas = chunks.flatMap(({ choices }) => choices).map(({ delta }) => delta)
  const joined = (name: string) => deltas.map((delta) => textOf(delta[name])).join('')
  return {
    role: 'assistant',
    content: joined('content'),
    reasoning_content: joined('reasoning_content'),
    tool_calls: deltas.flatMap((delta) => objectsIn(delta['tool_calls'])),
    ...deltas.at(-1),
  }
}

describe('a stream with GOOGLE_DIALECT=native', () => {
  const streams = exchangesOf('generate').filter(({ isStream, status }) => isStream && status < 400)
  test.each(table(streams))('%s streams as a chat, cut anywhere', async (_, { response: recorded }) => {
    google.play(stream(cut(recorded, Math.ceil(recorded.byteLength / 60) | 1)))
    const text = await (await complete({ ...chat, stream: true })).text()
    expect(google.requests.at(-1)?.target).toBe('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse')
    expect(text).toEndWith('data: [DONE]\n\n')
    const chunks = chunksIn(text)
    expect(chunks[0].choices[0].delta.role).toBe('assistant')
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true)
    expect(chunks.filter(({ choices }) => choices[0].finish_reason !== null)).toHaveLength(1)
    const parts = chunksIn(recorded.toString()).flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])
    const said = parts.map(({ text: words, thought }) => (thought ? '' : (words ?? ''))).join('')
    expect(gathered(chunks).content).toBe(said)
  })

  const event = (text: string, more: object = {}) =>
    `data: ${JSON.stringify({ responseId: 'r', candidates: [{ content: { parts: [{ text }] }, ...more }] })}\r\n\r\n`

  test('the usage chunk comes to those who ask for it, as the last', async () => {
    google.play(stream([`data: ${JSON.stringify(calling)}\r\n\r\n`]))
    const body = { ...chat, stream: true, stream_options: { include_usage: true } }
    const text = await (await complete(body)).text()
    expect(text).toMatch(/"choices":\[\],"usage":\{"prompt_tokens":5,"completion_tokens":7.*\n\ndata: \[DONE\]\n\n$/)
    expect(await (await complete({ ...chat, stream: true })).text()).not.toContain('"usage"')
  })

  const errors: [string, string][] = [
    ['as an event', 'data: {"error":{"code":503,"message":"too busy","status":"UNAVAILABLE"}}\r\n\r\n'],
    [
      'as bare JSON',
      '{\n  "error": {\n    "code": 503,\n    "message": "too busy",\n    "status": "UNAVAILABLE"\n  }\n}\n',
    ],
  ]
  test.each(errors)('an error in it, %s, is an error to the client, and nothing ends properly', async (_, error) => {
    google.play(stream([event('a'), error]))
    const { text: body } = await ask(gateway.url, `POST ${CHAT}`, {}, JSON.stringify({ ...chat, stream: true }))
    expect(body).toContain('too busy')
    expect(body).not.toContain('[DONE]')
    expect(body).not.toMatch(/"finish_reason":"/)
  })

  test('one that ends without a reason is broken, and no reason is made up', async () => {
    google.play(stream([event('a'), event('b')]))
    const { text: body, isWhole } = await ask(
      gateway.url,
      `POST ${CHAT}`,
      {},
      JSON.stringify({ ...chat, stream: true }),
    )
    expect(isWhole).toBe(false)
    expect(body).toContain('"content":"b"')
    expect(body).not.toContain('[DONE]')
    expect(body).not.toMatch(/"finish_reason":"/)
  })

  test('one of two choices is whole when both have ended', async () => {
    const request = JSON.stringify({ ...chat, n: 2, stream: true })
    google.play(stream([event('a', { index: 0, finishReason: 'STOP' }), event('b', { index: 1 })]))
    expect((await ask(gateway.url, `POST ${CHAT}`, {}, request)).isWhole).toBe(false)
    google.play(
      stream([event('a', { index: 0, finishReason: 'STOP' }), event('b', { index: 1, finishReason: 'STOP' })]),
    )
    expect((await ask(gateway.url, `POST ${CHAT}`, {}, request)).isWhole).toBe(true)
    expect(asked().generationConfig).toEqual({ candidateCount: 2 })
  })
})
