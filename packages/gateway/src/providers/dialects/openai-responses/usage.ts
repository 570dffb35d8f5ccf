import type { JsonObject } from '../json.ts'
import { countsIn } from '../token-counts.ts'

/** A chat's usage as a response's; zeros where the provider told nothing. */
export function usageFromChat(value: unknown): JsonObject {
  const { input = 0, output = 0, cached = null, written = null, reasoning = null } = countsIn(value) ?? {}
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached ?? 0, ...(written !== null && { cache_write_tokens: written }) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning ?? 0 },
    total_tokens: input + output,
  }
}
