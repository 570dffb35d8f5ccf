import { expect, test } from 'bun:test'
import { nearest } from './nearest.ts'

const words = ['SERVER_HOST', 'SERVER_PORT', 'OPENAI_API_KEY', 'OPENAI_API_URL', 'AUTH_OIDC_ISSUER', 'id']

test.each([
  ['swapped letters', 'SERVER_PROT', 'SERVER_PORT'],
  ['a missing letter', 'OPENAI_APIKEY', 'OPENAI_API_KEY'],
  ['a letter too many', 'OPENAI_API_KEYS', 'OPENAI_API_KEY'],
  ['the name another program uses', 'OPENAI_BASE_URL', 'OPENAI_API_URL'],
  ['a longer name', 'AUTH_OIDC_ISSUER_URL', 'AUTH_OIDC_ISSUER'],
  ['another word altogether', 'OPENAI_ORGANIZATION', null],
  ['a short word with nothing in common', 'x', null],
  ['nothing', '', null],
])('knows what is meant by %s', (_, word, expected) => {
  expect(nearest(word, words)).toBe(expected)
})
