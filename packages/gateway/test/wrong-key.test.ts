import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createLog } from '../src/telemetry/log.ts'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import { answer, json, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  const { origin } = provider
  gateway = await startGateway({
    providers: { openai: origin, minimax: origin },
    env: { OLLAMA_API_URL: origin, TEAM_KEY: keyOf('mine'), MOVED_API_URL: origin, MOVED_API_KEY: keyOf('moved') },
    config: `providers:
  - { id: mine, base_url: "${origin}", key_env: TEAM_KEY }
  - { id: moved, base_url: "http://127.0.0.1:1" }
  - { id: down, base_url: "http://127.0.0.1:1", auth: none }
`,
  })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

async function ask(model: string, id: string = crypto.randomUUID()) {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-request-id': id },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  return { status: response.status, body: await response.json() }
}

const refused = (status: number) => json({ error: { message: 'Incorrect API key.', code: 'invalid_api_key' } }, status)

describe('a provider that refuses the key: the answer says whose it is', () => {
  const cases: [what: string, model: string, status: number, said: string][] = [
    ['401', 'openai/x', 401, "asked with the gateway's key for openai, from OPENAI_API_KEY"],
    ['403', 'openai/x', 403, "asked with the gateway's key for openai, from OPENAI_API_KEY"],
    ['a provider of the file', 'mine/x', 401, "asked with the gateway's key for mine, from TEAM_KEY"],
    ['a provider without a key', 'ollama/x', 401, 'the gateway has no key for ollama: OLLAMA_API_KEY is not set'],
  ]
  test.each(cases)('%s', async (_, model, status, said) => {
    provider.play(refused(status))
    const { status: told, body } = await ask(model)
    expect(told).toBe(status)
    expect(body.error).toBe(`Incorrect API key. (${said})`)
    expect(body.code).toBe('invalid_api_key')
    expect(body.provider_error.error.message).toBe('Incorrect API key.')
  })

  test('without words of its own', async () => {
    provider.play(answer(401, {}, ''))
    expect((await ask('openai/x')).body.error).toBe(
      "openai answered 401 (asked with the gateway's key for openai, from OPENAI_API_KEY) with an empty body.",
    )
  })

  const login = { base_resp: { status_code: 1004, status_msg: 'login fail' } }
  const hint = "asked with the gateway's key for minimax, from MINIMAX_API_KEY"

  test('MiniMax, whose status is 200', async () => {
    provider.play(json({ choices: null, ...login }))
    const { status, body } = await ask('minimax/x')
    expect([status, body.error, body.code]).toEqual([401, `login fail (${hint})`, '1004'])
  })

  test.each(['/v1/messages', '/v1/responses'])('inside a stream that is told in other words, at %s', async (path) => {
    provider.play(stream([`data: ${JSON.stringify(login)}\n\n`]))
    const own = path === '/v1/messages' ? { messages: [{ role: 'user', content: 'Hi' }] } : { input: 'Hi' }
    const body = JSON.stringify({ model: 'mine/x', stream: true, max_tokens: 9, ...own })
    const response = await fetch(gateway.url + path, { method: 'POST', body })
    expect(await response.text()).toContain("login fail (asked with the gateway's key for mine, from TEAM_KEY)")
  })

  test.each([
    ['in JSON', json({ error: { message: `Unknown key: ${keyOf('openai')}`, code: keyOf('openai') } }, 401)],
    [
      'escaped',
      answer(401, {}, `{"error":{"message":"Unknown key: ${keyOf('openai').replaceAll('-', String.raw`\u002d`)}"}}`),
    ],
    ['in a text', answer(401, {}, `Unknown key: ${keyOf('openai')}`)],
    [
      'with another status',
      json({ detail: [{ msg: 'no', input: { authorization: `Bearer ${keyOf('openai')}` } }] }, 400),
    ],
  ])('and not the key, though the provider repeats it: %s', async (_, script) => {
    provider.play(script)
    const { body } = await ask('openai/x')
    expect(JSON.stringify(body)).not.toContain(keyOf('openai'))
    expect(JSON.stringify(body)).toContain('***')
  })

  const repeating = (id: string) => ({ base_resp: { status_code: 1004, status_msg: `Unknown key: ${keyOf(id)}` } })

  test('and not the key, though the provider repeats it: with status 200', async () => {
    provider.play(json({ choices: null, ...repeating('minimax') }))
    const { body } = await ask('minimax/x')
    expect(body.error).toBe(`Unknown key: *** (${hint})`)
    expect(JSON.stringify(body)).not.toContain(keyOf('minimax'))
  })

  test.each([
    ['/v1/messages', { messages: [{ role: 'user', content: 'Hi' }] }],
    ['/v1/responses', { input: 'Hi' }],
  ])('and not the key, though the provider repeats it: inside a stream, at %s', async (path, own) => {
    provider.play(stream([`data: ${JSON.stringify(repeating('mine'))}\n\n`]))
    const body = JSON.stringify({ model: 'mine/x', stream: true, max_tokens: 9, ...own })
    const told = await (await fetch(gateway.url + path, { method: 'POST', body })).text()
    expect(told).toContain('Unknown key: ***')
    expect(told).not.toContain(keyOf('mine'))
  })

  test('and so does the log, without the words of the provider', async () => {
    provider.play(refused(401))
    const id = crypto.randomUUID()
    await ask('openai/x', id)
    let lines = ''
    const log = createLog({ name: 'test', level: 'info', format: 'json', write: (text) => (lines += text) })
    log.listen({ type: 'exchange.finished', summary: await gateway.finished(id) })
    log.flush()
    expect(JSON.parse(lines).reason).toBe(
      "the provider answered 401 (asked with the gateway's key for openai, from OPENAI_API_KEY)",
    )
  })
})

const elsewhere = answer(404, {}, '404 page not found')
const addresses: [what: string, model: string, said: string][] = [
  ['a provider of the file', 'mine/x', 'base_url of mine in the configuration file may be wrong'],
  ['one whose variable wins over the file', 'moved/x', 'MOVED_API_URL may be wrong'],
  ['one that nobody can reach', 'down/x', 'Check base_url of down in the configuration file.'],
]
test.each(addresses)('%s: the address is looked for where it is written', async (_, model, said) => {
  provider.play(elsewhere)
  expect((await ask(model)).body.error).toContain(said)
})
