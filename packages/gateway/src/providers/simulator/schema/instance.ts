import { isObject, stringsOf, type JsonObject } from '../json-value.ts'
import { numberInstance } from './number.ts'
import { flattener, NEVER, typesOf, type FlatSchema } from './flatten.ts'
import { stringInstance } from './string.ts'

/** Below this an instance holds everything it may hold; deeper, only what it must. */
const FULL_DEPTH = 6
const MAX_DEPTH = 40
/** Values in one instance. Past half of them only what must be is added, past all of them everything is `null`. */
const MAX_VALUES = 1000
const MAX_ITEMS = 100

/** Where in the instance a value stands. */
interface Place {
  /** Of the property it is the value of. */
  readonly name: string
  readonly depth: number
  /** Which item of a list it is or stands in: items differ by it. */
  readonly variant: number
}

/**
 * A value that is valid against a JSON schema, always the same one. Understands types, `const`, `enum`, `default`,
 * `examples`, bounds of numbers, strings, lists and objects, common formats, simple patterns, `$ref` within the schema,
 * `allOf`, and one branch of `anyOf` and `oneOf`. Of `not`, `if` and `dependentSchemas` it takes no notice. Small and
 * quick for any schema, however deep or recursive.
 */
export function schemaInstance(root: unknown): unknown {
  const flatten = flattener(root)
  let valuesLeft = MAX_VALUES

  function instance(schema: unknown, place: Place): unknown {
    if (valuesLeft-- <= 0 || place.depth > MAX_DEPTH) return null
    const simple = place.depth > FULL_DEPTH || valuesLeft < MAX_VALUES / 2
    const flat = flatten(schema, simple)
    const [given] = givenValue(flat, place.variant)
    if (given !== undefined) return given
    switch (typeOf(flat, simple)) {
      case 'object':
        return objectInstance(flat, place, simple)
      case 'array':
        return arrayInstance(flat, place, simple)
      case 'integer':
        return numberInstance(flat, place.variant, true)
      case 'number':
        return numberInstance(flat, place.variant, false)
      case 'boolean':
        return place.variant % 2 === 0
      case 'null':
        return null
      default:
        return stringInstance(flat, place.name, place.variant)
    }
  }

  function objectInstance(schema: FlatSchema, { depth, variant }: Place, simple: boolean): JsonObject {
    const properties = isObject(schema['properties']) ? schema['properties'] : {}
    const others = schema['additionalProperties'] ?? {}
    const entries = memberNames(schema, properties, simple).map((name) => {
      const member = Object.hasOwn(properties, name) ? properties[name] : others
      return [name, instance(member, { name, depth: depth + 1, variant })]
    })
    return Object.fromEntries(entries) as JsonObject
  }

  function arrayInstance(schema: FlatSchema, { name, depth, variant }: Place, simple: boolean): unknown[] {
    const { items, contains, additionalItems } = schema
    const prefix: readonly unknown[] = [schema['prefixItems'], items].find((list) => Array.isArray(list)) ?? []
    const rest = Array.isArray(items) ? additionalItems : items
    return Array.from({ length: itemCount(schema, prefix.length, simple) }, (_, index) => {
      const item = index < prefix.length ? prefix[index] : (rest ?? {})
      const wanted = index === 0 && contains !== undefined ? { allOf: [item, contains] } : item
      return instance(wanted, { name, depth: depth + 1, variant: variant + index })
    })
  }

  return instance(root, { name: '', depth: 0, variant: 0 })
}

/**
 * The value the schema itself names, or none. Its choices go round; what it only suggests is given once, so that items
 * of a list differ. A default that is not of the schema's type is a mistake in it.
 */
function givenValue(schema: FlatSchema, variant: number): readonly unknown[] {
  if (Object.hasOwn(schema, 'const')) return [schema['const']]
  const choices: unknown = schema['enum']
  if (Array.isArray(choices)) return choices.slice(variant % choices.length).slice(0, 1)
  const types = typesOf(schema['type'])
  const suggested = [
    ...(Object.hasOwn(schema, 'default') ? [schema['default']] : []),
    ...(Array.isArray(schema['examples']) ? (schema['examples'] as readonly unknown[]) : []),
  ]
  const fitting = suggested.filter((value) => types.length === 0 || types.some((type) => isOfType(value, type)))
  return fitting.slice(variant, variant + 1)
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isObject(value)
  return type === (value === null ? 'null' : typeof value)
}

function typeOf(schema: FlatSchema, simple: boolean): string {
  if (schema === NEVER) return 'null'
  const types = typesOf(schema['type'])
  if (simple && types.includes('null')) return 'null'
  return types.find((type) => type !== 'null') ?? types[0] ?? impliedType(schema)
}

const IMPLIED = [
  ['object', ['properties', 'required', 'additionalProperties', 'minProperties']],
  ['array', ['items', 'prefixItems', 'minItems', 'contains']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
] as const

function impliedType(schema: FlatSchema): string {
  return IMPLIED.find(([, keywords]) => keywords.some((keyword) => keyword in schema))?.[0] ?? 'string'
}

/** The required members and, unless kept simple, the optional ones; as many as the bounds ask for. */
function memberNames(schema: FlatSchema, properties: JsonObject, simple: boolean): readonly string[] {
  const required = new Set(stringsOf(schema['required']))
  let room = bound(schema['maxProperties'], Infinity) - required.size
  const names = new Set([...Object.keys(properties), ...required])
  const isWelcome = (name: string) => !simple && properties[name] !== false && room-- > 0
  const kept = new Set([...names].filter((name) => required.has(name) || isWelcome(name)))
  // A map says only what its values are; one or two show it.
  const isMap = !simple && names.size === 0 && isObject(schema['additionalProperties']) && room > 0
  const least = Math.min(bound(schema['minProperties'], isMap ? 1 : 0), MAX_ITEMS)
  const spare = [...Object.keys(properties), ...Array.from({ length: least }, (_, index) => `key${index + 1}`)]
  const missing = spare.filter((name) => !kept.has(name)).slice(0, Math.max(0, least - kept.size))
  return [...kept, ...missing]
}

function itemCount(schema: FlatSchema, prefixCount: number, simple: boolean): number {
  const least = Math.max(bound(schema['minItems'], 0), schema['contains'] === undefined ? 0 : 1)
  const usual = simple ? least : Math.max(least, prefixCount, schema['items'] === false ? 0 : 1)
  return Math.min(usual, bound(schema['maxItems'], Infinity), MAX_ITEMS)
}

const bound = (value: unknown, otherwise: number) => (typeof value === 'number' ? value : otherwise)
