import { formatEvent, parseEvents } from '@inference-gateway/protocol/sse'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createNativeTap } from '../src/dispatch/native-tap.ts'
import { completionFromAnswer } from '../src/providers/dialects/cohere-chat/answer-to-chat.ts'
import { cohereChat } from '../src/providers/dialects/cohere-chat/chat.ts'
import { requestFromChat } from '../src/providers/dialects/cohere-chat/request-from-chat.ts'
import { isObject, type JsonObject, objectsIn, parseObject } from '../src/providers/dialects/json.ts'
import {
  accumulateChat,
  answerFromChat,
  answerFromEvents,
  chatFromCohereRequest,
  eventsFromAnswer,
} from './support/cohere-chat.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { cut } from './support/scripted-provider.ts'

const recorded = exchangesOf('chat').filter(({ endpoint }) => endpoint.endsWith('/v2/chat'))
const proper = recorded.filter(({ status }) => status < 400)
const table = (some: readonly Exchange[]) => some.map((exchange) => [exchange.name, exchange] as const)

const facts = { created: 7, model: 'command', choices: 1 }

const objectsOf = (stream: string): readonly JsonObject[] =>
  parseEvents(stream)
    .map(({ data }) => parseObject(data))
    .filter((object) => object !== null)

/** A stream of Cohere's through the tap that stands in the gateway, in these pieces. */
function translate(pieces: readonly Uint8Array[]): string {
  const errorEvent = (error: unknown) => formatEvent({ event: 'error', data: JSON.stringify({ error: String(error) }) })
  const narrator = cohereChat.stream(facts)
  const tap = createNativeTap({ narrator, wantsUsage: true, provider: 'cohere', errorEvent })
  return Buffer.concat([...pieces.map((piece) => tap.push(piece)), tap.end()]).toString()
}

const bytesOf = (events: readonly unknown[]): Buffer =>
  Buffer.from(events.map((event) => formatEvent({ data: JSON.stringify(event) })).join(''))

test.if(recorded.length > 0)('there are exchanges to replay', () => {
  expect(proper.filter(({ isStream }) => isStream).length).toBeGreaterThan(10)
  expect(proper.filter(({ isStream }) => !isStream).length).toBeGreaterThan(20)
})

describe('a recorded request', () => {
  const requests = recorded.filter(({ request }) => request !== null)

  test.each(table(requests))('%s is the same after a way through chat', (_, { request }) => {
    const original: JsonObject = JSON.parse(String(request))
    const { body, dropped } = requestFromChat(chatFromCohereRequest(original))
    const messages = objectsIn(original['messages']).map(withoutNull)
    const { model: _model, ...others } = original
    expect(body).toEqual({ ...others, messages })
    expect(dropped).toEqual([])
  })
})

/** A message without a content may say so, or not. */
const withoutNull = ({ content, ...message }: JsonObject): JsonObject =>
  content === null ? message : { ...message, content }

describe('a recorded answer', () => {
  const answers = proper.filter(({ isStream }) => !isStream)
  const read = ({ response }: Exchange): JsonObject => JSON.parse(response.toString())

  test.each(table(answers))('%s is the same after a way through chat', (_, exchange) => {
    const answer = read(exchange)
    expect(answerFromChat(completionFromAnswer(answer, facts))).toEqual(kept(answer))
  })

  test.each(table(answers))('%s is the same whole and as a stream', (_, exchange) => {
    const answer = read(exchange)
    const told = translate([bytesOf(eventsFromAnswer(answer))])
    expect(accumulateChat(objectsOf(told))).toEqual(completionFromAnswer(answer, facts))
  })

  test.each(table(answers))('%s goes back as the message it was', (_, exchange) => {
    const answer = read(exchange)
    const [choice = {}] = objectsIn(completionFromAnswer(answer, facts)['choices'])
    const { body, dropped } = requestFromChat({ messages: [choice['message']] })
    const { message } = kept(answer)
    expect(objectsIn(body['messages'])[0]).toEqual(plainText(message as JsonObject)) // an answer has one
    expect(dropped).toEqual([])
  })
})

