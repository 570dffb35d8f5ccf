import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { finishReasonOf } from './stop-reason.ts'
import { usageToChat } from './usage.ts'

/**
 * A message as a chat completion. Thinking is told as `reasoning_content`; with its signatures, which have to come back
 * unchanged, it stands in `thinking_blocks`. `created` is in Unix seconds: a message has no time. Never throws.
 */
export function completionFromMessage(answer: unknown, created: number): JsonObject {
  const message = isObject(answer) ? answer : {}
  const blocks = objectsIn(message['content'])
  const texts = blocks.filter(({ type }) => type === 'text').map(({ text }) => textOf(text))
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(toolCall)
  const stopSequence = message['stop_sequence'] ?? null
  return {
    id: message['id'],
    object: 'chat.completion',
    created,
    model: message['model'],
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: texts.length === 0 ? null : texts.join(''),
          ...reasoningOf(blocks),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finishReasonOf(message['stop_reason']),
        // Where vLLM and its kin tell it.
        ...(stopSequence === null ? {} : { stop_reason: stopSequence }),
      },
    ],
    usage: usageToChat(message['usage']),
  }
}

function toolCall({ id, name, input, extra_content: extra }: JsonObject): JsonObject {
  const called = { name, arguments: JSON.stringify(input ?? {}) }
  return { id, type: 'function', function: called, ...(isObject(extra) ? { extra_content: extra } : {}) }
}

function reasoningOf(blocks: readonly JsonObject[]): JsonObject {
  const thinking = blocks.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking')
  if (thinking.length === 0) return {}
  return {
    reasoning_content: thinking.map((block) => textOf(block['thinking'])).join(''),
    thinking_blocks: thinking,
  }
}
