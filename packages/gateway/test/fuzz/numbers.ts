import { expect } from 'bun:test'
import fc from 'fast-check'
import { messageFromChat } from '../../src/providers/dialects/anthropic-messages/answer-from-chat.ts'
import { requestToChat as chatFromMessages } from '../../src/providers/dialects/anthropic-messages/request-to-chat.ts'
import { chatDialects } from '../../src/providers/dialects/chat-dialects.ts'
import { parseExactly } from '../../src/providers/dialects/exact-json.ts'
import { isObject, type JsonObject } from '../../src/providers/dialects/json.ts'
import { requestToChat as chatFromResponses } from '../../src/providers/dialects/openai-responses/request-to-chat.ts'
import type { ChatDialectName } from '../../src/providers/provider.ts'
import { fuzz } from './fuzz.ts'

/** Whatever JSON takes for a number. */
const number = fc.oneof(
  fc.constantFrom('12345678901234567890', '9223372036854775807', '1.0', '1e2', '-0', '0', '1e400', '-1E-7', '0.10'),
  fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/),
)

const string = fc
  .oneof(fc.constantFrom('1.0', '\\', '"1.0,"'), fc.string({ maxLength: 80 }))
  .map((text) => JSON.stringify(text))

/** The text of an object, made of what its members may be called, and of what may stand between them. */
function objectText(names: fc.Arbitrary<readonly string[]>, blank: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const { object } = fc.letrec<{ value: string; members: string; object: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      number,
      string,
      fc.constantFrom('true', 'null', '[]', '{}'),
      fc.tuple(fc.array(tie('value'), { maxLength: 4 }), blank).map(([items, space]) => `[${items.join(`${space},`)}]`),
      tie('object'),
    ),
    members: fc
      .tuple(names, fc.array(tie('value'), { minLength: 4, maxLength: 4 }), blank)
      .map(([keys, values, space]) =>
        keys.map((key, index) => `${JSON.stringify(key)}:${space}${values[index]}`).join(),
      ),
    object: tie('members').map((members) => `{${members}}`),
  }))
  return object
}

/** Names that mean something in JavaScript. */
const NAMES = ['a', 'b', '__proto__', 'constructor', 'length', 'rawJSON', 'toJSON', '"\\']

/** As JavaScript writes it, but for its numbers. */
const settled = objectText(fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 }), fc.constant(''))

/** As somebody may write it: with names that are written twice, or that move to the front. */
const written = objectText(
  fc.array(fc.constantFrom(...NAMES, '1', '0'), { maxLength: 4 }),
  fc.constantFrom('', ' ', '\n\t'),
)

const kept = fc.property(settled, (text) => {
  expect(JSON.stringify(parseExactly(text))).toBe(text)
})

/** Its value as JavaScript has it, written anew. */
const valueOf = (text: string): string => JSON.stringify(JSON.parse(text))

const alike = fc.property(written, (text) => {
  expect(valueOf(JSON.stringify(parseExactly(text)))).toBe(valueOf(text))
})

/** As it goes over the wire and is read there. */
const sent = (value: unknown): unknown => parseExactly(JSON.stringify(value))

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(value)) return at(value[Number(step)], ...rest)
  return at(isObject(value) ? value[step] : undefined, ...rest)
}

const objectOf = (text: string): JsonObject => {
  const value = parseExactly(text)
  return isObject(value) ? value : {}
}

const facts = { extensions: new Set<string>(), takesEffort: false }
const requestFacts = { model: 'm', stream: false, maxOutputTokens: 9 }
const answerFacts = { created: 1, model: 'm', choices: 1 }

function throughChat(input: string): string {
  const call = `{"type":"tool_use","id":"t","name":"f","input":${input}}`
  const { body } = chatFromMessages(objectOf(`{"messages":[{"role":"assistant","content":[${call}]}]}`), facts)
  const answer = { choices: [{ message: at(sent(body), 'messages', 0) }] }
  return JSON.stringify(at(messageFromChat(answer, { id: 'i', model: 'm' }), 'content', 0, 'input'))
}

/** The provider answers with the call that it is told of. */
const through = (dialect: ChatDialectName, answerOf: (body: unknown) => unknown) => (input: string) => {
  const call = `{"id":"c","type":"function","function":{"name":"f","arguments":${JSON.stringify(input)}}}`
  const { request, completion } = chatDialects[dialect]
  const { body } = request(objectOf(`{"messages":[{"role":"assistant","tool_calls":[${call}]}]}`), requestFacts)
  const answer = objectOf(JSON.stringify(answerOf(sent(body))))
  return at(completion(answer, answerFacts), 'choices', 0, 'message', 'tool_calls', 0, 'function', 'arguments')
}

const ways: readonly ((input: string) => unknown)[] = [
  throughChat,
  through('anthropic-messages', (body) => at(body, 'messages', 0)),
  through('cohere-chat', (body) => ({ message: at(body, 'messages', 0) })),
  through('google-generate-content', (body) => ({ candidates: [{ content: at(body, 'contents', 0) }] })),
]

const returned = fc.property(settled, fc.constantFrom(...ways), (input, way) => {
  expect(way(input)).toBe(input)
})

const schemas: readonly ((schema: string) => unknown)[] = [
  (schema) => chatFromMessages(objectOf(`{"tools":[{"name":"f","input_schema":${schema}}]}`), facts).body,
  (schema) =>
    chatFromResponses(objectOf(`{"tools":[{"type":"function","name":"f","parameters":${schema}}]}`), facts).body,
  ...Object.values(chatDialects).map(({ request }) => (schema: string) => {
    const tools = `"tools":[{"type":"function","function":{"name":"f","parameters":${schema}}}]`
    return request(objectOf(`{"messages":[{"role":"user","content":"Hi"}],${tools}}`), requestFacts).body
  }),
]

const schema = fc.property(settled, fc.constantFrom(...schemas), (value, request) => {
  expect(JSON.stringify(request(`{"type":"object","default":${value}}`))).toContain(`"default":${value}`)
})

export const numbers = [
  fuzz('JSON comes out with its numbers as they were written', kept),
  fuzz('JSON that is not settled means the same', alike),
  fuzz('what a tool is called with comes back as it was, through every dialect', returned),
  fuzz('the schema of a tool arrives as it was, in every dialect', schema),
]
