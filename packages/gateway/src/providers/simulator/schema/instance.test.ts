import { describe, expect, test } from 'bun:test'
import Ajv2020 from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { schemaInstance } from './instance.ts'

const checker = new Ajv2020({ strict: false, formats: formatsOf() })

/** Written apart from what makes the strings, so that both have to be right. */
function formatsOf(): Record<string, RegExp | ((text: string) => boolean)> {
  return {
    date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
    'date-time': (text) => text.includes('T') && !Number.isNaN(Date.parse(text)),
    time: /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(Z|[+-]\d\d:\d\d)$/,
    duration: /^P\d+D$/,
    email: /^[^@\s]+@[^@\s]+\.[^@\s]+$/,
    hostname: /^[a-z0-9]+(\.[a-z0-9]+)+$/,
    ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
    ipv6: /^[0-9a-f:]+$/,
    uri: (text) => URL.canParse(text),
    url: (text) => URL.canParse(text),
    uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  }
}

function expectValid(schema: object) {
  const value = schemaInstance(schema)
  const isValid = checker.validate(schema, value)
  expect({ value, errors: isValid ? null : checker.errors }).toEqual({ value, errors: null })
  return value
}

const node = { type: 'object', properties: { value: { type: 'number' }, next: { $ref: '#/$defs/node' } } }
const strictNode = {
  type: 'object',
  properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
  required: ['next'],
  additionalProperties: false,
}

const eitherNode = {
  type: 'object',
  properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'string' }] } },
  required: ['next'],
}

describe('an instance is valid', () => {
  const schemas: [string, object][] = [
    ['anything', {}],
    ['every type', { properties: { a: { type: 'string' }, b: { type: 'integer' }, c: { type: 'boolean' } } }],
    ['null', { type: 'null' }],
    ['one of several types', { type: ['null', 'integer'] }],
    ['enum', { enum: ['red', 'green'] }],
    ['const null', { const: null }],
    ['default', { type: 'integer', default: 7, minimum: 5 }],
    ['a default of the wrong type', { type: 'string', default: null }],
    ['examples', { type: 'string', examples: ['Berlin'], minLength: 6 }],
    ['whole numbers in bounds', { type: 'integer', minimum: 10, maximum: 12 }],
    ['whole numbers below', { type: 'integer', exclusiveMaximum: -4 }],
    ['a narrow gap', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.01 }],
    ['a gap on one side', { type: 'number', exclusiveMinimum: 5 }],
    ['multiples', { type: 'integer', multipleOf: 7, minimum: 15 }],
    ['broken multiples', { type: 'number', multipleOf: 0.25, exclusiveMinimum: 1 }],
    ['long strings', { type: 'string', minLength: 50 }],
    ['short strings', { type: 'string', maxLength: 2 }],
    ['patterns', { type: 'string', pattern: '^[A-Z]{3}-\\d+$', minLength: 8 }],
    ['lists', { type: 'array', items: { type: 'string' }, minItems: 3 }],
    ['short lists', { type: 'array', maxItems: 0 }],
    [
      'lists without repetition',
      { type: 'array', items: { type: 'string', maxLength: 4 }, minItems: 3, uniqueItems: true },
    ],
    ['choices without repetition', { type: 'array', items: { enum: [1, 2, 3] }, minItems: 3, uniqueItems: true }],
    ['defaults without repetition', { items: { type: 'string', default: 'x' }, minItems: 3, uniqueItems: true }],
    ['objects without repetition', { type: 'array', items: node, minItems: 4, uniqueItems: true, $defs: { node } }],
    ['tuples', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false, minItems: 2 }],
    ['a list that holds something', { type: 'array', contains: { const: 4 }, items: { type: 'integer' } }],
    ['required members that are not described', { type: 'object', required: ['a', 'b'] }],
    ['maps', { type: 'object', additionalProperties: { type: 'integer' }, minProperties: 3 }],
    ['few members', { type: 'object', properties: { a: {}, b: {}, c: {} }, required: ['c'], maxProperties: 2 }],
    ['members that must not be', { type: 'object', properties: { a: false, b: { type: 'string' } } }],
    ['anyOf', { anyOf: [{ type: 'null' }, { type: 'string', minLength: 30 }] }],
    [
      'oneOf by a constant',
      { oneOf: [{ properties: { kind: { const: 'a' } }, required: ['kind'] }, { type: 'string' }] },
    ],
    [
      'allOf',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'number', minimum: 3 } }, required: ['a'] },
          { properties: { a: { type: 'integer', maximum: 4 }, b: { enum: [1, 2] } }, required: ['b'] },
          { properties: { b: { enum: [2, 3] } } },
        ],
      },
    ],
    [
      'the tighter of two bounds',
      {
        allOf: [
          { type: 'integer', minimum: 9, maximum: 9 },
          { minimum: 1, maximum: 20 },
        ],
      },
    ],
    ['the narrower of two types', { allOf: [{ type: 'integer' }, { type: ['number', 'string'], minimum: 2.5 }] }],
    ['a choice within a choice', { anyOf: [{ oneOf: [{ allOf: [{ type: 'integer', minimum: 9 }] }] }], maximum: 11 }],
    ['references', { $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'integer', minimum: 3 } } }],
    [
      'references with more beside them',
      { $ref: '#/$defs/a', minimum: 8, $defs: { a: { type: 'integer', maximum: 8 } } },
    ],
    ['a schema that holds itself', { ...node, $defs: { node } }],
    ['a schema that must hold itself or nothing', { ...strictNode, $defs: { node: strictNode } }],
    ['a schema that must hold itself or a word', { ...eitherNode, $defs: { node: eitherNode } }],
    ['a tree', { type: 'object', properties: { kids: { type: 'array', items: { $ref: '#' } } }, required: ['kids'] }],
    ['a member with an odd name', { type: 'object', properties: JSON.parse('{"__proto__":{"type":"integer"}}') }],
  ]
  test.each(schemas)('%s', (_name, schema) => {
    expectValid(schema)
  })

  test.each(Object.keys(formatsOf()))('format %s', (format) => {
    expectValid({ type: 'array', items: { type: 'string', format }, minItems: 3, uniqueItems: true })
  })

  test('whatever is nested into what', () => {
    fc.assert(
      fc.property(anySchema(), (schema) => {
        expectValid(schema)
      }),
      { numRuns: 300 },
    )
  })
})

