import { numberOf, parseExactly } from './exact-json.ts'

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

/** The objects of a list; everything else in it is skipped, and what is no list is an empty one. */
export const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A count of something; 0 for whatever is none. */
export function count(value: unknown): number {
  const number = numberOf(value) ?? 0
  return Number.isFinite(number) && number > 0 ? number : 0
}

/** What a table holds under a name that came from outside: names that every object has, such as `constructor`, are not in it. */
export const entryOf = <T>(table: Readonly<Record<string, T>>, name: unknown): T | undefined =>
  typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined

/** Parses an object, its numbers as they are written; `null`: it is none. */
export function parseObject(text: string): JsonObject | null {
  try {
    const value = parseExactly(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
