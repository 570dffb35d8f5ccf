import { expect, test } from 'bun:test'
import type { JsonObject } from '../json.ts'
import { withPieces } from './partial-arguments.ts'

const cases: [string, readonly object[], JsonObject][] = [
  [
    'texts grow',
    [
      { jsonPath: '$.city', stringValue: 'San ' },
      { jsonPath: '$.city', stringValue: 'Francisco' },
    ],
    { city: 'San Francisco' },
  ],
  [
    'numbers, truths and nothing are set',
    [
      { jsonPath: '$.a', numberValue: 1.5 },
      { jsonPath: '$.b', boolValue: false },
      { jsonPath: '$.c', nullValue: 'NULL_VALUE' },
    ],
    { a: 1.5, b: false, c: null },
  ],
  [
    'places lie in lists and objects',
    [
      { jsonPath: '$.days[0].name', stringValue: 'Mon' },
      { jsonPath: '$.days[1].name', stringValue: 'Tue' },
      { jsonPath: "$['a b'].c", numberValue: 1 },
    ],
    { days: [{ name: 'Mon' }, { name: 'Tue' }], 'a b': { c: 1 } },
  ],
  [
    'a place far behind the end of a list is the next one',
    [{ jsonPath: '$.a[999999999]', numberValue: 1 }],
    { a: [1] },
  ],
  [
    'a place that makes no sense is none',
    [
      { jsonPath: 'city', stringValue: 'x' },
      { stringValue: 'x' },
      { jsonPath: '$.a'.padEnd(500, '.a'), stringValue: 'x' },
    ],
    {},
  ],
]

test.each(cases)('%s', (_, pieces, args) => {
  expect(withPieces({}, pieces)).toEqual(args)
})

test('a prototype is a member like any other', () => {
  const args = withPieces({}, [{ jsonPath: '$.__proto__.x', numberValue: 1 }])
  expect(JSON.stringify(args)).toBe('{"__proto__":{"x":1}}')
  expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
})
