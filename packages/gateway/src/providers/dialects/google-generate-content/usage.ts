import { numberOf } from '../exact-json.ts'
import { count, isObject, type JsonObject } from '../json.ts'

/** Google's counts as a chat's usage; `null` where there are none. Thinking is counted apart from the answer there. */
export function usageToChat(value: unknown): JsonObject | null {
  const usage = isObject(value) ? value : {}
  if (numberOf(usage['promptTokenCount'] ?? usage['totalTokenCount']) === null) return null
  const input = count(usage['promptTokenCount']) + count(usage['toolUsePromptTokenCount'])
  const reasoning = count(usage['thoughtsTokenCount'])
  const output = count(usage['candidatesTokenCount']) + reasoning
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: count(usage['totalTokenCount']) || input + output,
    prompt_tokens_details: { cached_tokens: count(usage['cachedContentTokenCount']) },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}
