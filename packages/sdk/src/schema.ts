import { type Issue, ParseError } from './errors.ts'
import { isObject, type JsonObject, parseJson } from './json.ts'

/**
 * A schema of any library that keeps Standard Schema (standardschema.dev): zod, valibot, arktype and others. Where the
 * library also tells its JSON Schema (Standard JSON Schema: zod from 4.2 on, arktype) nothing more is needed; for others
 * there is `withJsonSchema`.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    readonly jsonSchema?: { readonly input: (options: { readonly target: 'draft-07' }) => Record<string, unknown> }
  }
}

type Validated<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

/** What a schema makes of a value. */
export type OutputOf<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output']

/** Tells a schema's JSON Schema where its library does not: `withJsonSchema(schema, toJsonSchema(schema))`. */
export function withJsonSchema<Schema extends StandardSchema>(schema: Schema, json: object): Schema {
  const standard = { ...schema['~standard'], jsonSchema: { input: () => ({ ...json }) } }
  return { ...schema, '~standard': standard }
}

/** A schema out of JSON Schema alone. What the model writes is trusted to be a `T`: nothing is checked but that it is JSON. */
export function fromJsonSchema<T>(json: object): StandardSchema<T> {
  const validate = (value: unknown) => ({ value: value as T }) // as promised above
  return { '~standard': { version: 1, vendor: 'json-schema', validate, jsonSchema: { input: () => ({ ...json }) } } }
}

/** The JSON Schema of what a model shall write. Throws TypeError when the schema's library does not tell. */
export function jsonSchemaOf(schema: StandardSchema): Record<string, unknown> {
  const { jsonSchema, vendor } = schema['~standard']
  if (jsonSchema === undefined)
    throw new TypeError(
      `A schema of ${vendor} does not tell its JSON Schema. Use withJsonSchema(schema, json) of @inference-gateway/sdk/schema.`,
    )
  const { $schema: _dialect, ...json } = jsonSchema.input({ target: 'draft-07' })
  return json
}

/** Reads what a model wrote. Throws ParseError when it is no JSON, or not what the schema asks for. */
export async function parseWith<Schema extends StandardSchema>(
  schema: Schema,
  text: string,
): Promise<OutputOf<Schema>> {
  const value = parseJson(text)
  if (value === undefined) throw new ParseError('The model did not write JSON.', text)
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  throw new ParseError(`The model wrote something else than asked for: ${inWords(result.issues)}`, text, result.issues)
}

const inWords = (issues: readonly Issue[]) =>
  issues
    .map(({ message, path = [] }) => (path.length === 0 ? message : `${path.map(keyOf).join('.')}: ${message}`))
    .join('; ')

const keyOf = (step: PropertyKey | { readonly key: PropertyKey }) => String(typeof step === 'object' ? step.key : step)

/**
 * The schema with every object closed, and whether it then is what OpenAI calls strict: all members required. A provider
 * that is asked strictly cannot write anything else; asked for more than that, it answers 400.
 */
export function closed(schema: JsonObject): { readonly schema: Record<string, unknown>; readonly isStrict: boolean } {
  let isStrict = true
  function close(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(close)
    if (!isObject(value)) return value
    const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, close(member)]))
    const { properties } = value
    if (value['type'] !== 'object') return copy
    const required = Array.isArray(value['required']) ? value['required'] : []
    const isOpen = isObject(value['additionalProperties']) || value['additionalProperties'] === true
    if (isOpen || !isObject(properties) || Object.keys(properties).some((name) => !required.includes(name)))
      isStrict = false
    return isOpen ? copy : { ...copy, additionalProperties: false }
  }
  return { schema: close(schema) as Record<string, unknown>, isStrict } // an object stays one
}
