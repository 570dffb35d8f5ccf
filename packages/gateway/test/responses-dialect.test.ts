import { describe, expect, test } from 'bun:test'
import { parseEvents } from '@inference-gateway/protocol/sse'
import { chunksOf, createTranslatingTap } from '../src/dispatch/translate.ts'
import { isObject, type JsonObject, objectsIn, textOf } from '../src/providers/dialects/json.ts'
import { responseFromChat } from '../src/providers/dialects/openai-responses/answer-from-chat.ts'
import { requestToChat } from '../src/providers/dialects/openai-responses/request-to-chat.ts'
import { ResponseStream } from '../src/providers/dialects/openai-responses/stream-from-chat.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { chatFromResponse, createChunksFromResponse } from './support/responses-to-chat.ts'

const FACTS = { seed: 'abc', createdAt: 1_700_000_000, request: { model: 'm', input: 'Hi' } }
const table = (some: readonly Exchange[]) => some.map((exchange) => [exchange.name, exchange] as const)

/** The chat stream in these bytes, told as a response's, in pieces of this size. */
function translate(bytes: Uint8Array, size: number): string {
  const stream = new ResponseStream(FACTS)
  const fail = () => {
    const events = stream.fail({ code: 'server_error', message: 'broken' })
    return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  }
  const tap = createTranslatingTap({ translator: stream, provider: 'them', errorEvent: fail })
  const decoder = new TextDecoder()
  let text = ''
  for (let at = 0; at < bytes.byteLength; at += size) text += decoder.decode(tap.push(bytes.subarray(at, at + size)))
  return text + decoder.decode(tap.end())
}

const eventsIn = (text: string): readonly JsonObject[] =>
  parseEvents(text).map(({ event, data }) => {
    const parsed: JsonObject = JSON.parse(data)
    expect(event).toBe(textOf(parsed['type']))
    return parsed
  })

const bytesOf = (chunks: readonly unknown[]) =>
  new TextEncoder().encode(
    [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join(''),
  )

const responseOf = (event: JsonObject | undefined): JsonObject =>
  isObject(event?.['response']) ? event['response'] : {}

/** What has to hold of every stream, however odd the chat was. Answers the response it ended with. */
function expectLifeCycle(events: readonly JsonObject[]): JsonObject {
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index))
  const types = events.map(({ type }) => textOf(type))
  // It failed before anything was said.
  if (types[0] === 'error') return { status: types.length === 1 ? 'failed' : 'odd' }
  expect(types.slice(0, 2)).toEqual(['response.created', 'response.in_progress'])
  const ends = types.filter((type) => /^response\.(?:completed|incomplete|failed)$/.test(type))
  expect(ends).toHaveLength(1)
  expect(types.at(-1)).toBe(ends[0] ?? '')
  const items = new Map<number, JsonObject>()
  const told = new Map<number, string>()
  for (const event of events) {
    const { type, output_index: at, delta } = event
    const item = isObject(event['item']) ? event['item'] : {}
    if (typeof at !== 'number') continue
    if (type === 'response.output_item.added') {
      expect(at).toBe(items.size)
      items.set(at, item)
      told.set(at, '')
    } else if (type === 'response.output_item.done') {
      expect(item['id']).toBe(items.get(at)?.['id'])
      items.set(at, item)
      const whole = [...objectsIn(item['summary']), ...objectsIn(item['content'])]
        .map(({ text, refusal }) => textOf(text) + textOf(refusal))
        .join('')
      const isCustom = item['type'] === 'custom_tool_call'
      const spoken = isCustom ? textOf(item['input']) : whole
      const written = item['type'] === 'function_call' ? textOf(item['arguments']) : spoken
      expect(written).toBe(told.get(at) || (item['type'] === 'function_call' ? '{}' : ''))
    } else {
      expect(event['item_id']).toBe(items.get(at)?.['id'])
      if (typeof delta === 'string') told.set(at, (told.get(at) ?? '') + delta)
    }
  }
  const count = (type: string) => types.filter((each) => each === type).length
  const response = responseOf(events.at(-1))
  if (ends[0] !== 'response.failed') {
    expect(count('response.output_item.done')).toBe(items.size)
    expect(count('response.content_part.done')).toBe(count('response.content_part.added'))
    expect(count('response.reasoning_summary_part.done')).toBe(count('response.reasoning_summary_part.added'))
    expect(objectsIn(response['output'])).toEqual([...items.values()])
    const ids = [...items.values()].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  }
  return response
}

