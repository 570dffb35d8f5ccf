import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { parseEvents } from '@inference-gateway/protocol/sse'
import { catalog } from '../src/providers/catalog.ts'
import { answerProblems } from './support/contract.ts'
import { exchangesOf } from './support/fixtures.ts'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import {
  answer,
  chunkedHead,
  cut,
  json,
  type ScriptedProvider,
  startScriptedProvider,
  stream,
} from './support/scripted-provider.ts'
import { chunk } from './support/wire.ts'

const RESPONSES = '/v1/responses'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  gateway = await startGateway({
    providers: Object.fromEntries(catalog.map(({ id }) => [id, provider.origin])),
    env: { SIMULATOR_ENABLED: 'true', CLIENT_STREAM_IDLE_TIMEOUT: '500ms' },
  })
  await fetch(`${gateway.url}/v1/models`) // every list has been asked for
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

function post(body: unknown, headers: Record<string, string> = {}, query = ''): Promise<Response> {
  provider.forget()
  const text = typeof body === 'string' || body instanceof Buffer ? body.toString() : JSON.stringify(body)
  const url = `${gateway.url}${RESPONSES}${query}`
  return fetch(url, { method: 'POST', body: text, headers, signal: AbortSignal.timeout(5000) })
}

const eventsOf = async (response: Response) => parseEvents(await response.text()).map(({ data }) => JSON.parse(data))

const chatAnswer = (message: object, finishReason = 'stop') =>
  json({
    id: 'chatcmpl-1',
    created: 5,
    model: 'llama',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finishReason }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  })

describe('a provider that speaks the dialect', () => {
  const relayed = new Set(catalog.filter(({ operations }) => operations.responses !== undefined).map(({ id }) => id))
  const exchanges = exchangesOf('responses').filter(({ provider: id, request }) => relayed.has(id) && request !== null)

  test.each(exchanges.map((exchange) => [exchange.name, exchange] as const))(
    '%s passes as it is',
    async (_, exchange) => {
      const type = { 'content-type': exchange.contentType }
      const script = exchange.isStream
        ? stream(cut(exchange.response, 997), type)
        : answer(exchange.status, type, exchange.response)
      provider.play(script)
      const request = exchange.request?.toString() ?? ''
      const response = await post(request, {}, `?provider=${exchange.provider}`)
      if (typeof JSON.parse(request).model !== 'string') return expect(response.status).toBe(400)
      expect(response.status).toBe(exchange.status)
      const bytes = Buffer.from(await response.arrayBuffer())
      if (exchange.status < 400) expect(bytes.equals(exchange.response)).toBe(true)
      expect(provider.requests[0]?.text).toBe(request)
      expect(provider.requests[0]?.target).toBe('/responses')
      expect(provider.requests[0]?.header('authorization')).toBe(`Bearer ${keyOf(exchange.provider)}`)
    },
  )

  test('its name for the model is put in, and nothing else is touched', async () => {
    provider.play(
      json({ id: 'resp_1', object: 'response', usage: { input_tokens: 4, output_tokens: 3, total_tokens: 7 } }),
    )
    const headers = { 'x-request-id': 'responses-1' }
    const response = await post('{"model":"openai/gpt-5","input":"Hi","max_output_tokens":1.0,"new":[]}', headers)
    expect(provider.requests[0]?.text).toBe('{"model":"gpt-5","input":"Hi","max_output_tokens":1.0,"new":[]}')
    expect(response.headers.get('x-gateway-changes')).toBe('model=openai/gpt-5>gpt-5')
    expect((await gateway.finished('responses-1')).usage).toMatchObject({ input: 4, output: 3, total: 7 })
  })

  test('a stream that breaks off ends with an error event that carries on the numbers', async () => {
    provider.play(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead())
      const events = [
        '{"type":"response.created","sequence_number":0,"response":{"id":"resp_9"}}',
        '{"type":"response.output_text.delta","sequence_number":1,"delta":"Hal"}',
      ]
      for (const data of events) await call.write(chunk(`data: ${data}\n\n`))
      call.reset()
    })
    const response = await post({ model: 'openai/gpt-5', input: 'Hi', stream: true })
    let text = ''
    const read = async () => {
      for await (const bytes of response.body ?? []) text += new TextDecoder().decode(bytes)
    }
    expect(await read().catch(() => 'broken')).toBe('broken')
    const last = parseEvents(text).at(-1)
    expect(last?.event).toBe('error')
    expect(JSON.parse(last?.data ?? '')).toMatchObject({ code: 'http_response_incomplete', sequence_number: 2 })
  })

  test('fails over while nothing has been said', async () => {
    const failed =
      'data: {"type":"response.created","response":{"id":"r"}}\n\ndata: {"type":"response.failed","response":{"error":{"code":"server_error","message":"No."}}}\n\n'
    const fine =
      'data: {"type":"response.output_text.delta","delta":"Hi"}\n\ndata: {"type":"response.completed","response":{}}\n\n'
    let asked = 0
    provider.play((call) => stream([asked++ === 0 ? failed : fine])(call))
    const response = await post({ model: ['openai/gpt-5', 'xai/grok'], input: 'Hi', stream: true })
    expect(await response.text()).toBe(fine)
    expect(response.headers.get('x-gateway-provider')).toBe('xai')
  })
})

