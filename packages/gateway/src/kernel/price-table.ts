import type { PriceList } from './prices.ts'

/** The day these prices were looked up. Providers change them: a file (PRICES_PATH) wins over this table. */
export const pricesAsOf = '2025-11-01'

/**
 * List prices of well-known models, in US dollars for a million tokens, without discounts for batches or surcharges for
 * long contexts. A model that is not here has no price. From the providers' own pages: openai.com/api/pricing,
 * claude.com/pricing, groq.com/pricing, ai.google.dev/pricing, cohere.com/pricing, api-docs.deepseek.com.
 */
export const priceTable: PriceList = {
  'openai/gpt-5': { input: 1.25, output: 10, cachedInput: 0.125 },
  'openai/gpt-5-mini': { input: 0.25, output: 2, cachedInput: 0.025 },
  'openai/gpt-5-nano': { input: 0.05, output: 0.4, cachedInput: 0.005 },
  'openai/gpt-4.1': { input: 2, output: 8, cachedInput: 0.5 },
  'openai/gpt-4.1-mini': { input: 0.4, output: 1.6, cachedInput: 0.1 },
  'openai/gpt-4.1-nano': { input: 0.1, output: 0.4, cachedInput: 0.025 },
  'openai/gpt-4o': { input: 2.5, output: 10, cachedInput: 1.25 },
  'openai/gpt-4o-2024-05-13': { input: 5, output: 15 },
  'openai/gpt-4o-mini': { input: 0.15, output: 0.6, cachedInput: 0.075 },
  'openai/gpt-3.5-turbo': { input: 0.5, output: 1.5 },
  'openai/o1': { input: 15, output: 60, cachedInput: 7.5 },
  'openai/o3': { input: 2, output: 8, cachedInput: 0.5 },
  'openai/o3-mini': { input: 1.1, output: 4.4, cachedInput: 0.55 },
  'openai/o4-mini': { input: 1.1, output: 4.4, cachedInput: 0.275 },
  'openai/text-embedding-3-small': { input: 0.02, output: 0 },
  'openai/text-embedding-3-large': { input: 0.13, output: 0 },
  'anthropic/claude-opus-4-1': { input: 15, output: 75, cachedInput: 1.5, cacheWrite: 18.75 },
  'anthropic/claude-opus-4': { input: 15, output: 75, cachedInput: 1.5, cacheWrite: 18.75 },
  'anthropic/claude-sonnet-4-5': { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75 },
  'anthropic/claude-sonnet-4': { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75 },
  'anthropic/claude-haiku-4-5': { input: 1, output: 5, cachedInput: 0.1, cacheWrite: 1.25 },
  'anthropic/claude-3-7-sonnet': { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75 },
  'anthropic/claude-3-5-haiku': { input: 0.8, output: 4, cachedInput: 0.08, cacheWrite: 1 },
  'anthropic/claude-3-haiku': { input: 0.25, output: 1.25, cachedInput: 0.03, cacheWrite: 0.3 },
  'groq/llama-3.3-70b-versatile': { input: 0.59, output: 0.79 },
  'groq/llama-3.1-8b-instant': { input: 0.05, output: 0.08 },
  'google/gemini-2.5-flash': { input: 0.3, output: 2.5, cachedInput: 0.03 },
  'google/gemini-2.5-flash-lite': { input: 0.1, output: 0.4, cachedInput: 0.01 },
  'google/gemini-2.0-flash': { input: 0.1, output: 0.4, cachedInput: 0.025 },
  'cohere/command-a-03-2025': { input: 2.5, output: 10 },
  'cohere/command-r-plus-08-2024': { input: 2.5, output: 10 },
  'cohere/command-r-08-2024': { input: 0.15, output: 0.6 },
  'deepseek/deepseek-chat': { input: 0.28, output: 0.42, cachedInput: 0.028 },
  'deepseek/deepseek-reasoner': { input: 0.28, output: 0.42, cachedInput: 0.028 },
}