describe('chat told as responses', () => {
  const streams = exchangesOf('chat').filter(({ status, isStream, endpoint }) => {
    return status < 400 && isStream && endpoint.endsWith('/chat/completions')
  })

  test.each(table(streams))('%s keeps the life cycle, however it is cut', (_, { response }) => {
    const whole = translate(response, response.byteLength)
    expectLifeCycle(eventsIn(whole))
    expect(translate(response, 1)).toBe(whole)
  })

  const answers = exchangesOf('chat').filter(({ status, isStream, endpoint }) => {
    return status < 400 && !isStream && endpoint.endsWith('/chat/completions')
  })

  test.each(table(answers))('%s is the same whole and streamed', (_, { response }) => {
    const completion: JsonObject = JSON.parse(response.toString())
    const streamed = expectLifeCycle(eventsIn(translate(bytesOf(chunksOf(completion)), 11)))
    const { base_resp: refusal } = completion
    // MiniMax refuses with status 200: such an answer is never told as one.
    if (isObject(refusal) && refusal['status_code'] !== 0) return expect(streamed['status']).toBe('failed')
    const whole = responseFromChat(chunksOf(completion), FACTS)
    expect(streamed).toEqual(whole)
    expect(['completed', 'incomplete', 'failed']).toContain(textOf(whole['status']))
  })
})

describe('recorded responses', () => {
  const exchanges = exchangesOf('responses')
  const plain = new Set<unknown>(['message', 'function_call', 'reasoning'])
  /** What has a counterpart in chat; what providers run themselves has none. */
  const isTranslatable = (response: JsonObject) =>
    objectsIn(response['output']).every(({ type }) => plain.has(type)) && response['status'] !== 'failed'

  /** The output without what only its provider can say, with texts of one kind in one item, as chat has them. */
  const essence = (response: JsonObject) => {
    const { status, usage, model, created_at: created } = response
    const items = objectsIn(response['output'])
    const texts = (wanted: string) =>
      items
        .filter(({ type }) => type === wanted)
        .flatMap(({ content, summary }) => objectsIn(summary).concat(objectsIn(content)))
        .map(({ text, refusal }) => textOf(text) + textOf(refusal))
        .join('')
    const calls = items
      .filter(({ type }) => type === 'function_call')
      .map(({ call_id: id, name, arguments: written }) => ({ id, name, written }))
    const { input_tokens: input, output_tokens: output, total_tokens: total } = isObject(usage) ? usage : {}
    // Some recorders write no time.
    return {
      status,
      model,
      created: created === 0 ? FACTS.createdAt : created,
      said: texts('message'),
      thought: texts('reasoning'),
      calls,
      input,
      output,
      total,
    }
  }

  const answers = exchanges.filter(({ status, isStream }) => status < 400 && !isStream)
  test.each(table(answers))('%s survives the way to chat and back', (_, exchange) => {
    const response: JsonObject = JSON.parse(exchange.response.toString())
    if (!isTranslatable(response)) return
    const back = responseFromChat(chunksOf(chatFromResponse(response)), FACTS)
    expect(essence(back)).toEqual(essence(response))
  })

  const streams = exchanges.filter(({ status, isStream }) => status < 400 && isStream)
  test.each(table(streams))('%s survives the way to chat and back, with its events', (_, exchange) => {
    const events = parseEvents(exchange.response.toString())
      .filter(({ data }) => data !== '[DONE]')
      .map(({ data }): JsonObject => JSON.parse(data))
    const response = responseOf(events.at(-1))
    if (Object.keys(response).length === 0 || !isTranslatable(response)) return
    const toChunks = createChunksFromResponse()
    const back = eventsIn(translate(bytesOf(events.flatMap(toChunks)), 1))
    expect(essence(expectLifeCycle(back))).toEqual(essence(response))
    // A reasoning item that says nothing has no counterpart; reasoning is told as a summary, and in one part.
    const told = objectsIn(response['output']).every(
      ({ type, summary }) => type !== 'reasoning' || objectsIn(summary).length === 1,
    )
    if (told && !exchange.name.startsWith('openrouter/')) expect(shapeOf(back)).toEqual(shapeOf(events))
  })

  /** The events in their order, deltas of one part counted once. */
  const shapeOf = (events: readonly JsonObject[]) =>
    events
      .map(({ type, output_index: at }) => `${textOf(type)} ${JSON.stringify(at ?? null)}`)
      .filter((each, index, all) => each !== all[index - 1] && !each.startsWith('keepalive'))

  const requests = exchanges.flatMap(({ name, request }) =>
    request === null ? [] : [[name, JSON.parse(request.toString()) as JsonObject] as const],
  )
  test.each(requests)('the request of %s becomes a chat, or says what it lacks', (_, request) => {
    const facts = { extensions: new Set<string>(), takesEffort: true }
    const { body, dropped, impossible } = requestToChat(request, facts)
    const messages = objectsIn(body['messages'])
    if (impossible !== null) return expect(impossible.why).not.toBe('')
    expect(messages.every(({ role }) => ['system', 'user', 'assistant', 'tool'].includes(textOf(role)))).toBe(true)
    const calls = messages.flatMap(({ tool_calls: calls }) => objectsIn(calls)).map(({ id }) => id)
    const results = messages.filter(({ role }) => role === 'tool').map(({ tool_call_id: id }) => id)
    expect(new Set(calls)).toEqual(new Set(results))
    const functions = objectsIn(request['tools']).filter(({ type }) => type === 'function')
    expect(objectsIn(body['tools'])).toHaveLength(functions.length)
    for (const { type } of objectsIn(request['tools']))
      if (type !== 'function') expect(dropped).toContain(`tools.${textOf(type)}`)
  })
})

