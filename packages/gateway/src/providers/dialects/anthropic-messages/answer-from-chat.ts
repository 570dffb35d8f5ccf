import { callPieceOf, canBegin, extraContent, groqUsage, wordsOf } from '../chat-pieces.ts'
import { isObject, type JsonObject, objectsIn, parseObject, textOf } from '../json.ts'
import { endingFromChat } from './stop-reason.ts'
import { usageFromChat } from './usage.ts'

/** What is told of a message whose provider does not say it. */
export interface MessageFacts {
  /** Nobody else's. */
  readonly id: string
  readonly model: string
}

/** A chat completion as a message. Of several choices the first is told: a message is one answer. Never throws. */
export function messageFromChat(completion: unknown, facts: MessageFacts): JsonObject {
  const answer = isObject(completion) ? completion : {}
  const [choice = {}] = objectsIn(answer['choices'])
  const message = isObject(choice['message']) ? choice['message'] : {}
  const id = textOf(answer['id']) || facts.id
  const refusal = textOf(message['refusal'])
  const calls = objectsIn(message['tool_calls']).filter((call) => canBegin(callPieceOf(call)))
  const { thinking, text } = wordsOf(message)
  return {
    id,
    type: 'message',
    role: 'assistant',
    model: textOf(answer['model']) || facts.model,
    content: [
      ...thinkingBlocks(message, thinking),
      ...(text + refusal === '' ? [] : [{ type: 'text', text: text + refusal }]),
      ...calls.map((call, index) => toolUse(call, toolUseId(distinctId(calls, index), facts.id, index))),
    ],
    ...endingFromChat({
      finishReason: choice['finish_reason'],
      callsTools: calls.length > 0,
      isRefusal: refusal !== '',
      stopSequence: choice['stop_reason'],
    }),
    usage: usageFromChat(answer['usage'] ?? groqUsage(answer)),
  }
}

/** Anthropic's own blocks, with their signatures, where the provider kept them; else the reasoning, unsigned. */
function thinkingBlocks({ thinking_blocks: blocks }: JsonObject, thinking: string): readonly JsonObject[] {
  const signed = objectsIn(blocks)
  if (signed.length > 0) return signed
  return thinking === '' ? [] : [{ type: 'thinking', thinking, signature: '' }]
}

/** Some providers give several calls the same id: then nobody could tell their results apart. */
function distinctId(calls: readonly JsonObject[], index: number): string {
  const ids = calls.map(({ id }) => textOf(id))
  const id = textOf(ids[index])
  return ids.indexOf(id) === index ? id : ''
}

function toolUse(call: JsonObject, id: string): JsonObject {
  const called = isObject(call['function']) ? call['function'] : {}
  const written = textOf(called['arguments']).trim()
  return {
    type: 'tool_use',
    id,
    name: textOf(called['name']),
    input: inputOf(written),
    ...extraContent(call),
  }
}

/** Arguments that are no JSON object still reach the client, which alone can say what they are good for. */
const inputOf = (written: string): JsonObject =>
  written === '' || written === 'null' ? {} : (parseObject(written) ?? { arguments: written })

/** Some providers give none. Anthropic's API takes letters, digits, `_` and `-`. */
export const toolUseId = (id: string, messageId: string, index: number): string =>
  id === '' ? `toolu_${messageId.replaceAll(/[^\w-]/g, '_')}_${index}` : id
