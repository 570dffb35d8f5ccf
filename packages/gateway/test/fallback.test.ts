import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { json, raw, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'

const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const preamble = event({ role: 'assistant', content: '' })
const words = (text: string) => `${preamble}${event({ content: text })}${event({}, 'stop')}data: [DONE]\n\n`
const completion = (text: string) =>
  json({
    id: 'c',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  })
const down = json({ error: { message: 'overloaded', type: 'server_error' } }, 503)

let first: ScriptedProvider
let second: ScriptedProvider
let gateway: TestGateway

beforeAll(async () => {
  first = await startScriptedProvider()
  second = await startScriptedProvider()
  gateway = await startGateway({
    providers: { openai: first.origin, groq: second.origin },
    config: `models:
  fast:
    strategy: priority
    deployments:
      - { provider: openai, model: gpt-4o }
      - { provider: groq, model: llama }
    retry: { base_delay: 1ms, max_delay: 5ms }
`,
  })
})
beforeEach(() => {
  first.forget()
  second.forget()
})
afterAll(async () => {
  await gateway.close()
  await first.close()
  await second.close()
})

const ask = (body: object, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...body }),
  })

const chains: [string, object, Record<string, string>][] = [
  ['a list of models', { model: ['openai/gpt-4o', 'groq/llama'] }, {}],
  ['x-gateway-fallback', { model: 'openai/gpt-4o' }, { 'x-gateway-fallback': 'groq/llama' }],
  ['an alias of the configuration file', { model: 'fast' }, {}],
]

