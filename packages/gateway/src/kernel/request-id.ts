import type { Exchange } from './exchange.ts'

/**
 * The id an answer carries: the client's own where it sent one, else the one the provider gave (its support asks for it),
 * else ours. Anthropic calls its header `request-id`.
 */
export function answerId({ id, headers }: Pick<Exchange, 'id' | 'headers'>, answered: Headers): string {
  if (headers.get('x-request-id') === id) return id
  return answered.get('x-request-id') ?? answered.get('request-id') ?? id
}