describe('every other provider', () => {
  test('is asked in the words of chat, and what that cannot say is told', async () => {
    provider.play(chatAnswer({ content: 'Hello' }))
    const response = await post({
      model: 'mistral/large',
      instructions: 'Be brief.',
      input: [
        { role: 'developer', content: [{ type: 'input_text', text: 'Now.' }] },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'Look' },
            { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'low' },
          ],
        },
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm' }] },
        { type: 'function_call', call_id: 'callOne01', name: 'f', arguments: '{"a":1.0}' },
        { type: 'function_call', call_id: 'callTwo02', name: 'g', arguments: '' },
        { type: 'function_call_output', call_id: 'callOne01', output: 'one' },
        { type: 'function_call_output', call_id: 'callTwo02', output: [{ type: 'input_text', text: 'two' }] },
      ],
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }, { type: 'web_search' }],
      tool_choice: { type: 'function', name: 'f' },
      text: { format: { type: 'json_schema', name: 'n', schema: {}, strict: true } },
      max_output_tokens: 99,
      include: ['reasoning.encrypted_content'],
      store: false,
      metadata: { a: 'b' },
    })
    expect(provider.requests[0]?.target).toBe('/chat/completions')
    expect(JSON.parse(provider.requests[0]?.text ?? '')).toEqual({
      model: 'large',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: 'Now.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'callOne01', type: 'function', function: { name: 'f', arguments: '{"a":1.0}' } },
            { id: 'callTwo02', type: 'function', function: { name: 'g', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'callOne01', content: 'one' },
        { role: 'tool', tool_call_id: 'callTwo02', content: 'two' },
      ],
      max_tokens: 99,
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, strict: true } },
    })
    const changes = response.headers.get('x-gateway-changes')
    expect(changes).toBe(
      'translated=openai-responses>openai-chat; model=mistral/large>large; dropped=include; dropped=input.reasoning; dropped=tools.web_search',
    )
    expect(await response.json()).toMatchObject({
      object: 'response',
      status: 'completed',
      model: 'llama',
      created_at: 5,
      store: false,
      metadata: { a: 'b' },
      instructions: 'Be brief.',
      output: [
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello', annotations: [] }] },
      ],
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    })
  })

  test.each([
    ['previous_response_id', { previous_response_id: 'resp_unknown' }],
    ['conversation', { conversation: 'conv_1' }],
    ['background', { background: true }],
    ['prompt', { prompt: { id: 'pmpt_1' } }],
    ['input', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    [
      'input',
      {
        input: [
          { type: 'compaction', encrypted_content: 'x' },
          { role: 'user', content: 'Go on' },
        ],
      },
    ],
    ['input', { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }] }],
  ])('cannot have %s, and says so', async (param, more) => {
    const response = await post({ model: 'mistral/large', input: 'Hi', ...more })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'unsupported_parameter', param })
    expect(provider.requests).toHaveLength(0)
  })

  describe('an item that is only referred to', () => {
    const call = { id: 'callOne01', type: 'function', function: { name: 'f', arguments: '{"a":1.0}' } }
    const called = chatAnswer({ content: null, tool_calls: [call] }, 'tool_calls')
    const ask = { model: 'mistral/large', input: [{ role: 'user', content: 'Go' }] }
    const result = { type: 'function_call_output', call_id: 'callOne01', output: 'done' }

    async function refer(first: Response, more: object = {}) {
      const text = await first.text()
      const told = text.startsWith('{')
        ? JSON.parse(text)
        : parseEvents(text)
            .map(({ data }) => JSON.parse(data))
            .at(-1).response
      const reference = { type: 'item_reference', id: told.output[0].id }
      provider.play(chatAnswer({ content: 'Fine' }))
      return post({ ...ask, ...more, input: [...ask.input, reference, result] })
    }

    test.each([false, true])('stands in its place, after a stream: %p', async (isStream) => {
      provider.play(called)
      const second = await refer(await post({ ...ask, stream: isStream }))
      expect(second.status).toBe(200)
      expect(JSON.parse(provider.requests[0]?.text ?? '').messages).toEqual([
        { role: 'user', content: 'Go' },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'callOne01', content: 'done' },
      ])
    })

    test('stands in its place for a provider that speaks the dialect', async () => {
      provider.play(called)
      const second = await refer(await post(ask), { model: 'openai/gpt-5' })
      expect(second.status).toBe(200)
      const { input } = JSON.parse(provider.requests[0]?.text ?? '')
      expect(input).toMatchObject([ask.input[0], { type: 'function_call', call_id: 'callOne01', name: 'f' }, result])
    })

    test('and what stands beside it stays as it was written', async () => {
      provider.play(called)
      const [{ id }] = (await (await post(ask)).json()).output
      provider.play(chatAnswer({ content: 'Fine' }))
      const before = '{ "role":"user", "role":"user","content":"Go", "x":[1.0, 12345678901234567890] }'
      const after = '{"type":"function_call_output","call_id":"callOne01","output":"\\u0064one", "y":1e2}'
      const body = (item: string) => `{"model":"gpt-5", "input" : [ ${before}, ${item} ,${after}]}`
      await post(body(`{"type":"item_reference","id":"${id}"}`), {}, '?provider=openai')
      const { text = '' } = provider.requests[0] ?? {}
      expect(text).toBe(body(JSON.stringify(JSON.parse(text).input[1])))
      expect(JSON.parse(text).input[1]).toMatchObject({ type: 'function_call', call_id: 'callOne01' })
    })

    test('is not known where nothing was to be stored', async () => {
      provider.play(called)
      const second = await refer(await post({ ...ask, store: false }))
      expect(second.status).toBe(400)
      expect(await second.json()).toMatchObject({ code: 'unsupported_parameter', param: 'input' })
    })
  })

  test('leaves nothing in a conversation that whoever speaks the dialect would refuse', async () => {
    const calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"extra_content":1.0}' } }]
    const message = {
      content: null,
      reasoning_content: 'Hm',
      tool_calls: [{ ...calls[0], extra_content: { google: {} } }],
    }
    provider.play(chatAnswer(message, 'tool_calls'))
    const { output } = await (await post({ model: 'google/gemini', input: 'Hi' })).json()
    expect(output).toMatchObject([{ type: 'reasoning' }, { type: 'function_call', extra_content: { google: {} } }])
    provider.play(json({ id: 'resp_1', object: 'response' }))
    const theirs =
      '{"type":"reasoning","id":"rs_68af4030592c81938ec0a5fbab4a3e9f","summary":[],"encrypted_content":"x"}'
    const body = (items: readonly string[]) => `{"model":"gpt-5","input":[${[...items, theirs].join(',')}],"top_p":1.0}`
    const written: string[] = output.map((item: unknown) => JSON.stringify(item))
    const response = await post(body(written), {}, '?provider=openai')
    const kept = (written[1] ?? '').replace(',"extra_content":{"google":{}}', '')
    expect(provider.requests[0]?.text).toBe(body([kept]))
    expect(response.headers.get('x-gateway-changes')).toBe(
      'dropped=input.reasoning; dropped=input.function_call.extra_content',
    )
    expect((await post(body(written), { 'x-gateway-strict': 'true' }, '?provider=openai')).status).toBe(400)
  })

  test('in strict mode nothing may get lost', async () => {
    const body = { model: 'mistral/large', input: 'Hi', include: ['x'] }
    const response = await post(body, { 'x-gateway-strict': 'true' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'unsupported_parameter', param: 'include' })
  })

  test('the simulator streams the whole life cycle', async () => {
    const response = await post({ model: 'simulator/reason?tps=0', input: 'What is 2 + 3?', stream: true })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const events = await eventsOf(response)
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index))
    const types = events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    const { response: whole } = events.at(-1) ?? {}
    expect(whole.usage.output_tokens).toBeGreaterThan(0)
    const plain = await (await post({ model: 'simulator/reason?tps=0', input: 'What is 2 + 3?' })).json()
    const texts = ({ output }: { output: readonly { content?: unknown; summary?: unknown }[] }) =>
      output.map(({ content, summary }) => content ?? summary)
    expect(texts(plain)).toEqual(texts(whole))
    expect(plain.usage).toEqual(whole.usage)
  })

  test('a turn with a tool, through the simulator', async () => {
    const tools = [
      {
        type: 'function',
        name: 'weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    ]
    const input: unknown[] = [{ role: 'user', content: 'Weather in Oslo?' }]
    const first = await (await post({ model: 'simulator/tools?tps=0', input, tools })).json()
    const [call] = first.output
    expect(call).toMatchObject({ type: 'function_call', name: 'weather', status: 'completed' })
    expect(JSON.parse(call.arguments)).toHaveProperty('city')
    input.push(...first.output, { type: 'function_call_output', call_id: call.call_id, output: 'Sunny' })
    const second = await (await post({ model: 'simulator/tools?tps=0', input, tools })).json()
    expect(second.output[0].content[0].text).toContain('Sunny')
  })

  test('structured output, through the simulator', async () => {
    const format = {
      type: 'json_schema',
      name: 'n',
      schema: { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] },
    }
    const response = await post({ model: 'simulator/json?tps=0', input: 'x', text: { format } })
    const { output, text } = await response.json()
    expect(text).toEqual({ format })
    expect(JSON.parse(output[0].content[0].text)).toEqual({ age: expect.any(Number) })
  })

  test('a stream that breaks off ends with response.failed and a broken connection', async () => {
    const response = await post({ model: 'simulator/cut?tps=0', input: 'Hello', stream: true })
    let text = ''
    const read = async () => {
      for await (const bytes of response.body ?? []) text += new TextDecoder().decode(bytes)
    }
    expect(await read().catch(() => 'broken')).toBe('broken')
    const events = parseEvents(text).map(({ data }) => JSON.parse(data))
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'http_response_incomplete' } },
    })
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index))
  })

  test('a whole answer to a client that wants a stream is told as one', async () => {
    provider.play(chatAnswer({ content: 'Hello' }))
    const events = await eventsOf(await post({ model: 'cloudflare/x', input: 'Hi', stream: true }))
    expect(events[0]?.type).toBe('response.created')
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { output: [{ type: 'message' }] } })
  })
})

