import type { AnswerFacts } from '../chat-dialect.ts'
import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { finishReasonOf } from './ending.ts'
import { logprobsOf } from './logprobs.ts'
import { usageToChat } from './usage.ts'

/**
 * An answer as a chat completion. Thinking and the plan before calls are told as `reasoning_content`; so that a
 * conversation can go on as it was, the plan also under its own name. `citations` are Cohere's own: OpenAI's annotations
 * cite addresses, and these have none. Cohere tells neither the time nor its model.
 */
export function completionFromAnswer(answer: JsonObject, { created, model }: AnswerFacts): JsonObject {
  const message = isObject(answer['message']) ? answer['message'] : {}
  const parts = objectsIn(message['content'])
  const texts = parts.filter(({ type }) => type === 'text').map(({ text }) => textOf(text))
  const calls = objectsIn(message['tool_calls']).map(toolCall)
  const citations = objectsIn(message['citations'])
  const usage = usageToChat(answer['usage'])
  return {
    id: answer['id'],
    object: 'chat.completion',
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: texts.length === 0 ? null : texts.join(''),
          ...reasoningOf(parts, textOf(message['tool_plan'])),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
          ...(citations.length === 0 ? {} : { citations }),
        },
        logprobs: logprobsOf(answer['logprobs']),
        finish_reason: finishReasonOf(answer['finish_reason'], calls.length > 0),
      },
    ],
    ...(usage === null ? {} : { usage }),
  }
}

function reasoningOf(parts: readonly JsonObject[], plan: string): JsonObject {
  const reasoning = parts.map(({ thinking }) => textOf(thinking)).join('') + plan
  return {
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(plan === '' ? {} : { tool_plan: plan }),
  }
}

function toolCall({ id, function: called }: JsonObject): JsonObject {
  const { name, arguments: written } = isObject(called) ? called : {}
  return { id, type: 'function', function: { name, arguments: argumentsOf(written) } }
}

/** Cohere writes nothing or `null` where there are none, and chat's clients parse them. */
function argumentsOf(written: unknown): string {
  const text = textOf(written)
  return text === '' || text === 'null' ? '{}' : text
}