/** A text alone is a string in chat, and may be one at Cohere. */
function plainText({ content, ...message }: JsonObject): JsonObject {
  const [first, ...others] = objectsIn(content)
  if (first === undefined) return message
  return { ...message, content: first['type'] === 'text' && others.length === 0 ? first['text'] : content }
}

/** What docs/reference/dialects.md says is kept of an answer. */
function kept({ id, message, finish_reason: reason, usage }: JsonObject): JsonObject {
  const { tokens, cached_tokens: cached = 0 } = usage as JsonObject // a recorded answer has it
  const { tool_calls: calls, ...said } = message as JsonObject // and that
  const told = objectsIn(calls).map((call) =>
    isObject(call['function']) ? withArguments(call, call['function']) : call,
  )
  return {
    id,
    message: { ...said, ...(told.length > 0 && { tool_calls: told }) },
    finish_reason: reason,
    usage: { tokens, cached_tokens: cached },
  }
}

const withArguments = (call: JsonObject, called: JsonObject): JsonObject => ({
  ...call,
  function: { ...called, arguments: called['arguments'] === 'null' ? '{}' : called['arguments'] },
})

describe('a recorded stream', () => {
  const streams = proper.filter(({ isStream }) => isStream)
  const whole = streams.filter(({ response }) => !response.includes('"ERROR"'))

  test.each(table(whole))('%s is what the whole answer would have been', (_, { response }) => {
    const told = translate([response])
    expect(told).toEndWith('data: [DONE]\n\n')
    const answer = answerFromEvents(objectsOf(response.toString()))
    expect(accumulateChat(objectsOf(told))).toEqual(completionFromAnswer(answer, facts))
  })

  test.each(table(streams))('%s is told the same byte by byte', (_, { response }) => {
    expect(translate(cut(response, 1))).toBe(translate([response]))
  })

  test.each(table(whole))('%s ends well with or without [DONE], but not without message-end', (_, { response }) => {
    const text = response.toString()
    const done = text.lastIndexOf('data: [DONE]')
    const end = text.lastIndexOf('event: message-end')
    expect(translate([Buffer.from(text.slice(0, done))])).toBe(translate([response]))
    for (const broken of [text.slice(0, end), text.slice(0, end) + text.slice(done)]) {
      const told = translate([Buffer.from(broken)])
      expect(told).not.toContain('[DONE]')
      expect(told).not.toMatch(/"finish_reason":"/)
      expect(told).not.toContain('"usage"')
    }
  })

  test.each(table(streams.filter((each) => !whole.includes(each))))('%s ends with its error', (_, { response }) => {
    const told = translate([response])
    expect(told).toContain('event: error')
    expect(told).toContain('invalid tool generation')
    expect(told).not.toContain('[DONE]')
    expect(told).not.toMatch(/"finish_reason":"/)
  })
})

const start = { type: 'message-start', id: 'x', delta: { message: { role: 'assistant' } } }
const ended = (reason: string, more: JsonObject = {}) => ({
  type: 'message-end',
  delta: { finish_reason: reason, usage: { tokens: { input_tokens: 2, output_tokens: 3 } }, ...more },
})

describe('an answer ends', () => {
  const cases: [string, string | null][] = [
    ['COMPLETE', 'stop'],
    ['STOP_SEQUENCE', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['TOOL_CALL', 'tool_calls'],
    ['SOMETHING_NEW', 'stop'],
    ['ERROR', null],
    ['TIMEOUT', null],
  ]
  test.each(cases)('with %s as with %s, whole and streamed', (reason, finish) => {
    const answer = { id: 'x', message: { content: [{ type: 'text', text: 'a' }] }, finish_reason: reason }
    const told = translate([bytesOf(eventsFromAnswer(answer))])
    if (finish === null) {
      expect(cohereChat.failureIn?.(answer)).toMatchObject({ code: reason })
      expect(told).toContain('event: error')
      expect(told).not.toContain('[DONE]')
      return
    }
    expect(cohereChat.failureIn?.(answer)).toBeNull()
    expect(objectsIn(completionFromAnswer(answer, facts)['choices'])[0]).toMatchObject({ finish_reason: finish })
    expect(told).toContain(`"finish_reason":"${finish}"`)
  })

  test('with its calls, also where the reason does not say so', () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
    const answer = { id: 'x', message: { tool_calls: [call] }, finish_reason: 'COMPLETE' }
    expect(objectsIn(completionFromAnswer(answer, facts)['choices'])[0]).toMatchObject({ finish_reason: 'tool_calls' })
    expect(translate([bytesOf(eventsFromAnswer(answer))])).toContain('"finish_reason":"tool_calls"')
  })

  test('with an error where an event would stand', () => {
    const told = translate([bytesOf([start, { id: 'x', message: 'too busy' }, ended('COMPLETE')])])
    expect(told).toContain('too busy')
    expect(told).not.toContain('[DONE]')
  })
})

test('log probabilities are told as a choice has them', () => {
  const item = { text: 'Hé', token_ids: [1, 2], logprobs: [-0.5, -0.25] }
  const logprobs = {
    content: [{ token: 'Hé', logprob: -0.75, bytes: [72, 195, 169], top_logprobs: [] }],
    refusal: null,
  }
  const answer = { id: 'x', message: { content: [{ type: 'text', text: 'Hé' }] }, logprobs: [item] }
  expect(objectsIn(completionFromAnswer(answer, facts)['choices'])[0]).toMatchObject({ logprobs })
  const delta = { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hé' } } }, logprobs: item }
  const [, chunk] = objectsOf(translate([bytesOf([start, delta, ended('COMPLETE')])]))
  expect(objectsIn(chunk?.['choices'])[0]).toMatchObject({ delta: { content: 'Hé' }, logprobs })
})

const text = fc.string({ unit: 'grapheme', minLength: 1 })
const call = fc.record({
  id: fc.stringMatching(/^[a-z_]{1,8}_[a-z0-9]{12}$/),
  type: fc.constant('function'),
  function: fc.record({
    name: fc.stringMatching(/^[a-z]{1,8}$/),
    arguments: fc.oneof(
      fc.constantFrom('', 'null'),
      fc.dictionary(fc.string(), fc.jsonValue()).map((each) => JSON.stringify(each)),
    ),
  }),
})
const part = fc.oneof(
  text.map((each) => ({ type: 'text', text: each })),
  text.map((each) => ({ type: 'thinking', thinking: each })),
)
const answer = fc.record({
  id: fc.uuid(),
  message: fc.record({
    role: fc.constant('assistant'),
    content: fc.array(part, { maxLength: 3 }),
    tool_plan: fc.oneof(fc.constant(''), text),
    tool_calls: fc.uniqueArray(call, { maxLength: 4, selector: ({ id }) => id }),
  }),
  finish_reason: fc.constantFrom('COMPLETE', 'STOP_SEQUENCE', 'MAX_TOKENS', 'TOOL_CALL'),
  usage: fc.record({ tokens: fc.record({ input_tokens: fc.nat(), output_tokens: fc.nat() }) }),
})

describe('any answer', () => {
  test('is the same whole and streamed, with its ids in their order and arguments that can be parsed', () => {
    fc.assert(
      fc.property(answer, (each) => {
        const streamed = accumulateChat(objectsOf(translate([bytesOf(eventsFromAnswer(each))])))
        expect(streamed).toEqual(completionFromAnswer(each, facts))
        const [choice = {}] = objectsIn(streamed['choices'])
        const calls = objectsIn((choice['message'] as JsonObject)['tool_calls']) // a choice has one
        expect(calls.map(({ id }) => id)).toEqual(each.message.tool_calls.map(({ id }) => id))
        for (const { function: called } of calls) JSON.parse(String((called as JsonObject)['arguments']))
      }),
    )
  })

  test('keeps its calls apart, however their pieces are mixed and numbered', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.nat()),
        (indices, order) => {
          const begun = (index: number) => ({
            type: 'tool-call-start',
            index,
            delta: { message: { tool_calls: { id: `c${index}`, function: { name: 'f', arguments: '' } } } },
          })
          const piece = (index: number, json: string) => ({
            type: 'tool-call-delta',
            index,
            delta: { message: { tool_calls: { function: { arguments: json } } } },
          })
          const left = indices.map((index) => ['{"x":', String(index), '}'].map((json) => piece(index, json)))
          const mixed: object[] = []
          while (left.some(({ length }) => length > 0)) {
            const some = left.filter(({ length }) => length > 0)
            const next = some[order.next().value % some.length]?.shift()
            if (next !== undefined) mixed.push(next)
          }
          const told = objectsOf(translate([bytesOf([start, ...indices.map(begun), ...mixed, ended('TOOL_CALL')])]))
          const [choice = {}] = objectsIn(accumulateChat(told)['choices'])
          const calls = indices.map((index) => ({
            id: `c${index}`,
            function: { name: 'f', arguments: `{"x":${index}}` },
          }))
          expect(choice['message']).toMatchObject({ tool_calls: calls })
        },
      ),
    )
  })

  test('of any events at all throws nothing, and ends properly with message-end alone', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.jsonValue(), oddEvent)), (events) => {
        const told = translate([bytesOf(events)])
        expect(told.split('[DONE]').length).toBeLessThanOrEqual(2)
        const isEnded = events.some((event) => isObject(event) && event['type'] === 'message-end')
        if (!isEnded) expect(told).not.toContain('data: [DONE]')
        expect(told).not.toContain('could not')
        for (const event of events) {
          if (!isObject(event)) continue
          completionFromAnswer(event, facts)
          cohereChat.failureIn?.(event)
          cohereChat.usage(event)
        }
      }),
    )
  })

  test('a request of any shape at all is told without a throw', () => {
    fc.assert(
      fc.property(oddRequest, (request) => {
        JSON.stringify(requestFromChat(request).body)
      }),
    )
  })
})

