import { expect, test } from 'bun:test'
import { banner } from './banner.ts'
import type { Gateway } from './gateway.ts'

test('where callers need a token, what is to be tried sends one', () => {
  // Of the gateway, the banner reads these two.
  const gateway = { accounts: [], requirements: new Map() } as unknown as Gateway
  const facts = { url: 'http://h', pid: 7, startedInMs: 1, gateway, found: {}, version: '1' }
  const token = '-H "authorization: Bearer $TOKEN"'
  expect(banner({ ...facts, settings: { enableAuth: true } })).toContain(`/v1/chat/completions ${token} -d`)
  expect(banner({ ...facts, settings: { enableAuth: false } })).not.toContain(token)
})