const inputs: [what: string, body: object, found: string][] = [
  ['none', {}, 'missing'],
  ['a number', { input: 5 }, 'of the type number'],
  ['an empty list', { input: [] }, 'empty'],
]
test.each(inputs)('the input is missed in its own name: %s', async (_, body, found) => {
  await using own = await startGateway({ env: { SIMULATOR_ENABLED: 'true' } })
  const response = await fetch(`${own.url}/v1/responses`, {
    method: 'POST',
    body: JSON.stringify({ model: 'simulator/chat', ...body }),
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    error: `Failed to decode request: \`input\` must be a text or a non-empty list of items, but is ${found}.`,
    param: 'input',
  })
})

describe('stored responses', () => {
  const store = async (id: string) => {
    provider.play(json({ id, object: 'response', store: true }))
    await (await post({ model: 'xai/grok', input: 'Hi' })).json()
  }

  test('are asked for at the provider that stored them', async () => {
    await store('resp_xai1')
    provider.play(json({ id: 'resp_xai1', object: 'response' }))
    provider.forget()
    const response = await fetch(`${gateway.url}${RESPONSES}/resp_xai1?include[]=x&provider=`)
    expect(await response.json()).toEqual({ id: 'resp_xai1', object: 'response' })
    expect(response.headers.get('x-gateway-provider')).toBe('xai')
    expect(provider.requests[0]?.target).toBe('/responses/resp_xai1?include[]=x')
    expect(provider.requests[0]?.header('authorization')).toBe(`Bearer ${keyOf('xai')}`)
    const deleted = await fetch(`${gateway.url}${RESPONSES}/resp_xai1`, { method: 'DELETE' })
    expect(deleted.status).toBe(200)
    expect(provider.requests[1]?.method).toBe('DELETE')
  })

  test('learnt from a stream, too', async () => {
    provider.play(
      stream([
        'data: {"type":"response.created","response":{"id":"resp_streamed"}}\n\ndata: {"type":"response.completed","response":{}}\n\n',
      ]),
    )
    await (await post({ model: 'groq/x', input: 'Hi', stream: true })).text()
    provider.play(json({ error: { message: 'gone' } }, 404))
    const response = await fetch(`${gateway.url}${RESPONSES}/resp_streamed/input_items`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: 'gone', provider: 'groq' })
  })

  test('that nobody knows of need ?provider=', async () => {
    provider.forget()
    const response = await fetch(`${gateway.url}${RESPONSES}/resp_never`)
    expect(response.status).toBe(404)
    expect((await response.json()).error).toContain('Add ?provider= with one of openai')
    provider.play(json({ id: 'resp_never' }))
    const named = await fetch(`${gateway.url}${RESPONSES}/resp_never?provider=openai`)
    expect(await named.json()).toEqual({ id: 'resp_never' })
    expect(provider.requests[0]?.target).toBe('/responses/resp_never')
  })

  test.each(['/a%2Fb', '/a/b', '/..%2f', '/x/input_items/y'])('%s is no stored response', async (path) => {
    const response = await fetch(`${gateway.url}${RESPONSES}${path}`)
    expect(response.status).toBe(400)
  })

  test('a follow-up goes to the provider that stored it, and to no fallback', async () => {
    await store('resp_pinned')
    provider.play(json({ error: { message: 'down' } }, 503))
    const body = { model: ['openai/gpt-5', 'xai/grok'], input: 'More', previous_response_id: 'resp_pinned' }
    const response = await post(body)
    expect(response.headers.get('x-gateway-provider')).toBe('xai')
    expect(provider.requests.every(({ text }) => JSON.parse(text).model === 'grok')).toBe(true)
  })

  test('a follow-up at another provider is refused, and told who has it', async () => {
    await store('resp_elsewhere')
    const response = await post({ model: 'openai/gpt-5', input: 'More', previous_response_id: 'resp_elsewhere' })
    expect(response.status).toBe(400)
    const { error, param } = await response.json()
    expect(param).toBe('previous_response_id')
    expect(error).toContain('xai has stored that response')
    expect(provider.requests).toHaveLength(0)
  })
})

