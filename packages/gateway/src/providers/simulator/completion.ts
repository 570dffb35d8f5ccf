import type { CompletionUsage } from '@inference-gateway/protocol/chat'
import type { Answer } from './answer.ts'

/** One answer on its way to the client, with all that its printed forms share. */
export interface Completion {
  readonly id: string
  /** Unix seconds. */
  readonly created: number
  readonly model: string
  readonly answer: Answer
  /** OpenAI's `n`. Every choice gives the same answer; only the ids of its tool calls are its own. */
  readonly choiceCount: number
  readonly usage: CompletionUsage
}

/** What every printed form begins with. */
export function envelope({ id, created, model }: Completion, object: 'chat.completion' | 'chat.completion.chunk') {
  return { id, object, created, model, system_fingerprint: 'simulator' }
}

export function callId({ id }: Completion, choice: number, call: number): string {
  return `call_${id.slice(id.indexOf('-') + 1)}_${choice}${call}`
}

/** The plain reply: OpenAI's chat completion object. */
export function completionBody(completion: Completion) {
  const { answer, choiceCount, usage } = completion
  const choices = Array.from({ length: choiceCount }, (_, index) => ({
    index,
    message: {
      role: 'assistant',
      content: answer.content,
      refusal: null,
      ...(answer.reasoning === '' ? {} : { reasoning_content: answer.reasoning }),
      ...(answer.calls.length === 0 ? {} : { tool_calls: toolCalls(completion, index) }),
    },
    logprobs: null,
    finish_reason: answer.finishReason,
  }))
  return { ...envelope(completion, 'chat.completion'), choices, usage }
}

function toolCalls(completion: Completion, choice: number) {
  return completion.answer.calls.map((call, index) => ({
    id: callId(completion, choice, index),
    type: 'function',
    function: call,
  }))
}
