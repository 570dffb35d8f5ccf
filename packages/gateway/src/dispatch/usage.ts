import type { CompletionUsage } from '@inference-gateway/protocol/chat'
import type { TokenUsage } from '../kernel/events.ts'

/** What providers add to OpenAI's usage, each in its own place. */
interface ProviderUsage extends CompletionUsage {
  readonly input_tokens?: number // OpenAI: responses, images, transcripts
  readonly output_tokens?: number
  readonly input_tokens_details?: { readonly cached_tokens?: number } | null
  readonly output_tokens_details?: { readonly reasoning_tokens?: number } | null
  readonly prompt_tokens_details?: {
    readonly cached_tokens?: number
    readonly cache_write_tokens?: number
    readonly cache_write_1h_tokens?: number // ours: Anthropic bills it apart
  } | null
  readonly prompt_cache_hit_tokens?: number // DeepSeek
  readonly cached_tokens?: number // Moonshot, Together
}

interface Answer {
  readonly usage?: unknown
  readonly x_groq?: { readonly usage?: unknown } | null
  readonly choices?: readonly ({ readonly usage?: unknown } | null)[] | null
}

/** The token counts in an answer or a chunk of one, wherever its provider puts them. `null` when it has none. */
export function usageOf(answer: unknown): TokenUsage | null {
  if (typeof answer !== 'object' || answer === null) return null
  const { usage, x_groq: groq, choices } = answer as Answer // every member is checked below
  return (
    toTokenUsage(usage) ?? toTokenUsage(groq?.usage) ?? toTokenUsage(Array.isArray(choices) ? choices[0]?.usage : null)
  )
}

function toTokenUsage(value: unknown): TokenUsage | null {
  if (typeof value !== 'object' || value === null) return null
  const usage = value as ProviderUsage // every member is read through count()
  const input = count(usage.prompt_tokens) ?? count(usage.input_tokens)
  const completion = count(usage.completion_tokens) ?? count(usage.output_tokens)
  if (input === null && completion === null) return null
  // xAI and Google count reasoning in the total only.
  const total = Math.max(count(usage.total_tokens) ?? 0, (input ?? 0) + (completion ?? 0))
  const cached =
    count(usage.prompt_tokens_details?.cached_tokens) ??
    count(usage.input_tokens_details?.cached_tokens) ??
    count(usage.prompt_cache_hit_tokens) ??
    count(usage.cached_tokens)
  const cacheWritten = count(usage.prompt_tokens_details?.cache_write_tokens)
  const cacheWrittenHour = count(usage.prompt_tokens_details?.cache_write_1h_tokens)
  const reasoning =
    count(usage.completion_tokens_details?.reasoning_tokens) ?? count(usage.output_tokens_details?.reasoning_tokens)
  return {
    input: input ?? 0,
    output: total - (input ?? 0),
    total,
    ...(cached === null ? {} : { cached }),
    ...(cacheWritten === null ? {} : { cacheWritten }),
    ...(cacheWrittenHour === null ? {} : { cacheWrittenHour }),
    ...(reasoning === null ? {} : { reasoning }),
  }
}

const count = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null
