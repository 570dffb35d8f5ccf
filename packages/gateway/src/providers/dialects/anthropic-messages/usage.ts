import { count, isObject, type JsonObject } from '../json.ts'
import { countsIn } from '../token-counts.ts'

/** The token counts of a message. `input_tokens` leaves out what was read from a cache or written to it. */
export interface MessageUsage {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number
  readonly cache_read_input_tokens: number
  readonly output_tokens: number
}

/** A chat's usage as a message's; zeros where the provider told nothing. */
export function usageFromChat(value: unknown): MessageUsage {
  const counts = countsIn(value)
  const { input = 0, output = 0 } = counts ?? {}
  const [cached, written] = [counts?.cached ?? 0, counts?.written ?? 0]
  return {
    input_tokens: Math.max(0, input - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: output,
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
