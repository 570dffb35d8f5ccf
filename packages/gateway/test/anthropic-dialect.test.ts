import { formatEvent, parseEvents } from '@inference-gateway/protocol/sse'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { chunksOf, createTranslatingTap } from '../src/dispatch/translate.ts'
import { messageFromChat } from '../src/providers/dialects/anthropic-messages/answer-from-chat.ts'
import { completionFromMessage } from '../src/providers/dialects/anthropic-messages/answer-to-chat.ts'
import { type JsonObject, objectsIn, parseObject, textOf } from '../src/providers/dialects/json.ts'
import { MessageStream } from '../src/providers/dialects/anthropic-messages/stream-from-chat.ts'
import { ChatStream } from '../src/providers/dialects/anthropic-messages/stream-to-chat.ts'
import { accumulateMessage } from '../src/providers/dialects/anthropic-messages/testing.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { cut } from './support/scripted-provider.ts'

const recorded = exchangesOf('messages').filter(({ status }) => status < 400)
const table = (some: readonly Exchange[]) => some.map((exchange) => [exchange.name, exchange] as const)

const FACTS = { id: 'msg_1', model: 'some-model' }

/** What chat has words for: a message without what docs/reference/dialects.md lists as lost. */
function kept({ id, type, role, model, content, stop_reason: reason, stop_sequence: sequence, usage }: JsonObject) {
  const counts = usage as Readonly<Record<string, number>> // a recorded message has them
  return {
    id,
    type,
    role,
    model,
    content: merged(objectsIn(content).map(withoutLosses)),
    stop_reason: reason,
    stop_sequence: sequence,
    usage: {
      input_tokens: counts['input_tokens'],
      cache_creation_input_tokens: counts['cache_creation_input_tokens'] ?? 0,
      cache_read_input_tokens: counts['cache_read_input_tokens'] ?? 0,
      output_tokens: counts['output_tokens'],
    },
  }
}

const withoutLosses = ({ caller: _caller, citations: _citations, ...block }: JsonObject): JsonObject => block

/** Texts that stand side by side are one text. */
function merged(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const done: JsonObject[] = []
  for (const block of blocks) {
    const last = done.at(-1)
    const isNext = block['type'] === 'text' && last?.['type'] === 'text'
    if (isNext) done.pop()
    done.push(isNext ? { type: 'text', text: textOf(last['text']) + textOf(block['text']) } : block)
  }
  return done
}

const objectsOf = (stream: string): readonly JsonObject[] =>
  parseEvents(stream)
    .map(({ data }) => parseObject(data))
    .filter((object) => object !== null)

/** A chat stream through the tap that stands in the gateway, in these pieces. */
function translate(pieces: readonly Uint8Array[]): string {
  const errorEvent = (error: unknown) => formatEvent({ event: 'error', data: JSON.stringify({ error: String(error) }) })
  const tap = createTranslatingTap({ translator: new MessageStream(FACTS), provider: 'some', errorEvent })
  return Buffer.concat([...pieces.map((piece) => tap.push(piece)), tap.end()]).toString()
}

const bytesOf = (chunks: readonly object[]): Buffer =>
  Buffer.from([...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => formatEvent({ data })).join(''))

describe('a recorded answer', () => {
  const answers = recorded.filter(({ isStream }) => !isStream)

  test.each(table(answers))('%s is the same after a way through chat', (_, { response }) => {
    const message: JsonObject = JSON.parse(response.toString())
    expect(messageFromChat(completionFromMessage(message, 0), FACTS)).toEqual(kept(message))
  })

  test.each(table(answers))('%s is the same whole and as a stream', (_, { response }) => {
    const completion = completionFromMessage(JSON.parse(response.toString()), 0)
    const told = translate([bytesOf(chunksOf(completion))])
    expect(accumulateMessage(objectsOf(told))).toEqual(messageFromChat(completion, FACTS))
  })
})

