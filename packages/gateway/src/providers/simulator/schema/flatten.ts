import { isObject, objectsOf, stringsOf, type JsonObject } from '../json-value.ts'

/** A schema whose references and alternatives are settled: no `$ref`, `allOf`, `anyOf` or `oneOf` on its top level. */
export type FlatSchema = JsonObject

/** What `false` stands for; nothing is valid against it. */
export const NEVER: FlatSchema = { not: {} }

/** References may go in circles and alternatives may nest without end; no honest schema comes near. */
const MAX_STEPS = 5000
const MAX_DEPTH = 50

/**
 * Settles schemas of the document `root`. Where there is a choice (`anyOf`, `oneOf`) `simple` takes the branch that
 * ends soonest, which is how recursive schemas come to an end; otherwise the first that is not `null` is taken.
 */
export function flattener(root: unknown): (schema: unknown, simple: boolean) => FlatSchema {
  let stepsLeft = MAX_STEPS

  function flatten(schema: unknown, simple: boolean, depth: number): FlatSchema {
    if (!isObject(schema)) return schema === false ? NEVER : {}
    if (depth > MAX_DEPTH || stepsLeft-- <= 0) return {}
    const { $ref, allOf, anyOf, oneOf, ...own } = schema
    const parts = [
      ...(typeof $ref === 'string' ? [pointedAt(root, $ref)] : []),
      ...(Array.isArray(allOf) ? allOf : []),
      ...branchOf(anyOf, simple),
      ...branchOf(oneOf, simple),
    ]
    return parts.map((part) => flatten(part, simple, depth + 1)).reduce(merge, own)
  }

  return (schema, simple) => flatten(schema, simple, 0)
}

/** Follows a JSON pointer (RFC 6901) such as `#/$defs/node`. What it does not find, or is elsewhere, allows anything. */
function pointedAt(root: unknown, reference: string): unknown {
  if (reference !== '#' && !reference.startsWith('#/')) return {}
  const steps = reference.slice(1).split('/').slice(1)
  return steps.reduce<unknown>((value, step) => {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) return value[Number(name)] as unknown
    return isObject(value) && Object.hasOwn(value, name) ? value[name] : {}
  }, root)
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step // a lone percent sign is a name like any other
  }
}

function branchOf(branches: unknown, simple: boolean): readonly unknown[] {
  const possible = objectsOf(branches)
  if (simple) return possible.toSorted((one, other) => effort(one) - effort(other)).slice(0, 1)
  return [possible.find((branch) => branch['type'] !== 'null') ?? possible[0]].filter((branch) => branch !== undefined)
}

/** How much is likely to hang on a branch. */
function effort(branch: JsonObject): number {
  if (branch['type'] === 'null') return 0
  if ('$ref' in branch || 'allOf' in branch) return 4
  if (branch['type'] === 'object' || 'properties' in branch) return 3
  return branch['type'] === 'array' ? 2 : 1
}

const LARGER = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'])
const SMALLER = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'])

/** A schema that asks for what both ask for, keyword by keyword. */
function merge(one: FlatSchema, other: FlatSchema): FlatSchema {
  const both = Object.entries(other).map(([keyword, value]) => [
    keyword,
    Object.hasOwn(one, keyword) ? mergeKeyword(keyword, one[keyword], value) : value,
  ])
  return { ...one, ...(Object.fromEntries(both) as JsonObject) }
}

function mergeKeyword(keyword: string, one: unknown, other: unknown): unknown {
  if (typeof one === 'number' && typeof other === 'number') {
    if (LARGER.has(keyword)) return Math.max(one, other)
    if (SMALLER.has(keyword)) return Math.min(one, other)
  }
  if (keyword === 'properties' && isObject(one) && isObject(other)) return mergeProperties(one, other)
  if (keyword === 'items' && isObject(one) && isObject(other)) return { allOf: [one, other] }
  if (keyword === 'required') return [...new Set([...stringsOf(one), ...stringsOf(other)])]
  if (keyword === 'type') return mergeTypes(typesOf(one), typesOf(other))
  if (keyword === 'enum' && Array.isArray(one) && Array.isArray(other)) {
    const texts = new Set(other.map((value) => JSON.stringify(value)))
    return one.filter((value) => texts.has(JSON.stringify(value)))
  }
  return other
}

function mergeProperties(one: JsonObject, other: JsonObject): JsonObject {
  const both = Object.entries(other).map(([name, schema]) => [
    name,
    Object.hasOwn(one, name) ? { allOf: [one[name], schema] } : schema,
  ])
  return { ...one, ...(Object.fromEntries(both) as JsonObject) }
}

/** The names in `type`, which may be one or a list. */
export function typesOf(type: unknown): readonly string[] {
  return typeof type === 'string' ? [type] : stringsOf(type)
}

function mergeTypes(one: readonly string[], other: readonly string[]): readonly string[] {
  const allows = (types: readonly string[], type: string) =>
    types.includes(type) || (type === 'integer' && types.includes('number'))
  return [...new Set([...one, ...other])].filter((type) => allows(one, type) && allows(other, type))
}
