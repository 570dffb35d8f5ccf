import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'

type Key = string | number

/** Arguments that come in pieces, each with its place (`$.city`, `$.days[0].name`), put into what is there so far. */
export const withPieces = (args: JsonObject, pieces: unknown): JsonObject =>
  objectsIn(pieces).reduce<JsonObject>((known, piece) => {
    const keys = keysOf(textOf(piece['jsonPath']))
    const grown = keys.length === 0 || keys.length > DEPTH_LIMIT ? known : put(known, keys, valueOf(piece))
    return isObject(grown) ? grown : known
  }, args)

const DEPTH_LIMIT = 64

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\[['"]([^'"]*)['"]\]/g

const keysOf = (path: string): readonly Key[] =>
  [...path.matchAll(STEP)].map(([, name, index, quoted]) => name ?? quoted ?? Number(index))

const valueOf = ({ stringValue, numberValue, boolValue }: JsonObject): unknown =>
  stringValue ?? numberValue ?? boolValue ?? null

/** Texts grow, everything else is set. A place in a list is at most the one behind its end. */
function put(node: unknown, [key, ...rest]: readonly Key[], value: unknown): unknown {
  if (key === undefined) return typeof node === 'string' && typeof value === 'string' ? node + value : value
  if (typeof key === 'string') {
    const known = isObject(node) ? node : {}
    return { ...known, [key]: put(Object.hasOwn(known, key) ? known[key] : undefined, rest, value) }
  }
  const list: readonly unknown[] = Array.isArray(node) ? node : []
  const place = Math.min(key, list.length)
  return [...list.slice(0, place), put(list[place], rest, value), ...list.slice(place + 1)]
}