describe('a recorded stream', () => {
  const isWhole = ({ response }: Exchange) => response.includes('message_stop')
  const streams = recorded.filter(({ isStream }) => isStream).filter(isWhole)
  const chatOf = ({ response }: Exchange) => {
    const decoder = new ChatStream(0)
    const told = objectsOf(response.toString()).flatMap((event) => decoder.event(event))
    return bytesOf([...told, ...decoder.end()])
  }
  const twiceBegun = /duplicate-message-start/

  test.each(table(streams))('%s is the same after a way through chat', (name, exchange) => {
    const told = accumulateMessage(objectsOf(translate([chatOf(exchange)])))
    const events = objectsOf(exchange.response.toString())
    expect(told).toEqual(kept(accumulateMessage(twiceBegun.test(name) ? events.slice(1) : events)))
  })

  test.each(table(streams))('%s is told the same byte by byte', (_, exchange) => {
    const chat = chatOf(exchange)
    expect(translate(cut(chat, 1))).toBe(translate([chat]))
  })

  test.each(table(streams))('%s begins, pings and ends as Anthropic does', (_, exchange) => {
    const events = parseEvents(translate([chatOf(exchange)]))
    const types = events.map(({ data }) => parseObject(data)?.['type'])
    expect(events.map(({ event }) => event)).toEqual(types as string[])
    expect(types[0]).toBe('message_start')
    expect(types.slice(-2)).toEqual(['message_delta', 'message_stop'])
    expect(types.filter((type) => type === 'ping')).toHaveLength(types.includes('content_block_start') ? 1 : 0)
  })
})

describe('every recorded chat', () => {
  const chats = exchangesOf('chat', 'compat-chat').filter(({ endpoint }) => endpoint.endsWith('/chat/completions'))
  const proper = chats.filter(({ status }) => status < 400)

  test.each(table(proper.filter(({ isStream }) => !isStream)))(
    '%s is the same whole and as a stream',
    (_, exchange) => {
      const completion = JSON.parse(exchange.response.toString())
      const told = translate([bytesOf(chunksOf(completion))])
      // MiniMax refuses with status 200.
      if (told.includes('event: error')) expect(Number(completion.base_resp?.status_code)).toBeGreaterThan(0)
      else expect(accumulateMessage(objectsOf(told))).toEqual(messageFromChat(completion, FACTS))
    },
  )

  test.each(table(proper.filter(({ isStream }) => isStream)))('%s is told in order', (_, { response }) => {
    const told = translate([response])
    expect(translate(cut(response, Math.ceil(response.byteLength / 60) | 1))).toBe(told)
    if (told.includes('event: error')) return
    const message = accumulateMessage(objectsOf(told))
    const calls = objectsIn(message['content']).filter(({ type }) => type === 'tool_use')
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length)
    expect(calls.every(({ id, name }) => id !== '' && name !== '')).toBe(true)
    expect(message['stop_reason'] === 'tool_use' || calls.length === 0 || message['stop_reason'] === 'max_tokens').toBe(
      true,
    )
  })
})

const text = fc.string({ unit: 'grapheme', minLength: 1 })
const call = fc.record({
  id: fc.stringMatching(/^call_[a-z0-9]{6}$/),
  name: fc.stringMatching(/^[a-z]{1,8}$/),
  input: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
})
const answer = fc.record({
  reasoning: fc.option(text),
  content: fc.option(text),
  calls: fc.uniqueArray(call, { maxLength: 4, selector: ({ id }) => id }),
  order: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
})

