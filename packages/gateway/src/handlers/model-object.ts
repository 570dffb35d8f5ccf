import type { Model, ModelPricing } from '@inference-gateway/protocol/models'
import type { Price } from '../kernel/prices.ts'
import type { ShownModel } from '../routing/model-listing.ts'

/**
 * One object for every client: OpenAI's members, Anthropic's (`type`, `display_name`, `created_at`) and OpenRouter's, which
 * model pickers read. Nothing is guessed: a context length that the provider does not tell is left out.
 */
export function modelObject({ price, name, ...model }: ShownModel): Model {
  const { id, object, created, owned_by, served_by, ...limits } = model
  return {
    id,
    object,
    type: 'model',
    created,
    // Anthropic's API too gives the epoch where a date is not known.
    created_at: new Date(created * 1000).toISOString(),
    owned_by,
    served_by,
    name: name ?? id,
    display_name: name ?? id,
    ...limits,
    pricing: pricingOf(price),
  }
}

/** Some clients take prices for all models or for none: an unknown one is a zero that says so. */
const unknownPricing: ModelPricing = { prompt: '0', completion: '0', known: false }

function pricingOf(price: Price | null): ModelPricing {
  if (price === null) return unknownPricing
  const { input, output, cachedInput, cacheWrite } = price
  return {
    prompt: perToken(input),
    completion: perToken(output),
    ...(cachedInput !== undefined && { input_cache_read: perToken(cachedInput) }),
    ...(cacheWrite !== undefined && { input_cache_write: perToken(cacheWrite) }),
    known: true,
  }
}

/** US dollars for a million tokens as a decimal for one, without an exponent: `0.15` is `0.00000015`. */
const perToken = (perMillion: number): string => (perMillion / 1_000_000).toFixed(15).replace(/\.?0+$/, '')
