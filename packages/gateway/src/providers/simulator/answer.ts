import { countTokens, firstTokens } from './tokens.ts'

export interface ToolCall {
  readonly name: string
  /** JSON, as it goes over the wire. */
  readonly arguments: string
}

/**
 * All the simulator says, decided before the first byte leaves. The streamed and the plain reply are both printed from
 * it, so they cannot differ.
 */
export interface Answer {
  /** Told before the content as `reasoning_content`; empty for models that do not think aloud. */
  readonly reasoning: string
  /** `null` when the answer is tool calls, as at OpenAI. */
  readonly content: string | null
  readonly calls: readonly ToolCall[]
  readonly finishReason: 'stop' | 'length' | 'tool_calls'
}

export function textAnswer(content: string, reasoning = ''): Answer {
  return { reasoning, content, calls: [], finishReason: 'stop' }
}

export function callAnswer(calls: readonly ToolCall[]): Answer {
  return { reasoning: '', content: '', calls, finishReason: 'tool_calls' }
}

const countCall = (call: ToolCall) => countTokens(call.name) + countTokens(call.arguments)

/** Tokens of the whole answer; its reasoning is part of `output`, as at OpenAI. */
export function answerTokens(answer: Answer): { readonly output: number; readonly reasoning: number } {
  const reasoning = countTokens(answer.reasoning)
  const calls = answer.calls.reduce((sum, call) => sum + countCall(call), 0)
  return { output: reasoning + countTokens(answer.content ?? '') + calls, reasoning }
}

/** Ends the content before the first stop sequence. Reasoning and arguments are not searched. */
export function stopAt(answer: Answer, stops: readonly string[]): Answer {
  const { content } = answer
  if (content === null) return answer
  const ends = stops.map((stop) => content.indexOf(stop)).filter((end) => end !== -1)
  return ends.length === 0 ? answer : { ...answer, content: content.slice(0, Math.min(...ends)) }
}

/** Cuts the answer to `limit` tokens, in the order it is told. What is cut short finishes with `length`. */
export function limitTo(answer: Answer, limit: number): Answer {
  if (limit === Infinity || answerTokens(answer).output <= limit) return answer
  const reasoning = firstTokens(answer.reasoning, limit)
  let left = limit - countTokens(reasoning)
  const content = answer.content === null ? null : firstTokens(answer.content, left)
  left -= countTokens(content ?? '')
  const calls: ToolCall[] = []
  for (const call of answer.calls) {
    left -= countTokens(call.name)
    if (left < 0) break
    calls.push({ name: call.name, arguments: firstTokens(call.arguments, left) })
    left -= countTokens(call.arguments)
  }
  return { reasoning, content, calls, finishReason: 'length' }
}
