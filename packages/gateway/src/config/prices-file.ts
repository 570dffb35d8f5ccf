import type { Price, PriceList } from '../kernel/prices.ts'

export interface PricesFile {
  readonly prices: PriceList
  readonly problems: readonly string[]
}

/** The members of a price and what each is in ours. All are US dollars for a million tokens. */
const CLASSES = {
  input: 'input',
  output: 'output',
  cached_input: 'cachedInput',
  cache_write: 'cacheWrite',
  cache_write_1h: 'cacheWriteHour',
  reasoning: 'reasoning',
} as const satisfies Record<string, keyof Price>

/**
 * Reads a file of prices: `{"openai/gpt-4o": {"input": 2.5, "output": 10, "cached_input": 1.25}, …}`. `null` instead of a
 * price takes the built-in one away. `path` names the file in problems.
 */
export function parsePrices(text: string, path: string): PricesFile {
  const file = parse(text)
  if (!isObject(file))
    return { prices: {}, problems: [`${path}: expected a JSON object of prices, by \`provider/model\``] }
  const read = Object.entries(file).map(([model, value]) => Object.assign({ model }, readPrice(value)))
  return {
    prices: Object.fromEntries(read.map(({ model, price }) => [model, price])),
    problems: read.flatMap(({ model, problem }) => {
      const named = model.includes('/') ? problem : 'expected a name such as openai/gpt-4o'
      return named === null ? [] : [`${path}: ${model}: ${named}`]
    }),
  }
}

function readPrice(value: unknown): { readonly price: Price | null; readonly problem: string | null } {
  if (value === null) return { price: null, problem: null }
  if (!isObject(value)) return { price: null, problem: 'expected an object with `input` and `output`' }
  const unknown = Object.keys(value).find((name) => !(name in CLASSES))
  if (unknown !== undefined)
    return { price: null, problem: `${unknown}: expected one of ${Object.keys(CLASSES).join(', ')}` }
  const wrong = Object.entries(value).find(([, amount]) => !isAmount(amount))
  if (wrong !== undefined) return { price: null, problem: `${wrong[0]}: expected US dollars for a million tokens` }
  const { input, output } = value
  if (!isAmount(input) || !isAmount(output)) return { price: null, problem: 'expected `input` and `output`' }
  const named = Object.entries(CLASSES).map(([name, own]) => [own, value[name]] as const)
  const others = Object.fromEntries(named.filter(([, amount]) => isAmount(amount)))
  return { price: { ...others, input, output }, problem: null }
}

const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
