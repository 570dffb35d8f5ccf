import { expect } from 'bun:test'
import { parseEvents } from '@inference-gateway/protocol/sse'
import fc from 'fast-check'
import { createNativeTap } from '../../src/dispatch/native-tap.ts'
import type { ChatTap } from '../../src/dispatch/tap.ts'
import { createTranslatingTap } from '../../src/dispatch/translate.ts'
import { ProviderError } from '../../src/kernel/provider-error.ts'
import { MessageStream } from '../../src/providers/dialects/anthropic-messages/stream-from-chat.ts'
import { ChatStream } from '../../src/providers/dialects/anthropic-messages/stream-to-chat.ts'
import { accumulateMessage } from '../../src/providers/dialects/anthropic-messages/testing.ts'
import { chatDialects } from '../../src/providers/dialects/chat-dialects.ts'
import { parseExactly } from '../../src/providers/dialects/exact-json.ts'
import { isObject, type JsonObject, objectsIn } from '../../src/providers/dialects/json.ts'
import { ResponseStream } from '../../src/providers/dialects/openai-responses/stream-from-chat.ts'
import { fuzz, odd } from './fuzz.ts'

const members = (model: Record<string, fc.Arbitrary<unknown>>) => fc.record(model, { requiredKeys: [] })

const some = (item: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 6, arbitrary: fc.array(item, { maxLength: 3 }) }, { weight: 1, arbitrary: odd(null, {}) })

const call = members({
  index: odd(0, 1, 2),
  id: odd('a', 'b', '', null),
  function: members({ name: odd('f', 'g', ''), arguments: odd('', '{}', '{"a":', '1}', 'null', ' ') }),
})

const delta = members({
  role: odd('assistant'),
  content: odd('text', '', null, [{ type: 'text', text: 'é' }]),
  reasoning_content: odd('why', ''),
  reasoning: odd('because', null),
  refusal: odd('no', ''),
  thinking_blocks: some(
    fc.constantFrom({ type: 'thinking', signature: 's' }, { type: 'redacted_thinking', data: 'd' }),
  ),
  tool_calls: some(call),
})

const chunk = members({
  id: odd('chatcmpl-1', ''),
  model: odd('m'),
  choices: some(
    members({
      index: odd(0, 1),
      delta,
      finish_reason: odd('stop', 'length', 'tool_calls', 'error', '', 'toString', null),
    }),
  ),
  usage: odd(null, { prompt_tokens: 1, completion_tokens: 2 }),
  x_groq: odd({ usage: { prompt_tokens: 1 } }),
})

const event = members({
  type: fc.constantFrom(
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
    'ping',
    'toString',
  ),
  index: odd(0, 1),
  message: odd({ id: 'msg_1', model: 'm', usage: { input_tokens: 1 } }),
  content_block: odd(
    { type: 'text', text: '' },
    { type: 'thinking', thinking: '' },
    { type: 'tool_use', id: 't', name: 'f', input: {} },
  ),
  delta: odd(
    { type: 'text_delta', text: 'hi' },
    { type: 'input_json_delta', partial_json: '{' },
    { type: 'signature_delta', signature: 's' },
    { stop_reason: 'end_turn' },
  ),
  usage: odd({ output_tokens: 1 }),
})

/** What a tap gives out of a stream of these, as the data of its events. */
function tell(tap: ChatTap, given: readonly unknown[], isDone: boolean): readonly JsonObject[] {
  const text = given.map((data) => `data: ${JSON.stringify(data)}\n\n`).join('') + (isDone ? 'data: [DONE]\n\n' : '')
  const told = [tap.push(new TextEncoder().encode(text)).slice(), tap.end()]
  return told
    .flatMap((bytes) => parseEvents(new TextDecoder().decode(bytes)))
    .map(({ data }): JsonObject => (data === '[DONE]' ? { type: 'DONE' } : JSON.parse(data)))
}

/** A provider may fail; what is thrown while a stream is told is a defect. */
function errorEvent(error: unknown): string {
  if (!(error instanceof ProviderError)) throw error
  return 'data: {"type":"error"}\n\n'
}

const areDistinct = (ids: readonly unknown[]): void => {
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/\S/)
}

