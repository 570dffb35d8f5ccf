import type { TokenUsage } from './events.ts'

/** What a model costs, in US dollars for a million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
  /** Input the provider had in its cache; like other input where nothing is said. */
  readonly cachedInput?: number
  /** Input written to the provider's cache; like other input where nothing is said. */
  readonly cacheWrite?: number
  /** The same, to be kept for an hour; like `cacheWrite` where nothing is said. */
  readonly cacheWriteHour?: number
  /** Output that was reasoning; like other output where nothing is said. */
  readonly reasoning?: number
}

/** The price of a provider's model; `null` when nobody has said one. That is not the same as nothing. */
export type PriceOf = (provider: string, model: string) => Price | null

/** Prices by `provider/model`; `null` takes a price away. */
export type PriceList = Readonly<Record<string, Price | null>>

const MILLION = 1_000_000

/** What these tokens cost, in US dollars: each class of them by its own price. */
export function costUsd(usage: TokenUsage, price: Price): number {
  const { input, output, cached = 0, cacheWritten = 0, cacheWrittenHour = 0, reasoning = 0 } = usage
  const { cachedInput = price.input, cacheWrite = price.input, cacheWriteHour = cacheWrite } = price
  const fresh = Math.max(0, input - cached - cacheWritten)
  const writtenShort = Math.max(0, cacheWritten - cacheWrittenHour)
  const told = Math.max(0, output - reasoning)
  const written = writtenShort * cacheWrite + cacheWrittenHour * cacheWriteHour
  const out = told * price.output + reasoning * (price.reasoning ?? price.output)
  return (fresh * price.input + cached * cachedInput + written + out) / MILLION
}

/** Snapshots cost what the model costs they are of, unless they have a price of their own. */
const SNAPSHOT = /-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest)$/

/** Looks prices up in lists, the first that knows the model first. */
export function priceLookup(...lists: readonly PriceList[]): PriceOf {
  const prices = new Map(lists.toReversed().flatMap((list) => Object.entries(list)))
  return (provider, model) => {
    const key = `${provider}/${model}`
    const own = prices.get(key)
    return own === undefined ? (prices.get(key.replace(SNAPSHOT, '')) ?? null) : own
  }
}