describe('the contract holds for', () => {
  const problemsOf = async (path: string, method: string, response: Response) => {
    const { status, headers } = response
    return answerProblems(path, method, { status, headers, text: await response.text() })
  }

  test.each([
    ['an answer', { model: 'simulator/chat?tps=0', input: 'Hi' }, 200],
    ['a stream', { model: 'simulator/chat?tps=0', input: 'Hi', stream: true }, 200],
    ['a refusal', { model: 'mistral/large', input: 'Hi', conversation: 'x' }, 400],
    ['an error of the provider', { model: 'simulator/error-429', input: 'Hi' }, 429],
  ])('%s', async (_, body, status) => {
    const response = await post(body)
    expect(response.status).toBe(status)
    expect(await problemsOf(RESPONSES, 'POST', response)).toEqual([])
  })

  test('a stored response', async () => {
    provider.play(json({ id: 'resp_x' }))
    const response = await fetch(`${gateway.url}${RESPONSES}/resp_x?provider=openai`)
    expect(await problemsOf('/v1/responses/{id}', 'GET', response)).toEqual([])
    const lost = await fetch(`${gateway.url}${RESPONSES}/resp_nobody`, { method: 'DELETE' })
    expect(lost.status).toBe(404)
    expect(await problemsOf('/v1/responses/{id}', 'DELETE', lost)).toEqual([])
  })
})