describe('a request on its way to chat', () => {
  const facts = { extensions: new Set(['reasoning']), takesEffort: true }
  const novel = { novel: 1 }
  const saying = (role: string, ...content: readonly object[]) => ({ input: [{ role, content }] })
  const cases: [string, JsonObject][] = [
    ['novel', novel],
    ['input.novel', { input: [{ type: 'novel' }] }],
    ['input', { input: ['novel', { role: 'user', content: 'a' }] }],
    ['input.content', { input: [{ role: 'user', content: ['novel', { type: 'input_text', text: 'a' }] }] }],
    ['input.message.phase', { input: [{ role: 'assistant', content: 'a', phase: 'commentary' }] }],
    ['input.input_text.novel', saying('user', { type: 'input_text', text: 'a', ...novel })],
    ['input.input_image.novel', saying('user', { type: 'input_image', image_url: 'x', ...novel })],
    ['input.input_file.novel', saying('user', { type: 'input_file', file_data: 'x', ...novel })],
    ['input.novel', saying('user', { type: 'novel' })],
    ['input.output_text.annotations', saying('assistant', { type: 'output_text', text: 'a', annotations: [{}] })],
    ['input.novel', saying('assistant', { type: 'novel' })],
    ['input.reasoning.novel', { input: [{ type: 'reasoning', summary: [], ...novel }] }],
    ['input.function_call.novel', { input: [{ type: 'function_call', call_id: 'a', name: 'f', ...novel }] }],
    ['input.function_call_output.novel', { input: [{ type: 'function_call_output', output: 'a', ...novel }] }],
    ['tools.novel', { tools: [{ type: 'novel' }] }],
    ['tools.novel', { tools: [{ type: 'function', name: 'f', ...novel }] }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice.novel', { tools: [{ type: 'function', name: 'f' }], tool_choice: { type: 'novel' } }],
    ['text.novel', { text: novel }],
    ['reasoning.novel', { reasoning: novel }],
  ]
  test.each(cases)('names %s, which nobody has heard of: %j', (name, request) => {
    expect(requestToChat(request, facts).dropped).toEqual([name])
  })

  test('joins the reasoning of a turn, and names what belongs to nothing', () => {
    const reason = (text: string) => ({ type: 'reasoning', summary: [{ type: 'summary_text', text }] })
    const call = { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' }
    const input = [reason('one'), { role: 'assistant', content: 'Hm' }, reason('two'), call, reason('three')]
    const { body, dropped } = requestToChat({ input }, facts)
    expect(objectsIn(body['messages'])).toMatchObject([
      { role: 'assistant', content: 'Hm', reasoning: 'one\ntwo', tool_calls: [{ id: 'a' }] },
    ])
    expect(dropped).toEqual(['input.reasoning'])
  })

  test('writes down a result that is neither a text nor a list', () => {
    const { body } = requestToChat({ input: [{ type: 'function_call_output', call_id: 'a', output: { n: 1 } }] }, facts)
    expect(body['messages']).toEqual([{ role: 'tool', tool_call_id: 'a', content: '{"n":1}' }])
  })

  test('makes functions of tools that take plain text', () => {
    const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "a"' }
    const request = {
      input: [
        { type: 'custom_tool_call', call_id: 'c', name: 'apply_patch', input: '*** "Begin"' },
        { type: 'custom_tool_call_output', call_id: 'c', output: 'Done' },
      ],
      tools: [{ type: 'custom', name: 'apply_patch', description: 'Patches.', format: grammar }],
      tool_choice: { type: 'custom', name: 'apply_patch' },
    }
    const { body, dropped } = requestToChat(request, facts)
    expect(body).toMatchObject({
      messages: [
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', function: { name: 'apply_patch', arguments: '{"input":"*** \\"Begin\\""}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'Done' },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'apply_patch',
            description: 'Patches.\n\n`input` must follow this grammar (lark):\nstart: "a"',
            parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
          },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'apply_patch' } },
    })
    expect(dropped).toEqual(['tools.custom.format'])
  })

  test('keeps quiet about what says nothing', () => {
    const text = { type: 'output_text', text: 'a', annotations: [], logprobs: [] }
    const input = [{ type: 'message', id: 'msg_1', status: 'completed', role: 'assistant', content: [text] }]
    expect(requestToChat({ input, conversation: null, include: [] }, facts).dropped).toEqual([])
  })

  test('puts pictures of results behind the results of their turn', () => {
    const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' }
    const result = (id: string, ...output: readonly object[]) => ({ type: 'function_call_output', call_id: id, output })
    const input = [
      result('a', { type: 'input_text', text: 'one' }, image),
      result('b', image),
      { role: 'user', content: 'so?' },
    ]
    const picture = { type: 'image_url', image_url: { url: image.image_url, detail: 'low' } }
    const note = 'The result goes on in the next message (1 attached).'
    const besides = (id: string) => [{ type: 'text', text: `Result of ${id}:` }, picture]
    const { body, dropped } = requestToChat({ input }, facts)
    expect(body['messages']).toEqual([
      { role: 'tool', tool_call_id: 'a', content: `one\n${note}` },
      { role: 'tool', tool_call_id: 'b', content: note },
      { role: 'user', content: [...besides('a'), ...besides('b')] },
      { role: 'user', content: 'so?' },
    ])
    expect(dropped).toEqual([])
  })
})

