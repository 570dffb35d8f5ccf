import { isObject, type JsonObject } from '../json.ts'

/** The token counts of a message. `input_tokens` leaves out what was read from a cache or written to it. */
export interface MessageUsage {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number
  readonly cache_read_input_tokens: number
  readonly output_tokens: number
}

/** A chat's usage as a message's; zeros where the provider told nothing. */
export function usageFromChat(value: unknown): MessageUsage {
  const usage = isObject(value) ? value : {}
  const details = isObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {}
  const input = count(usage['prompt_tokens'])
  // DeepSeek, Moonshot and Together count cached tokens in places of their own.
  const cached = count(details['cached_tokens'] ?? usage['prompt_cache_hit_tokens'] ?? usage['cached_tokens'])
  const written = count(details['cache_write_tokens'])
  return {
    input_tokens: Math.max(0, input - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    // xAI and Google count reasoning in the total only.
    output_tokens: Math.max(count(usage['completion_tokens']), count(usage['total_tokens']) - input),
  }
}

/** A message's usage as a chat's: there, `prompt_tokens` is everything that went in. */
export function usageToChat(value: unknown): JsonObject {
  const usage = isObject(value) ? value : {}
  const details = isObject(usage['output_tokens_details']) ? usage['output_tokens_details'] : {}
  const cached = count(usage['cache_read_input_tokens'])
  const written = count(usage['cache_creation_input_tokens'])
  const input = count(usage['input_tokens']) + cached + written
  const output = count(usage['output_tokens'])
  const writes = isObject(usage['cache_creation']) ? usage['cache_creation'] : {}
  const hour = count(writes['ephemeral_1h_input_tokens'])
  const { thinking_tokens: reasoning } = details
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: cached,
      cache_write_tokens: written,
      // Billed apart from what is kept for five minutes.
      ...(hour > 0 && { cache_write_1h_tokens: hour }),
    },
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: count(reasoning) } }),
  }
}

const count = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0)