const messages = fc.property(fc.array(chunk, { maxLength: 12 }), fc.boolean(), (chunks, isDone) => {
  const tap = createTranslatingTap({
    translator: new MessageStream({ id: 'msg_1', model: 'm' }),
    provider: 'p',
    errorEvent,
  })
  const told = tell(tap, chunks, isDone)
  if (!tap.state.isFinished) expect(told.map(({ type }) => type)).not.toContain('message_stop')
  if (told.at(-1)?.['type'] !== 'message_stop') return
  const { content, stop_reason: reason, usage } = accumulateMessage(told)
  expect(reason).toBeString()
  expect(usage).toBeObject()
  areDistinct(objectsIn(content).flatMap(({ type, id }) => (type === 'tool_use' ? [id] : [])))
  for (const { type, name } of objectsIn(content)) if (type === 'tool_use') expect(name).not.toBe('')
})

const responses = fc.property(fc.array(chunk, { maxLength: 12 }), fc.boolean(), (chunks, isDone) => {
  const translator = new ResponseStream({ seed: 's', createdAt: 1, request: {} })
  const tap = createTranslatingTap({ translator, provider: 'p', errorEvent })
  const told = tell(tap, chunks, isDone).filter(({ type }) => type !== 'error')
  expect(told.map(({ sequence_number: number }) => number)).toEqual(told.map((_, index) => index))
  const response = told.at(-1)?.['response']
  if (!tap.state.isDone || !isObject(response)) return
  const output = objectsIn(response['output'])
  const itemsOf = (name: string) =>
    told.flatMap(({ type, item }) => (type === `response.output_item.${name}` ? [item] : []))
  expect(
    itemsOf('added')
      .filter(isObject)
      .map(({ id }) => id),
  ).toEqual(output.map(({ id }) => id))
  expect(itemsOf('done')).toBeArrayOfSize(output.length)
  for (const item of output) expect(itemsOf('done')).toContainEqual(item)
  areDistinct(output.map(({ id }) => id))
  const calls = output.filter(({ type }) => type === 'function_call')
  areDistinct(calls.map(({ call_id: id }) => id))
  for (const { name } of calls) expect(name).not.toBe('')
})

const natively = fc.property(fc.array(event, { maxLength: 12 }), (events) => {
  const tap = createNativeTap({ narrator: new ChatStream(1), wantsUsage: true, provider: 'p', errorEvent })
  const told = tell(tap, events, false)
  const isOver = events.some(({ type }) => type === 'message_stop')
  expect(told.filter(({ type }) => type === 'DONE')).toBeArrayOfSize(isOver ? 1 : 0)
  if (isOver) expect(told.at(-1)).toEqual({ type: 'DONE' })
})

/** The same with every whole number written as some languages write it: `1.0`. */
const respelled = (given: readonly unknown[]): readonly unknown[] =>
  given.map((data) => parseExactly(JSON.stringify(data, withPoint)))

const withPoint = (_name: string, value: unknown): unknown =>
  typeof value === 'number' && Number.isSafeInteger(value) ? JSON.rawJSON(`${value}.0`) : value

const taps: readonly (() => ChatTap)[] = [
  () => createTranslatingTap({ translator: new MessageStream({ id: 'i', model: 'm' }), provider: 'p', errorEvent }),
  () =>
    createTranslatingTap({
      translator: new ResponseStream({ seed: 's', createdAt: 1, request: {} }),
      provider: 'p',
      errorEvent,
    }),
  ...Object.values(chatDialects).map(
    ({ stream }) =>
      () =>
        createNativeTap({
          narrator: stream({ created: 1, model: 'm', choices: 1 }),
          wantsUsage: true,
          provider: 'p',
          errorEvent,
        }),
  ),
]

const spelling = fc.property(
  fc.array(fc.oneof(chunk, event), { maxLength: 5 }),
  fc.boolean(),
  fc.constantFrom(...taps),
  (given, isDone, tapOf) => {
    const [tap, other] = [tapOf(), tapOf()]
    expect(tell(other, respelled(given), isDone)).toEqual(tell(tap, given, isDone))
    expect(other.state.usage).toEqual(tap.state.usage)
  },
)

export const dialects = [
  fuzz('a chat stream without sense is told as a message with one block open at a time', messages),
  fuzz('a chat stream without sense is told as a response whose events and items agree', responses),
  fuzz("a message's stream without sense is told as a chat's that ends once", natively),
  fuzz('a stream tells the same, however its numbers are written', spelling),
]
