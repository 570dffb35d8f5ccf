import type { FlatSchema } from './flatten.ts'

/** A number within the bounds of a schema: 1, or the nearest to it that may be. `variant` asks for another one. */
export function numberInstance(schema: FlatSchema, variant: number, whole: boolean): number {
  const step = positive(schema['multipleOf']) ?? (whole ? 1 : null)
  const { least, most } = bounds(schema, step)
  const wish = Math.min(Math.max(1 + variant * (step ?? 1), least), most)
  if (step === null) return Number.isFinite(wish) ? wish : 1
  const fitting = Math.max(Math.round(wish / step), Math.ceil(least / step - 1e-9)) * step
  // 3 * 0.1 is 0.30000000000000004, which nobody takes for a multiple of 0.1.
  const exact = Number((fitting > most ? Math.floor(most / step + 1e-9) * step : fitting).toPrecision(12))
  return whole ? Math.trunc(exact) : exact
}

/** Inclusive bounds. An exclusive one is moved inwards: by a step, or half way to the other bound. */
function bounds(schema: FlatSchema, step: number | null): { readonly least: number; readonly most: number } {
  const above = exclusive(schema, 'exclusiveMinimum', 'minimum') ?? -Infinity
  const below = exclusive(schema, 'exclusiveMaximum', 'maximum') ?? Infinity
  const from = numeric(schema['minimum']) ?? -Infinity
  const to = numeric(schema['maximum']) ?? Infinity
  const inward = step ?? Math.min(1, (Math.min(below, to) - Math.max(above, from)) / 2)
  return { least: Math.max(from, above + inward), most: Math.min(to, below - inward) }
}

/** The number of an exclusive bound; draft 4 wrote it as `true` beside the bound itself. */
function exclusive(schema: FlatSchema, keyword: string, bound: string): number | null {
  return schema[keyword] === true ? numeric(schema[bound]) : numeric(schema[keyword])
}

const numeric = (value: unknown) => (typeof value === 'number' ? value : null)
const positive = (value: unknown) => (typeof value === 'number' && value > 0 ? value : null)
