import type { PriceList } from './prices.ts'

/** The day the last of these prices was looked up. Providers change them: a file (PRICES_PATH) wins over this table. */
export const pricesAsOf = '2026-10-03'

/**
 * List prices of well-known models, in US dollars for a million tokens, without discounts for batches or surcharges for
 * long contexts, priority or other regions. A model that is not here has no price. So have DeepSeek's: they change with
 * the hour of the day. Above each block stand the page its prices are published on, and the day of the copy they are from.
 */
export const priceTable: PriceList = {
  // As of 2026-10-03, https://developers.openai.com/api/docs/pricing: standard rates, prompts of up to 272,000 tokens.
  'openai/gpt-6-astra': { input: 10, output: 50, cachedInput: 1, cacheWrite: 12.5 },
  'openai/gpt-6.1-sol': { input: 2, output: 10, cachedInput: 0.1, cacheWrite: 2.5 },
  'openai/gpt-6-sol': { input: 2, output: 10, cachedInput: 0.2, cacheWrite: 2.5 },
  'openai/gpt-6-luna': { input: 0.1, output: 0.5, cachedInput: 0.01, cacheWrite: 0.125 },
  'openai/gpt-5.6-terra': { input: 2, output: 12, cachedInput: 0.2, cacheWrite: 2.5 },
  'openai/gpt-5.6-luna': { input: 0.2, output: 1.2, cachedInput: 0.02, cacheWrite: 0.25 },
  'openai/gpt-5.5': { input: 5, output: 30, cachedInput: 0.5 },
  'openai/gpt-5.5-pro': { input: 30, output: 180 },
  'openai/gpt-5.4': { input: 2.5, output: 15, cachedInput: 0.25 },
  'openai/gpt-5.4-mini': { input: 0.75, output: 4.5, cachedInput: 0.075 },
  'openai/gpt-5.4-nano': { input: 0.2, output: 1.25, cachedInput: 0.02 },
  'openai/gpt-5.4-pro': { input: 30, output: 180 },
  'openai/gpt-5.3-codex': { input: 1.75, output: 14, cachedInput: 0.175 },
  'openai/gpt-5.2': { input: 1.75, output: 14, cachedInput: 0.175 },
  'openai/gpt-5.2-pro': { input: 21, output: 168 },
  'openai/gpt-5.1': { input: 1.25, output: 10, cachedInput: 0.125 },
  'openai/gpt-5': { input: 1.25, output: 10, cachedInput: 0.125 },
  'openai/gpt-5-mini': { input: 0.25, output: 2, cachedInput: 0.025 },
  'openai/gpt-5-nano': { input: 0.05, output: 0.4, cachedInput: 0.005 },
  'openai/gpt-5-pro': { input: 15, output: 120 },
  'openai/gpt-4.1': { input: 2, output: 8, cachedInput: 0.5 },
  'openai/gpt-4.1-mini': { input: 0.4, output: 1.6, cachedInput: 0.1 },
  'openai/gpt-4.1-nano': { input: 0.1, output: 0.4, cachedInput: 0.025 },
  'openai/gpt-4o': { input: 2.5, output: 10, cachedInput: 1.25 },
  'openai/gpt-4o-2024-05-13': { input: 5, output: 15 },
  'openai/gpt-4o-mini': { input: 0.15, output: 0.6, cachedInput: 0.075 },
  'openai/gpt-3.5-turbo': { input: 0.5, output: 1.5 },
  'openai/o1': { input: 15, output: 60, cachedInput: 7.5 },
  'openai/o1-pro': { input: 150, output: 600 },
  'openai/o3': { input: 2, output: 8, cachedInput: 0.5 },
  'openai/o3-pro': { input: 20, output: 80 },
  'openai/o3-mini': { input: 1.1, output: 4.4, cachedInput: 0.55 },
  'openai/o4-mini': { input: 1.1, output: 4.4, cachedInput: 0.275 },
  'openai/text-embedding-3-small': { input: 0.02, output: 0 },
  'openai/text-embedding-3-large': { input: 0.13, output: 0 },

  // As of 2026-10-01, https://platform.claude.com/docs/en/about-claude/pricing. Older models as they were last listed.
  'anthropic/claude-fable-5-1': { input: 10, output: 50, cachedInput: 0.25, cacheWrite: 12.5, cacheWriteHour: 20 },
  'anthropic/claude-fable-5': { input: 10, output: 50, cachedInput: 1, cacheWrite: 12.5, cacheWriteHour: 20 },
  'anthropic/claude-opus-5-5': { input: 4, output: 20, cachedInput: 0.2, cacheWrite: 5, cacheWriteHour: 8 },
  'anthropic/claude-opus-5': { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
  'anthropic/claude-opus-4-8': { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
  'anthropic/claude-opus-4-7': { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
  'anthropic/claude-opus-4-6': { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
  'anthropic/claude-opus-4-5': { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
  'anthropic/claude-opus-4-1': { input: 15, output: 75, cachedInput: 1.5, cacheWrite: 18.75, cacheWriteHour: 30 },
  'anthropic/claude-opus-4': { input: 15, output: 75, cachedInput: 1.5, cacheWrite: 18.75, cacheWriteHour: 30 },
  'anthropic/claude-sonnet-5-5': { input: 2, output: 10, cachedInput: 0.2, cacheWrite: 2.5, cacheWriteHour: 4 },
  'anthropic/claude-sonnet-5': { input: 2, output: 10, cachedInput: 0.2, cacheWrite: 2.5, cacheWriteHour: 4 },
  'anthropic/claude-sonnet-4-6': { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6 },
  'anthropic/claude-sonnet-4-5': { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6 },
  'anthropic/claude-sonnet-4': { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6 },
  'anthropic/claude-haiku-4-5': { input: 1, output: 5, cachedInput: 0.1, cacheWrite: 1.25, cacheWriteHour: 2 },
  'anthropic/claude-3-7-sonnet': { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6 },
  'anthropic/claude-3-5-haiku': { input: 0.8, output: 4, cachedInput: 0.08, cacheWrite: 1, cacheWriteHour: 1.6 },
  'anthropic/claude-3-haiku': { input: 0.25, output: 1.25, cachedInput: 0.03, cacheWrite: 0.3, cacheWriteHour: 0.5 },

  // As of 2026-10-03, https://console.groq.com/docs/models.
  'groq/openai/gpt-oss-120b': { input: 0.15, output: 0.6 },
  'groq/openai/gpt-oss-20b': { input: 0.075, output: 0.3 },
  'groq/qwen/qwen3.8-27b': { input: 0.8, output: 4 },

  // As of 2026-10-03, https://ai.google.dev/gemini-api/docs/pricing: text, prompts of up to 200,000 tokens. 3.6 to 3.8 Flash
  // cost twice as much from 2027 on.
  'google/gemini-3.8-flash': { input: 0.75, output: 3.75, cachedInput: 0.075 },
  'google/gemini-3.7-flash': { input: 0.75, output: 3.75, cachedInput: 0.075 },
  'google/gemini-3.6-flash': { input: 0.75, output: 3.75, cachedInput: 0.075 },
  'google/gemini-3.5-flash': { input: 1.5, output: 9, cachedInput: 0.15 },
  'google/gemini-3.5-flash-lite': { input: 0.3, output: 2.5, cachedInput: 0.03 },
  'google/gemini-3.1-pro-preview': { input: 2, output: 12, cachedInput: 0.2 },
  'google/gemini-3.1-flash-lite': { input: 0.25, output: 1.5, cachedInput: 0.025 },
  'google/gemini-3-flash-preview': { input: 0.5, output: 3, cachedInput: 0.05 },
  'google/gemini-2.5-pro': { input: 1.25, output: 10, cachedInput: 0.125 },
  'google/gemini-2.5-flash': { input: 0.3, output: 2.5, cachedInput: 0.03 },
  'google/gemini-2.5-flash-lite': { input: 0.1, output: 0.4, cachedInput: 0.01 },

  // As of 2026-10-03, https://cohere.com/pricing. Command A is not listed there with a price for tokens.
  'cohere/command-r-plus-08-2024': { input: 2.5, output: 10 },
  'cohere/command-r-08-2024': { input: 0.15, output: 0.6 },
  'cohere/command-r7b-12-2024': { input: 0.0375, output: 0.15 },

  // As of 2026-09-29, https://docs.x.ai/docs/models: prompts of up to 200,000 tokens.
  'xai/grok-4.7': { input: 2, output: 6, cachedInput: 0.5 },
  'xai/grok-4.6': { input: 2, output: 6, cachedInput: 0.5 },
  'xai/grok-4.3': { input: 1.25, output: 2.5, cachedInput: 0.2 },

  // As of 2026-10-03, https://mistral.ai/pricing/api.
  'mistral/mistral-medium-latest': { input: 1.5, output: 7.5, cachedInput: 0.15 },
  'mistral/mistral-small-latest': { input: 0.15, output: 0.6, cachedInput: 0.015 },
  'mistral/mistral-large-latest': { input: 0.5, output: 1.5, cachedInput: 0.05 },
  'mistral/codestral-latest': { input: 0.3, output: 0.9, cachedInput: 0.03 },
  'mistral/ministral-3b-latest': { input: 0.1, output: 0.1, cachedInput: 0.01 },
  'mistral/ministral-8b-latest': { input: 0.15, output: 0.15, cachedInput: 0.015 },
  'mistral/ministral-14b-latest': { input: 0.2, output: 0.2, cachedInput: 0.02 },
}
