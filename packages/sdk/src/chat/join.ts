import { isObject, type JsonObject } from '../json.ts'

/** What names or signs something comes whole, and with some providers again and again. Every other text comes in pieces. */
const WHOLE = new Set(['id', 'type', 'name', 'format', 'signature', 'thought_signature'])

/**
 * Members of a message and a piece of them: texts grow, lists go on, objects get more members. What nobody here knows stays
 * as it came, so that it can be sent back: signatures hold for nothing else.
 */
export function joined(known: JsonObject, piece: JsonObject): JsonObject {
  const all: Record<string, unknown> = { ...known }
  for (const [name, value] of Object.entries(piece))
    if (value !== null && value !== '') all[name] = WHOLE.has(name) ? value : grown(known[name], value)
  return all
}

function grown(known: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return value.reduce(listed, Array.isArray(known) ? known : [])
  if (typeof known === 'string' && typeof value === 'string') return known + value
  return isObject(known) && isObject(value) ? joined(known, value) : value
}

/** One more thing, or more of one that is there: then both have one number and are of one kind. */
function listed(list: readonly unknown[], value: unknown): readonly unknown[] {
  const isMore = (each: unknown) =>
    isObject(each) && isObject(value) && each['index'] === value['index'] && each['type'] === value['type']
  const isNumbered = isObject(value) && value['index'] !== undefined
  if (!isNumbered || !list.some(isMore)) return [...list, value]
  return list.map((each) => (isMore(each) && isObject(each) ? joined(each, value) : each))
}
