import { badRequest } from './refusal.ts'

/** What a caller may set behind the model's name: `lorem?tokens=300&tps=50`. Absent ones are undefined. */
export interface Knobs {
  /** Length of `lorem` in tokens. */
  readonly tokens?: number
  /** Tokens per second; 0 waits for nothing. */
  readonly tps?: number
  /** Milliseconds to the first token. */
  readonly ttft?: number
}

const ranges: Readonly<Record<string, { readonly least: number; readonly most: number; readonly whole: boolean }>> = {
  tokens: { least: 1, most: 1_000_000, whole: true },
  tps: { least: 0, most: 100_000, whole: false },
  ttft: { least: 0, most: 600_000, whole: true },
}

/** Reads the query behind a model's name. Throws a Refusal with status 400 that names what is wrong. */
export function readKnobs(query: string): Knobs {
  const knobs: Record<string, number> = {}
  for (const [name, text] of new URLSearchParams(query)) {
    const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined
    if (range === undefined) {
      throw badRequest(`"${name}" cannot be set. Known are: ${Object.keys(ranges).join(', ')}.`, 'model')
    }
    const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN
    const inRange = value >= range.least && value <= range.most && (!range.whole || Number.isInteger(value))
    if (!inRange) {
      const kind = range.whole ? 'whole number' : 'number'
      throw badRequest(`${name} must be a ${kind} from ${range.least} to ${range.most}, not "${text}".`, 'model')
    }
    knobs[name] = value
  }
  return knobs
}