describe('an instance', () => {
  test('shows optional members, too', () => {
    const properties = { city: { type: 'string' }, days: { type: 'integer' } }
    expect(schemaInstance({ type: 'object', properties, required: ['city'] })).toEqual({
      city: 'example city',
      days: 1,
    })
  })

  test('is the same every time', () => {
    fc.assert(
      fc.property(anySchema(), (schema) => {
        expect(schemaInstance(schema)).toEqual(schemaInstance(schema))
      }),
    )
  })

  const endless: [string, object][] = [
    ['must hold itself', { type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' } }, required: ['a', 'b'] }],
    ['is itself', { $ref: '#' }],
    ['is itself twice', { allOf: [{ $ref: '#' }, { $ref: '#' }] }],
    ['refers to what is not there', { $ref: '#/$defs/none/of/it' }],
    ['refers to a lone percent sign', { $ref: '#/%' }],
    ['refers to elsewhere', { $ref: 'other.json#/a' }],
    ['asks for a string without end', { type: 'string', minLength: 1e9 }],
    ['asks for a list without end', { type: 'array', minItems: 1e9, items: { type: 'array', minItems: 1e9 } }],
    [
      'asks for lists in lists',
      [1, 2, 3, 4, 5].reduce<object>((items) => ({ type: 'array', minItems: 99, items }), {}),
    ],
    ['asks for members without end', { type: 'object', minProperties: 1e9 }],
    [
      'has very many members',
      { properties: Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`p${i}`, {}])) },
    ],
  ]
  test.each(endless)('is small and quickly made for a schema that %s', (_name, schema) => {
    const started = performance.now()
    const size = JSON.stringify(schemaInstance(schema)).length
    expect(size).toBeLessThan(1_000_000)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

/** Schemas as people write them for tools, nested a few levels. */
function anySchema(): fc.Arbitrary<object> {
  const least = fc.integer({ min: -20, max: 20 })
  const leaf = fc.oneof(
    fc.constantFrom(
      { type: 'boolean' },
      { type: 'null' },
      { enum: ['a', 'b'] },
      { const: 3 },
      { type: ['string', 'null'] },
    ),
    fc.constantFrom(...Object.keys(formatsOf())).map((format) => ({ type: 'string', format })),
    fc.tuple(least, fc.nat(9)).map(([from, more]) => ({ type: 'integer', minimum: from, maximum: from + more })),
    fc.tuple(least, fc.integer({ min: 1, max: 9 })).map(([from, more]) => ({
      type: 'number',
      exclusiveMinimum: from,
      exclusiveMaximum: from + more,
    })),
    fc
      .tuple(fc.nat(30), fc.nat(9))
      .map(([from, more]) => ({ type: 'string', minLength: from, maxLength: from + more })),
  )
  const names = fc.constantFrom('city', 'days', 'a b', 'x')
  return fc.letrec<{ schema: object }>((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.dictionary(names, tie('schema')).map((properties) => ({
        type: 'object',
        properties,
        required: Object.keys(properties).slice(1),
        additionalProperties: false,
      })),
      fc.tuple(tie('schema'), fc.nat(3)).map(([items, minItems]) => ({ type: 'array', items, minItems })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
      tie('schema').map((schema) => ({ allOf: [schema, { description: 'more' }] })),
    ),
  })).schema
}
