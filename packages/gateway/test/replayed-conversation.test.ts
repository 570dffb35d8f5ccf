import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { isObject, objectsIn, parseObject } from '../src/providers/dialects/json.ts'
import { catalog } from '../src/providers/catalog.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { json, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json({ choices: [] }))
  gateway = await startGateway({ providers: Object.fromEntries(catalog.map(({ id }) => [id, provider.origin])) })
})
afterEach(() => provider.forget())
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

/** What several makers' answers left in a conversation, as their clients send it back. */
const CALL = String.raw`{"index":0,"id":"toolu_01A-b","type":"function","function":{"name":"sum","arguments":"{\"of\":[1.0, 12345678901234567890]}"},"extra_content":{"google":{"thought_signature":"c2ln"}}}`
const REASONED = String.raw`{"role":"assistant", "content":null,"reasoning_content":"One \u0061nd…","reasoning":"two","extra_content":{"google":{"thought_signature":"dA=="}},"images":[],"thinking_blocks":[{"type":"thinking","thinking":"","signature":"AbC="}],"refusal":null,"annotations":[],"tool_calls":[${CALL}]}`
const RESULT = '{"role":"tool","tool_call_id":"toolu_01A-b","content":"a \\"reasoning_content\\" of 1.50"}'
const MESSAGES = `[{"role":"user","content":"Sum up"}, ${REASONED},${RESULT}]`

async function replay(id: string, headers: Readonly<Record<string, string>> = {}) {
  const body = `{"model":"${id}/some-model","messages":${MESSAGES},"temperature":1.0}`
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body, headers })
  const text = provider.requests.at(-1)?.text ?? ''
  const messages = objectsIn(parseObject(text)?.['messages'])
  return { response, text, messages, changes: response.headers.get('x-gateway-changes') ?? '' }
}

describe('a conversation that other makers have left their marks on', () => {
  const strict: [id: string, knows: readonly string[]][] = [
    ['openai', ['role', 'content', 'name', 'refusal', 'annotations', 'audio', 'tool_calls', 'tool_call_id']],
    ['groq', ['role', 'content', 'name', 'tool_calls', 'tool_call_id']],
    ['cohere', ['role', 'content', 'refusal', 'annotations', 'tool_calls', 'tool_call_id']],
    ['mistral', ['role', 'content', 'tool_calls', 'tool_call_id', 'prefix']],
  ]

  test.each(strict)('reaches %s without the members it answers with 400', async (id, knows) => {
    const { messages, changes } = await replay(id)
    expect(messages.flatMap((message) => Object.keys(message)).filter((name) => !knows.includes(name))).toEqual([])
    const calls = messages.flatMap(({ tool_calls: made }) => objectsIn(made))
    expect(calls.map((call) => 'extra_content' in call)).toEqual([false])
    expect(changes).toContain('dropped=messages.reasoning_content; dropped=messages.reasoning;')
    expect(changes).toContain('dropped=messages.tool_calls.extra_content')
  })

  const others = catalog.map(({ id }) => id).filter((id) => !strict.some(([name]) => name === id))

  test.each(others)('reaches %s byte for byte', async (id) => {
    const { text } = await replay(id)
    expect(text).toContain(`"messages":${MESSAGES}`)
  })

  test('keeps every other byte of itself', async () => {
    const { text } = await replay('openai')
    const kept = REASONED.replace(/"reasoning_content".*"signature":"AbC="}],/, '').replace(/,"extra_content".*?}}/, '')
    expect(text).toContain(`[{"role":"user","content":"Sum up"}, ${kept},${RESULT}],"temperature":1.0`)
  })

  test('is refused in strict mode, by the name of what would be lost', async () => {
    const { response } = await replay('groq', { 'x-gateway-strict': 'true' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'unsupported_parameter', param: 'messages.reasoning_content' })
    expect(provider.requests).toHaveLength(0)
  })
})

describe('ids of tool calls at Mistral, which takes nine letters and digits', () => {
  async function idsSent(ids: readonly string[]) {
    const calls = ids.map((id) => `{"id":"${id}","type":"function","function":{"name":"f","arguments":"{}"}}`)
    const results = ids.map((id) => `{"role":"tool","tool_call_id":"${id}","content":"1"}`)
    const turns = [`{"role":"assistant","content":"","tool_calls":[${calls.join(',')}]}`, ...results]
    const body = `{"model":"mistral/m","messages":[${turns.join(',')}]}`
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })
    const messages = objectsIn(parseObject(provider.requests.at(-1)?.text ?? '')?.['messages'])
    return {
      called: messages.flatMap(({ tool_calls: made }) => objectsIn(made)).map(({ id }) => id),
      answered: messages.filter(isObject).flatMap(({ tool_call_id: id }) => (id === undefined ? [] : [id])),
      changes: response.headers.get('x-gateway-changes'),
    }
  }

  test('become ones it takes, the same for the call and for its result', async () => {
    const { called, answered, changes } = await idsSent(['call_abc', 'AbCdEfGh1', 'toolu_01'])
    const taken = ['call00001', 'AbCdEfGh1', 'call00002']
    expect({ called, answered }).toEqual({ called: taken, answered: taken })
    expect(changes).toBe('model=mistral/m>m; replaced=messages.tool_calls.id')
  })

  test('never become one that is there already', async () => {
    expect((await idsSent(['call_abc', 'call00001'])).called).toEqual(['call00002', 'call00001'])
  })

  test('stay when it takes them', async () => {
    expect((await idsSent(['AbCdEfGh1'])).changes).toBe('model=mistral/m>m')
  })
})
