import { count, isObject, type JsonObject } from '../json.ts'

/**
 * An answer's usage as a chat's; `null`: it was not told. What the model read and wrote is counted, not what is billed:
 * `billed_units` leaves out Cohere's own part of the prompt. The tokens of pictures stand beside `input_tokens`, not in
 * them; in chat, `prompt_tokens` is everything that went in.
 */
export function usageToChat(usage: unknown): JsonObject | null {
  if (!isObject(usage) || !isObject(usage['tokens'])) return null
  const {
    input_tokens: input,
    output_tokens: output,
    image_tokens: image,
    reasoning_tokens: reasoning,
  } = usage['tokens']
  const prompt = count(input) + count(image)
  const completion = count(output)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: count(usage['cached_tokens']),
      ...(image === undefined ? {} : { image_tokens: count(image) }),
    },
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: count(reasoning) } }),
  }
}
