import type { CompletionUsage } from '@inference-gateway/protocol/chat'
import { answerTokens, type Answer } from './answer.ts'
import type { ChatRequest, Message } from './request.ts'
import { countTokens } from './tokens.ts'

/** What a message costs beside its text: its role and where it ends. */
const TOKENS_PER_MESSAGE = 3

/** The tokens of an exchange. Every choice is paid for, the prompt once. */
export function usageOf(request: ChatRequest, answer: Answer): CompletionUsage {
  const { output, reasoning } = answerTokens(answer)
  const promptTokens = countPrompt(request)
  const completionTokens = output * request.choiceCount
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning * request.choiceCount },
  }
}

function countPrompt({ messages, tools }: ChatRequest): number {
  const described = tools.length === 0 ? 0 : countTokens(JSON.stringify(tools))
  return messages.reduce((sum, message) => sum + countMessage(message), described)
}

function countMessage({ text, calls }: Message): number {
  const called = calls.reduce((sum, call) => sum + countTokens(call.name), 0)
  return TOKENS_PER_MESSAGE + countTokens(text) + called
}