describe('any chat at all', () => {
  /** Numbers that look random and are the same in every run. */
  const random = (seed: number) => {
    let state = seed
    return (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
  }

  test('numbers, indices and pairs hold for two thousand random streams', () => {
    for (let seed = 0; seed < 2000; seed++) {
      const pick = random(seed)
      const one = <T>(...values: readonly T[]) => values[pick(values.length)]
      const call = () => ({
        ...one({}, { index: pick(3) }),
        ...one({}, { id: `call_${pick(3)}` }),
        function: one(
          {},
          { name: one<string>('', 'f', 'g') },
          { arguments: one<string>('', '{', '}', '{}', '"a":1', 'null') },
          null,
        ),
      })
      const delta = () =>
        one<unknown>(
          { content: one<unknown>('', 'a', 'b😀', null, [{ type: 'text', text: 'c' }], 7) },
          { reasoning_content: one('', 'think') },
          { refusal: one('', 'no') },
          { tool_calls: [call(), call()] },
          { content: 'x', reasoning: 'y', tool_calls: [call()] },
          null,
          'odd',
        )
      const chunks = Array.from({ length: pick(12) }, () => ({
        ...one<object>({ id: 'x', created: 1, model: 'm' }, {}),
        choices: one<unknown>(
          [{ index: 0, delta: delta() }],
          [],
          null,
          [null],
          [{ delta: delta() }, { index: 1, delta: delta() }],
        ),
        ...one({}, { usage: { prompt_tokens: 1 } }),
      }))
      const finish = { choices: [{ index: 0, delta: {}, finish_reason: one('stop', 'length', 'tool_calls', 'error') }] }
      const bytes = bytesOf([...chunks, finish])
      const text = translate(bytes, 1 + pick(20))
      expect(text).toBe(translate(bytes, bytes.byteLength))
      expectLifeCycle(eventsIn(text))
    }
  })

  test('parallel calls whose pieces are mixed each get their own', () => {
    const piece = (index: number, written: string, more: object = {}) => ({
      choices: [{ index: 0, delta: { tool_calls: [{ index, ...more, function: { arguments: written, ...more } }] } }],
    })
    const chunks = [
      piece(0, '{"a"', { id: 'call_1', name: 'f' }),
      piece(1, '{"b"', { id: 'call_2', name: 'g' }),
      piece(0, ':1}'),
      piece(1, ':2}'),
    ]
    const response = expectLifeCycle(eventsIn(translate(bytesOf(chunks), 3)))
    expect(objectsIn(response['output']).map(({ call_id: id, arguments: written }) => [id, written])).toEqual([
      ['call_1', '{"a":1}'],
      ['call_2', '{"b":2}'],
    ])
  })

  test.each([
    ['as it was asked', '{"input":"*** Begin\\n"}', '*** Begin\n'],
    ['with other words', 'a patch', 'a patch'],
  ])('a call of a tool that takes plain text is told as one: %s', (_, written, input) => {
    const facts = { ...FACTS, request: { tools: [{ type: 'custom', name: 'apply_patch' }] } }
    const stream = new ResponseStream(facts)
    const piece = (call: object) =>
      stream.chunk({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...call }] } }] })
    const told = [
      ...piece({ id: 'c', function: { name: 'apply_patch', arguments: written.slice(0, 3) } }),
      ...piece({ function: { arguments: written.slice(3) } }),
      ...stream.end(),
    ]
    const response = expectLifeCycle(told)
    const item = { type: 'custom_tool_call', call_id: 'c', name: 'apply_patch', input, status: 'completed' }
    expect(response['output']).toEqual([{ id: 'ctc_abc_0', ...item }])
    expect(told.filter(({ type }) => type.startsWith('response.custom'))).toMatchObject([
      { type: 'response.custom_tool_call_input.delta', delta: input },
      { type: 'response.custom_tool_call_input.done', input },
    ])
  })

  test('what was written to a cache is counted', () => {
    const usage = { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cache_write_tokens: 4 } }
    const chunks = chunksOf({ choices: [{ message: { content: 'a' } }], usage })
    const response = responseFromChat(chunks, FACTS)
    expect(response['usage']).toMatchObject({ input_tokens_details: { cached_tokens: 0, cache_write_tokens: 4 } })
  })

  test('calls of the same id get ids of their own, and one without a name is none', () => {
    const named = (id: string, index: number) => ({ id, index, function: { name: 'f', arguments: `{"n":${index}}` } })
    const calls = [named('a', 0), named('a', 1), { index: 2, id: 'c', function: {} }, named('', 3)]
    const { output } = responseFromChat([{ choices: [{ delta: { tool_calls: calls } }] }], FACTS)
    expect(objectsIn(output).map(({ call_id: id }) => id)).toEqual(['a', 'call_abc_1', 'call_abc_2'])
  })

  test('a member of a request may have the name of a member of every object', () => {
    const facts = { extensions: new Set<string>(), takesEffort: true }
    const { dropped, impossible } = requestToChat(JSON.parse('{"input":"a","toString":1,"__proto__":2}'), facts)
    expect({ dropped, impossible }).toEqual({ dropped: ['toString', '__proto__'], impossible: null })
  })

  test('a broken stream tells once more what came, and that it failed', () => {
    const stream = new ResponseStream(FACTS)
    const told = [
      ...stream.chunk({ id: 'x', choices: [{ index: 0, delta: { content: 'Half' } }] }),
      ...stream.fail({ code: 'http_response_incomplete', message: 'It broke off.' }),
    ]
    const response = expectLifeCycle(told)
    expect(response).toMatchObject({
      status: 'failed',
      error: { code: 'http_response_incomplete', message: 'It broke off.' },
      output: [{ type: 'message', status: 'incomplete', content: [{ text: 'Half' }] }],
    })
  })
})
