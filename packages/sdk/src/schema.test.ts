import { describe, expect, test } from 'bun:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { ParseError } from './errors.ts'
import { closed, fromJsonSchema, jsonSchemaOf, parseWith, withJsonSchema } from './schema.ts'

const DOG = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }

test('zod tells its JSON Schema', () => {
  expect(jsonSchemaOf(z.object({ name: z.string() }))).toMatchObject(DOG)
  expect(jsonSchemaOf(z.object({ name: z.string() }))).not.toHaveProperty('$schema')
})

test('so does arktype, and checks', async () => {
  const schema = type({ name: 'string' })
  expect(jsonSchemaOf(schema)).toMatchObject(DOG)
  const dog: { name: string } = await parseWith(schema, '{"name":"Rex"}')
  expect(dog).toEqual({ name: 'Rex' })
  expect(parseWith(schema, '{"name":1}')).rejects.toMatchObject({ message: expect.stringContaining('name: ') })
})

test('a library that does not is told how to', () => {
  expect(() => jsonSchemaOf(v.object({ name: v.string() }))).toThrow(/valibot.*withJsonSchema/)
})

test('what is told for it is used, and the library still checks', async () => {
  const schema = withJsonSchema(v.object({ name: v.string() }), DOG)
  expect(jsonSchemaOf(schema)).toEqual(DOG)
  expect(await parseWith(schema, '{"name":"Rex"}')).toEqual({ name: 'Rex' })
  expect(parseWith(schema, '{"name":1}')).rejects.toBeInstanceOf(ParseError)
})

test('JSON Schema alone is enough', async () => {
  const schema = fromJsonSchema<{ name: string }>(DOG)
  const dog: { name: string } = await parseWith(schema, '{"name":"Rex"}')
  expect([jsonSchemaOf(schema), dog]).toEqual([DOG, { name: 'Rex' }])
})

test('a schema may make something else of what was written', async () => {
  const schema = z.object({ day: z.string().transform((text) => new Date(text).getUTCFullYear()) })
  const parsed: { day: number } = await parseWith(schema, '{"day":"2030-05-01"}')
  expect(parsed).toEqual({ day: 2030 })
})

describe('what does not fit is said in words', () => {
  const schema = z.object({ dogs: z.array(z.object({ age: z.number() })) })
  test.each([
    ['no JSON', 'Sure! Here it is', /did not write JSON/, 0],
    ['another shape', '{"dogs":[{"age":"old"}]}', /dogs\.0\.age: /, 1],
  ])('%s', async (_name, text, message, issues) => {
    const error = await parseWith(schema, text).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ParseError)
    expect(error).toMatchObject({ message: expect.stringMatching(message), text, code: 'parse_error' })
    expect(error instanceof ParseError && error.issues).toHaveLength(issues)
  })
})

describe('objects are closed, and strict where they can be', () => {
  const cases: [string, z.ZodType, boolean][] = [
    ['all required', z.object({ a: z.string(), b: z.object({ c: z.number() }) }), true],
    ['one is not', z.object({ a: z.string().optional() }), false],
    ['one within is not', z.object({ a: z.array(z.object({ b: z.string().optional() })) }), false],
    ['any members', z.record(z.string(), z.number()), false],
  ]
  test.each(cases)('%s', (_name, schema, isStrict) => {
    expect(closed(jsonSchemaOf(schema)).isStrict).toBe(isStrict)
  })

  test('at every depth', () => {
    const { schema } = closed(jsonSchemaOf(z.object({ a: z.array(z.object({ b: z.string() })) })))
    expect(schema).toMatchObject({
      additionalProperties: false,
      properties: { a: { items: { additionalProperties: false } } },
    })
  })
})
