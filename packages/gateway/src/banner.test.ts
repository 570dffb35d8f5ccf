import { expect, test } from 'bun:test'
import { banner } from './banner.ts'
import type { Gateway } from './gateway.ts'

const factsWith = (...providers: readonly string[]) => {
  const accounts = providers.map((id) => ({ provider: { id } }))
  // Of the gateway, the banner reads these two.
  const gateway = { accounts, requirements: new Map() } as unknown as Gateway
  return { url: 'http://h', pid: 7, startedInMs: 1, gateway, found: {}, version: '1' }
}

test('what is to be tried is asked of somebody who is there', () => {
  const settings = { enableAuth: false }
  expect(banner({ ...factsWith('groq', 'simulator'), settings })).toContain('"model":"simulator/chat"')
  expect(banner({ ...factsWith('groq'), settings })).toContain('"model":"groq/MODEL"')
  expect(banner({ ...factsWith(), settings })).not.toContain('Try it')
})

test('where callers need a token, what is to be tried sends one', () => {
  const facts = factsWith('simulator')
  const token = '-H "authorization: Bearer $TOKEN"'
  expect(banner({ ...facts, settings: { enableAuth: true } })).toContain(`/v1/chat/completions ${token} -d`)
  expect(banner({ ...facts, settings: { enableAuth: false } })).not.toContain(token)
})
