import type { TokenUsage } from '../kernel/events.ts'
import { countsIn } from '../providers/dialects/token-counts.ts'

/** Groq's place for usage is its own, and Moonshot's is in the choice. */
interface Answer {
  readonly usage?: unknown
  readonly x_groq?: { readonly usage?: unknown } | null
  readonly choices?: readonly ({ readonly usage?: unknown } | null)[] | null
}

/** The token counts in an answer or a chunk of one, wherever its provider puts them. `null` when it has none. */
export function usageOf(answer: unknown): TokenUsage | null {
  if (typeof answer !== 'object' || answer === null) return null
  const { usage, x_groq: groq, choices } = answer as Answer // every member is checked by countsIn
  return (
    toTokenUsage(usage) ?? toTokenUsage(groq?.usage) ?? toTokenUsage(Array.isArray(choices) ? choices[0]?.usage : null)
  )
}

function toTokenUsage(value: unknown): TokenUsage | null {
  const counts = countsIn(value)
  if (counts === null) return null
  const { input, output, cached, written, writtenHour, reasoning } = counts
  return {
    input,
    output,
    total: input + output,
    ...(cached === null ? {} : { cached }),
    ...(written === null ? {} : { cacheWritten: written }),
    ...(writtenHour === null ? {} : { cacheWrittenHour: writtenHour }),
    ...(reasoning === null ? {} : { reasoning }),
  }
}
