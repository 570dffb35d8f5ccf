import type { TokenUsage } from './events.ts'

/** What a model costs, in US dollars for a million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
  /** Input the provider had in its cache; like other input where nothing is said. */
  readonly cachedInput?: number
  /** Input written to the provider's cache; like other input where nothing is said. */
  readonly cacheWrite?: number
}

/** The price of a provider's model; `null` when nobody has said one. That is not the same as nothing. */
export type PriceOf = (provider: string, model: string) => Price | null

/** Prices by `provider/model`; `null` takes a price away. */
export type PriceList = Readonly<Record<string, Price | null>>

const MILLION = 1_000_000

/** What these tokens cost, in US dollars. */
export function costUsd({ input, output, cached = 0, cacheWritten = 0 }: TokenUsage, price: Price): number {
  const fresh = Math.max(0, input - cached - cacheWritten)
  const { cachedInput = price.input, cacheWrite = price.input } = price
  return (fresh * price.input + cached * cachedInput + cacheWritten * cacheWrite + output * price.output) / MILLION
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
