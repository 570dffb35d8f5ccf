import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { answer, json, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  gateway = await startGateway({
    providers: { minimax: provider.origin, groq: provider.origin, cohere: provider.origin },
  })
})
afterEach(() => provider.play(json({ choices: [] })))
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const chat = (model: string, headers: Readonly<Record<string, string>> = {}, more: object = {}) =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
    redirect: 'manual',
  })

const told = 'data: {"choices":[{"delta":{"content":"Hello"}}]}\n\ndata: [DONE]\n\n'

describe('a refusal with status 200 and `base_resp`', () => {
  const refusal = { id: 'x', choices: null, base_resp: { status_code: 1002, status_msg: 'rate limit' } }
  const said = { id: 'y', choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }] }

  test('is answered with the status that its code means', async () => {
    provider.play(json(refusal))
    const response = await chat('minimax/m', { 'x-request-id': 'refused' })
    expect([response.status, await response.json()]).toMatchObject([429, { error: 'rate limit', code: '1002' }])
    expect(await gateway.finished('refused')).toMatchObject({ status: 429, outcome: 'failed', code: '1002' })
  })

  test.each([
    ['whole', json(refusal), json(said)],
    ['streamed', stream([`data: ${JSON.stringify(refusal)}\n\ndata: [DONE]\n\n`]), stream([told])],
  ])('makes way for the next of a chain: %s', async (form, first, second) => {
    let asked = 0
    provider.play((call) => (asked++ === 0 ? first : second)(call))
    const response = await chat('minimax/m', { 'x-gateway-fallback': 'groq/x' }, { stream: form === 'streamed' })
    expect(await response.text()).toContain('Hello')
    expect(response.headers.get('x-gateway-provider')).toBe('groq')
  })

  test('inside a stream of nobody else counts as failed', async () => {
    provider.play(stream([`data: ${JSON.stringify(refusal)}\n\ndata: [DONE]\n\n`]))
    const response = await chat('minimax/m', { 'x-request-id': 'streamed' }, { stream: true })
    expect(await response.text()).toContain('rate limit')
    expect(await gateway.finished('streamed')).toMatchObject({ outcome: 'failed' })
  })

  test.each([{ base_resp: { status_code: 0, status_msg: 'success' } }, { base_resp: null }, {}])(
    'is none: %p',
    async (more) => {
      const id = crypto.randomUUID()
      provider.play(json({ choices: [], ...more }))
      await (await chat('minimax/m', { 'x-request-id': id })).text()
      expect(await gateway.finished(id)).toMatchObject({ outcome: 'complete', code: null })
    },
  )
})

describe('a redirect', () => {
  test.each([
    ['https://other.example/v1/chat?key=secret', 'https://other.example'],
    ['/v2/chat?key=secret', ''],
    ['http://[', 'nowhere'],
    [null, ''],
  ])('to %p is answered with where it leads, and what to change', async (location, origin) => {
    const fields = location === null ? {} : { location }
    provider.play(answer(308, { 'content-type': 'application/json', ...fields }, '{}'))
    const response = await chat('groq/x')
    const { error, code } = await response.json()
    expect([response.status, code]).toEqual([502, 'invalid_response'])
    const named = origin === '' ? provider.origin : origin
    expect(error).toBe(`groq redirects to ${named} and does not answer. GROQ_API_URL may need changing.`)
    expect(response.headers.has('location')).toBe(false)
  })

  test('is the client’s to follow on /proxy', async () => {
    provider.play(answer(307, { location: 'https://other.example/x' }, ''))
    const response = await fetch(`${gateway.url}/proxy/groq/x`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([307, 'https://other.example/x'])
  })
})

test('a body that begins with a byte order mark is refused, and the answer says why', async () => {
  const body = Buffer.from('\ufeff{"model":"groq/x","messages":[{"role":"user","content":"Hi"}]}')
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    code: 'invalid_json',
    error: expect.stringContaining('byte order mark'),
  })
})

describe('x-gateway-strict', () => {
  const strict = (value: string) => chat('groq/x', { 'x-gateway-strict': value }, { logprobs: true })

  test.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('%s forbids changes', async (value) => {
    const response = await strict(value)
    expect([response.status, (await response.json()).code]).toEqual([400, 'unsupported_parameter'])
  })

  test.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('%s allows changes', async (value) => {
    const response = await strict(value)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-gateway-changes')).toContain('dropped=logprobs')
  })

  test.each(['yes', 'tRUE', '2', ''])('%p is neither', async (value) => {
    const response = await strict(value)
    const { code, error, param } = await response.json()
    expect([response.status, code, param]).toEqual([400, 'invalid_request', 'x-gateway-strict'])
    expect(error).toContain('`true` or `false`')
  })
})

describe('JSON that is no answer, asked for in another dialect', () => {
  const ways = [
    ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }],
    ['/v1/responses', { input: 'Hi' }],
  ] as const
  const table = ways.flatMap(([path, body]) =>
    [false, true].flatMap((stream) =>
      ['null', '[]', '{}', '{"choices":7}', '{"choices":[null]}'].map(
        (said) => [path, said, { ...body, stream }] as const,
      ),
    ),
  )
  test.each(table)('%s does not tell %s as a whole answer (%p)', async (path, said, body) => {
    provider.play(answer(200, { 'content-type': 'application/json' }, said))
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      body: JSON.stringify({ model: 'cohere/m', ...body }),
    })
    expect([response.status, await response.text()]).toEqual([502, expect.stringContaining('"invalid_response"')])
  })
})
