import { numberOf } from './exact-json.ts'
import { isObject, type JsonObject } from './json.ts'

/** The tokens of an answer. `null`: its provider does not tell. */
export interface TokenCounts {
  /** All that went in, what was read from a cache included. */
  readonly input: number
  /** All that came out, reasoning included. */
  readonly output: number
  readonly cached: number | null
  readonly written: number | null
  /** Of `written`, what is kept for an hour: Anthropic bills it apart. */
  readonly writtenHour: number | null
  readonly reasoning: number | null
}

/**
 * The counts in a chat's `usage`, or in that of responses, pictures and transcripts, wherever a provider puts them. `null`:
 * there are none.
 */
export function countsIn(usage: unknown): TokenCounts | null {
  if (!isObject(usage)) return null
  const asked = count(usage['prompt_tokens']) ?? count(usage['input_tokens'])
  const answered = count(usage['completion_tokens']) ?? count(usage['output_tokens'])
  if (asked === null && answered === null) return null
  const prompt = detailsOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details'])
  const completion = detailsOf(usage['completion_tokens_details'] ?? usage['output_tokens_details'])
  const [input, output] = [asked ?? 0, answered ?? 0]
  // In the total only: what xAI's and Google's models thought, and the sound that Mistral's heard.
  const more = Math.max(0, (count(usage['total_tokens']) ?? 0) - input - output)
  const isSound = more > 0 && count(prompt['audio_tokens']) === more
  return {
    input: isSound ? input + more : input,
    output: isSound ? output : output + more,
    // DeepSeek, Moonshot, Together and Mistral have places of their own.
    cached:
      count(prompt['cached_tokens']) ??
      count(usage['prompt_cache_hit_tokens']) ??
      count(usage['cached_tokens']) ??
      count(usage['num_cached_tokens']),
    written: count(prompt['cache_write_tokens']),
    writtenHour: count(prompt['cache_write_1h_tokens']),
    reasoning: count(completion['reasoning_tokens']),
  }
}

const detailsOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

function count(value: unknown): number | null {
  const number = numberOf(value)
  return number !== null && Number.isFinite(number) && number >= 0 ? number : null
}