describe.each(chains)('%s', (_name, body, headers) => {
  test('falls over to the next target, and says who was asked', async () => {
    first.play(down)
    second.play(completion('from the second'))
    const response = await ask(body, headers)
    expect(response.status).toBe(200)
    expect((await response.json()).choices[0].message.content).toBe('from the second')
    expect(response.headers.get('x-gateway-provider')).toBe('groq')
    // Of the request that was answered, not of the one that failed.
    expect(response.headers.get('x-gateway-changes')).toMatch(/^model=[^;]+>llama$/)
    expect(response.headers.get('x-gateway-attempts')).toMatch(
      /^openai;status=503;dur=[\d.]+, groq;status=200;dur=[\d.]+$/,
    )
    expect(JSON.parse(new TextDecoder().decode(second.requests.at(-1)?.body)).model).toBe('llama')
  })

  test('a stream that breaks before its first word is made good, with one preamble', async () => {
    first.play(raw(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${preamble}`))
    second.play(stream([words('whole')]))
    const text = await (await ask({ ...body, stream: true }, headers)).text()
    expect(text).toBe(words('whole'))
  })

  test.each([401, 402, 403])('another provider is asked when one answers %d: it has another key', async (status) => {
    first.play(json({ error: { message: 'not this key' } }, status))
    second.play(completion('from the second'))
    const response = await ask(body, headers)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-gateway-provider')).toBe('groq')
  })

  test('what no other target would take is not tried again', async () => {
    first.play(json({ error: { message: 'bad request', type: 'invalid_request_error' } }, 400))
    expect((await ask(body, headers)).status).toBe(400)
    expect(second.requests).toHaveLength(0)
  })
})

test('the end of the exchange tells which name was asked for, and why each target was left', async () => {
  first.play(raw(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${preamble}`))
  second.play(stream([words('whole')]))
  await (await ask({ model: 'fast', stream: true }, { 'x-request-id': 'told' })).text()
  const { requested, tries } = await gateway.finished('told')
  expect(requested).toBe('fast')
  expect(tries).toMatchObject([
    { provider: 'openai', model: 'gpt-4o', status: 200, code: 'http_response_incomplete' },
    { provider: 'groq', model: 'llama', status: 200, code: null },
  ])
})

describe('a name of the operator’s own in a chain', () => {
  const chainsWithOne: [string, object, Record<string, string>][] = [
    ['in a list', { model: ['fast', 'groq/other'] }, {}],
    ['before the header', { model: 'fast' }, { 'x-gateway-fallback': 'groq/other' }],
    ['in the header', { model: 'openai/other' }, { 'x-gateway-fallback': 'fast' }],
  ]
  test.each(chainsWithOne)('stands for its deployments: %s', async (_, body, headers) => {
    first.play(down)
    second.play(completion('from the second'))
    const response = await ask(body, headers)
    expect([response.status, response.headers.get('x-gateway-provider')]).toEqual([200, 'groq'])
    expect(response.headers.get('x-gateway-model')).toBe('llama')
  })
})

describe('a member of a chain without a key', () => {
  const members: [string, object, Record<string, string>][] = [
    ['in a list', { model: ['mistral/small', 'groq/llama'] }, {}],
    ['as the model itself', { model: 'claude-x' }, { 'x-gateway-fallback': 'groq/llama' }],
    ['in the header', { model: 'groq/llama' }, { 'x-gateway-fallback': 'mistral/small' }],
  ]
  test.each(members)('%s is passed over, and named', async (_, body, headers) => {
    second.play(completion('from the second'))
    const response = await ask(body, headers)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-gateway-provider')).toBe('groq')
    expect(response.headers.get('x-gateway-changes')).toMatch(/^skipped=(mistral\/small|claude-x); model=/)
  })

  test('is missed when nobody else can be asked', async () => {
    const response = await ask({ model: ['mistral/small', 'claude-x'] })
    expect(response.status).toBe(400)
    expect((await response.json()).error).toContain('MISTRAL_API_KEY')
  })

  test('is another thing than a name nobody knows, which is named', async () => {
    const response = await ask({ model: ['groq/llama', 'zzz'] })
    expect(response.status).toBe(400)
    expect((await response.json()).error).toContain('"zzz"')
  })
})

test('a provider that only answers 503 is left alone after five requests; when the other does the same, both are asked', async () => {
  const config = `models: {pair: {strategy: priority, deployments: [{provider: openai, model: a}, {provider: groq, model: b}]}}`
  const providers = { openai: first.origin, groq: second.origin }
  await using other = await startGateway({ providers, config, env: { ENABLE_TELEMETRY: 'true' } })
  const body = JSON.stringify({ model: 'pair', messages: [{ role: 'user', content: 'Hi' }] })
  const askPair = async () => (await fetch(`${other.url}/v1/chat/completions`, { method: 'POST', body })).status
  first.play(down)
  second.play(completion('from the second'))
  for (let count = 0; count < 12; count++) expect(await askPair()).toBe(200)
  expect([first.requests.length, second.requests.length]).toEqual([5, 12])
  expect(await other.metrics()).toContain(
    'inference_gateway_breaker_state{gen_ai_provider_name="openai",gen_ai_request_model="a"} 3',
  )
  second.play(down)
  for (let count = 0; count < 6; count++) expect(await askPair()).toBe(503)
  const failed = 'alias="pair",gen_ai_provider_name="groq",error_type="provider_5xx"'
  expect(await other.metrics()).toContain(`inference_gateway_alias_request_duration_seconds_count{${failed}}`)
  expect(first.requests.length).toBeGreaterThan(5)
  first.play(completion('well again'))
  expect(await askPair()).toBe(200)
})

test('after the first word nothing is tried again: the stream ends as broken', async () => {
  first.play(raw(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${preamble}${event({ content: 'half' })}`))
  const response = await ask({ model: 'fast', stream: true })
  const read = async () => {
    let text = ''
    try {
      for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk)
    } catch {
      return { text, isBroken: true }
    }
    return { text, isBroken: false }
  }
  const { text, isBroken } = await read()
  expect(text).toContain('half')
  expect(text).toContain('http_response_incomplete')
  expect(isBroken).toBe(true)
  expect(second.requests).toHaveLength(0)
})
