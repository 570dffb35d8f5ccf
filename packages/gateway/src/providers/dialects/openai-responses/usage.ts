import { isObject, type JsonObject } from '../json.ts'

/** A chat's usage as a response's; zeros where the provider told nothing. */
export function usageFromChat(value: unknown): JsonObject {
  const usage = isObject(value) ? value : {}
  const prompt = isObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {}
  const completion = isObject(usage['completion_tokens_details']) ? usage['completion_tokens_details'] : {}
  const input = count(usage['prompt_tokens'])
  // xAI and Google count reasoning in the total only.
  const total = Math.max(count(usage['total_tokens']), input + count(usage['completion_tokens']))
  // DeepSeek, Moonshot and Together count cached tokens in places of their own.
  const cached = count(prompt['cached_tokens'] ?? usage['prompt_cache_hit_tokens'] ?? usage['cached_tokens'])
  const written = count(prompt['cache_write_tokens'])
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, ...(written > 0 && { cache_write_tokens: written }) },
    output_tokens: total - input,
    output_tokens_details: { reasoning_tokens: count(completion['reasoning_tokens']) },
    total_tokens: total,
  }
}

const count = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0)