const odd = fc.jsonValue()
const oddMessage = fc.record(
  {
    role: fc.oneof(odd, fc.constantFrom('system', 'user', 'assistant', 'tool')),
    content: fc.oneof(
      odd,
      fc.array(
        fc.record(
          {
            type: fc.oneof(odd, fc.constantFrom('text', 'thinking', 'image_url')),
            text: odd,
            thinking: odd,
            image_url: odd,
          },
          { requiredKeys: [] },
        ),
      ),
    ),
    tool_plan: odd,
    tool_calls: fc.oneof(
      odd,
      fc.array(
        fc.record({ id: odd, function: fc.oneof(odd, fc.record({ name: odd, arguments: odd })) }, { requiredKeys: [] }),
      ),
    ),
    reasoning_content: odd,
    citations: odd,
  },
  { requiredKeys: [] },
)
const oddRequest = fc.record(
  {
    messages: fc.oneof(odd, fc.array(oddMessage)),
    tools: fc.oneof(odd, fc.array(fc.record({ function: odd }))),
    tool_choice: odd,
    response_format: fc.oneof(odd, fc.record({ type: fc.constant('json_schema'), json_schema: odd })),
    stop: odd,
    reasoning_effort: odd,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject> // its members are JSON
const oddEvent = fc.record(
  {
    type: fc.constantFrom(
      'message-start',
      'content-start',
      'content-delta',
      'tool-plan-delta',
      'tool-call-start',
      'tool-call-delta',
      'tool-call-end',
      'citation-start',
      'message-end',
    ),
    id: odd,
    index: odd,
    logprobs: odd,
    delta: fc.oneof(
      odd,
      fc.record(
        {
          message: fc.oneof(
            odd,
            fc.record(
              {
                content: fc.oneof(odd, fc.record({ text: odd, thinking: odd })),
                tool_plan: odd,
                tool_calls: fc.oneof(
                  odd,
                  fc.record({ id: odd, function: fc.oneof(odd, fc.record({ arguments: odd })) }),
                ),
                citations: odd,
              },
              { requiredKeys: [] },
            ),
          ),
          finish_reason: odd,
          usage: odd,
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: ['type'] },
)
