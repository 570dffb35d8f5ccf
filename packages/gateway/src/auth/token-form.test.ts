import { describe, expect, test } from 'bun:test'
import { tokenForm } from './token-form.ts'

const cases = [
  ['three parts', 'e30.e30.c2ln', 'jwt'],
  ['one word', 'abc', 'opaque'],
  ['two parts', 'a.b', 'opaque'],
  ['four parts', 'a.b.c.d', 'opaque'],
  ['five parts, as encrypted tokens have', 'a.b.c.d.e', 'opaque'],
  ['three parts with padding', 'e30.e30.c2ln==', 'opaque'],
  ['standard base64', 'e30.e30.c2/n+', 'opaque'],
  ['an empty signature', 'e30.e30.', 'opaque'],
  ['only dots', '.'.repeat(15 * 1024), 'opaque'],
  ['nothing', '', 'malformed'],
  ['white space inside', 'e30.e30. c2ln', 'malformed'],
  ['a line end behind it', 'e30.e30.c2ln\n', 'malformed'],
  ['padding in the middle', 'e30=.e30.c2ln', 'malformed'],
  ['quotes', "' OR '1'='1", 'malformed'],
  ['braces', '{{7*7}}', 'malformed'],
  ['letters beyond ASCII', 'é.é.é', 'malformed'],
  ['more than 16 KiB', `e30.e30.${'a'.repeat(17 * 1024)}`, 'malformed'],
] as const

describe('the form of a token', () => {
  test.each(cases)('%s', (_, token, form) => expect(tokenForm(token)).toBe(form))
})
