import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import { json, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'

let google: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  google = await startScriptedProvider()
  gateway = await startGateway({ providers: { google: `${google.origin}/v1beta/openai` } })
})
beforeEach(() => google.forget())
afterAll(async () => {
  await gateway.close()
  await google.close()
})

const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body), headers })
const model = 'google/gemini-2.5-flash'
const chat = { model, messages: [{ role: 'user', content: 'Hello' }] }

test('what its OpenAI-compatible endpoint refuses by name stays here, and is told', async () => {
  const response = await post('/v1/chat/completions', { ...chat, seed: 1, frequency_penalty: 0, top_k: 3, n: 1 })
  expect(JSON.parse(google.requests.at(-1)?.text ?? '')).toEqual({ ...chat, model: 'gemini-2.5-flash', n: 1 })
  expect(google.requests.at(-1)?.target).toBe('/v1beta/openai/chat/completions')
  expect(response.headers.get('x-gateway-changes')).toEndWith('dropped=frequency_penalty; dropped=seed; dropped=top_k')
})

const SIGNATURE = { extra_content: { google: { thought_signature: 'c2ln+/==' } } }
const call = (city: string, more: object = {}) => ({
  id: '',
  type: 'function',
  function: { name: 'weather', arguments: `{"city":"${city}"}` },
  ...more,
})
const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'x', model: 'gemini', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
/** Calls of no id and no number, in a stream that says `stop`. */
const calls = [
  event({ role: 'assistant', tool_calls: [call('Rome', SIGNATURE)] }),
  event({ tool_calls: [call('Oslo')] }),
  event({}, 'stop'),
  'data: [DONE]\n\n',
]
const eventsIn = (text: string) => [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''))

test('its calls without ids and numbers are two calls of a message', async () => {
  google.play(stream(calls))
  const body = { ...chat, max_tokens: 10, stream: true }
  const events = eventsIn(await (await post('/v1/messages', body)).text())
  const blocks = events.filter(({ type }) => type === 'content_block_start').map(({ content_block: block }) => block)
  expect(blocks).toMatchObject([
    { type: 'tool_use', name: 'weather', ...SIGNATURE },
    { type: 'tool_use', name: 'weather' },
  ])
  expect(new Set(blocks.map(({ id }) => id)).size).toBe(2)
  expect(blocks.every(({ id }) => id.length > 3)).toBe(true)
  const json = events.filter(({ delta }) => delta?.type === 'input_json_delta').map(({ delta }) => delta.partial_json)
  expect(json).toEqual(['{"city":"Rome"}', '{"city":"Oslo"}'])
  expect(events.at(-2).delta.stop_reason).toBe('tool_use')
})

test('its calls without ids and numbers are two calls of a response', async () => {
  google.play(stream(calls))
  const events = eventsIn(await (await post('/v1/responses', { model, input: 'Hello', stream: true })).text())
  const { output } = events.at(-1).response
  expect(output).toMatchObject([
    { type: 'function_call', name: 'weather', arguments: '{"city":"Rome"}', ...SIGNATURE },
    { type: 'function_call', name: 'weather', arguments: '{"city":"Oslo"}' },
  ])
  expect(new Set(output.map(({ call_id: id }: { readonly call_id: string }) => id)).size).toBe(2)
})

const proxied: [path: string, target: string, field: string, value: string][] = [
  [
    'v1beta/models/gemini-x:generateContent',
    '/v1beta/models/gemini-x:generateContent',
    'x-goog-api-key',
    keyOf('google'),
  ],
  ['v1beta/files', '/v1beta/files', 'x-goog-api-key', keyOf('google')],
  ['chat/completions', '/v1beta/openai/chat/completions', 'authorization', `Bearer ${keyOf('google')}`],
  ['v1beta/openai/chat/completions', '/v1beta/openai/chat/completions', 'authorization', `Bearer ${keyOf('google')}`],
]
test.each(proxied)('/proxy/google/%s reaches %s with its key where it belongs', async (path, target, field, value) => {
  google.play(json({}))
  await post(`/proxy/google/${path}?alt=json`, {}, { 'x-goog-api-key': "the caller's" })
  const request = google.requests.at(-1)
  expect(request?.target).toBe(`${target}?alt=json`)
  expect(request?.header(field)).toBe(value)
  expect(request?.header(field === 'authorization' ? 'x-goog-api-key' : 'authorization')).toBeUndefined()
})