describe('any answer', () => {
  test('is the same whole and streamed, however the pieces of its calls are mixed', () => {
    fc.assert(
      fc.property(answer, ({ reasoning, content, calls, order }) => {
        const toolCalls = calls.map(({ id, name, input }, index) => ({
          index,
          id,
          type: 'function',
          function: { name, arguments: JSON.stringify(input) },
        }))
        const message = { role: 'assistant', content, reasoning_content: reasoning, tool_calls: toolCalls }
        const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
        const whole = { id: 'x', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }
        const deltas: object[] = [
          ...cutText(reasoning ?? '').map((piece) => ({ reasoning_content: piece })),
          ...cutText(content ?? '').map((piece) => ({ content: piece })),
          ...mixed(toolCalls, order).map((piece) => ({ tool_calls: [piece] })),
        ]
        const chunks = [
          ...deltas.map((delta) => ({ id: 'x', model: 'm', choices: [{ index: 0, delta, finish_reason: null }] })),
          { id: 'x', model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
          { id: 'x', model: 'm', choices: [], usage },
        ]
        expect(accumulateMessage(objectsOf(translate([bytesOf(chunks)])))).toEqual(messageFromChat(whole, FACTS))
      }),
    )
  })

  const named = (id: string, index: number) => ({ id, index, function: { name: 'f', arguments: `{"n":${index}}` } })
  const twins = [named('a', 0), named('a', 1), named('', 2)]
  test.each([
    ['calls of the same id', { tool_calls: twins }, ['a', 'toolu_msg_1_1', 'toolu_msg_1_2']],
    ['a call without a name', { tool_calls: [{ id: 'a', index: 0, function: {} }] }, []],
  ])('with %s is the same whole and streamed, and no id stands twice', (_, message, ids) => {
    const whole = { id: 'x', choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }
    const told = accumulateMessage(objectsOf(translate([bytesOf(chunksOf(whole))])))
    expect(told).toEqual(messageFromChat(whole, FACTS))
    expect(objectsIn(told['content']).map(({ id }) => id)).toEqual(ids)
  })

  test('of nobody who says so has the id and the model of its request, once there is something to tell', () => {
    const filtered = { id: '', model: '', choices: [], prompt_filter_results: [{}] }
    const told = (chunks: readonly object[]) => accumulateMessage(objectsOf(translate([bytesOf(chunks)])))
    const said = { choices: [{ delta: { content: 'a' }, finish_reason: 'stop' }] }
    expect(told([filtered, said])).toMatchObject(FACTS)
    expect(told([filtered, { ...said, id: 'x', model: 'm' }])).toMatchObject({ id: 'x', model: 'm' })
  })

  test('that calls nobody does not end as if it did', () => {
    const whole = { id: 'x', choices: [{ message: { content: 'a' }, finish_reason: 'tool_calls' }] }
    expect(messageFromChat(whole, FACTS)).toMatchObject({ stop_reason: 'end_turn' })
  })

  test('may end for a reason that is the name of a member of every object', () => {
    const whole = { id: 'x', choices: [{ message: { content: 'a' }, finish_reason: 'constructor' }] }
    expect(messageFromChat(whole, FACTS)).toMatchObject({ stop_reason: 'end_turn' })
  })

  test('of any chunks at all ends in order, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.jsonValue(), oddChunk)), (chunks) => {
        const told = translate([bytesOf(chunks as object[])])
        if (!told.includes('event: error')) accumulateMessage(objectsOf(told))
      }),
    )
  })
})

const oddCall = fc.record(
  {
    index: fc.jsonValue(),
    id: fc.jsonValue(),
    function: fc.oneof(fc.jsonValue(), fc.record({ name: fc.jsonValue(), arguments: fc.jsonValue() })),
  },
  { requiredKeys: [] },
)
const oddDelta = fc.record(
  {
    role: fc.jsonValue(),
    content: fc.jsonValue(),
    reasoning: fc.jsonValue(),
    tool_calls: fc.oneof(fc.jsonValue(), fc.array(oddCall)),
  },
  { requiredKeys: [] },
)
const oddChunk = fc.record(
  {
    id: fc.jsonValue(),
    choices: fc.array(fc.record({ delta: oddDelta, finish_reason: fc.jsonValue() }, { requiredKeys: [] })),
    usage: fc.jsonValue(),
  },
  { requiredKeys: [] },
)

const cutText = (whole: string): readonly string[] => whole.match(/[^]{1,3}/gu) ?? []

interface ToolCall {
  readonly index: number
  readonly function: { readonly name: string; readonly arguments: string }
}

/** The pieces of all calls: of each in its own order, among each other in any. Calls begin in theirs. */
function mixed(calls: readonly ToolCall[], order: readonly number[]): readonly object[] {
  const first = calls.map((each) => ({ ...each, function: { name: each.function.name, arguments: '' } }))
  const rest = calls.map(({ index, function: called }) =>
    cutText(called.arguments).map((piece) => ({ index, function: { arguments: piece } })),
  )
  const pieces: object[] = [...first]
  for (let step = 0; rest.some(({ length }) => length > 0); step++) {
    const left = rest.filter(({ length }) => length > 0)
    const piece = left[(order[step % order.length] ?? 0) % left.length]?.shift()
    if (piece !== undefined) pieces.push(piece)
  }
  return pieces
}
