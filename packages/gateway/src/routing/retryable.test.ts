import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../kernel/errors.ts'
import { type RetryScope, retryAfterMs, retryScope } from './retryable.ts'
import { answered, fault, WALL } from './test/targets.ts'

describe('a fault of the connection', () => {
  const cases: readonly (readonly [ErrorCode, RetryScope, RetryScope])[] = [
    ['dns_error', 'anywhere', 'anywhere'],
    ['dns_timeout', 'anywhere', 'nowhere'],
    ['connection_refused', 'anywhere', 'anywhere'],
    ['connection_terminated', 'anywhere', 'anywhere'],
    ['connection_timeout', 'anywhere', 'nowhere'],
    ['http_protocol_error', 'anywhere', 'nowhere'],
    ['http_response_incomplete', 'anywhere', 'nowhere'],
    ['http_response_timeout', 'anywhere', 'nowhere'],
    ['destination_unavailable', 'elsewhere', 'nowhere'],
    ['tls_certificate_error', 'elsewhere', 'nowhere'],
    ['tls_protocol_error', 'elsewhere', 'nowhere'],
    ['invalid_request', 'nowhere', 'nowhere'],
    ['internal_error', 'nowhere', 'nowhere'],
    ['client_closed_request', 'nowhere', 'nowhere'],
  ]
  test.each(cases)('%s is tried again %s; without configuration %s', (code, configured, unconfigured) => {
    expect(retryScope(fault(code), 'failures')).toBe(configured)
    expect(retryScope(fault(code), 'unanswered')).toBe(unconfigured)
  })
})

describe("a provider's answer", () => {
  const stop = { 'x-should-retry': 'false' }
  const again = { 'x-should-retry': 'true' }
  const cases: readonly (readonly [string, Parameters<typeof answered>, RetryScope])[] = [
    ['400', [400], 'nowhere'],
    ['401', [401], 'another-provider'],
    ['402', [402], 'another-provider'],
    ['403', [403], 'another-provider'],
    ['404', [404], 'nowhere'],
    ['408', [408], 'anywhere'],
    ['409', [409], 'anywhere'],
    ['413', [413], 'nowhere'],
    ['422', [422], 'nowhere'],
    ['429', [429], 'anywhere'],
    ['500', [500], 'anywhere'],
    ['503', [503], 'anywhere'],
    ['529', [529], 'anywhere'],
    ['600', [600], 'nowhere'],
    ['429 of an empty account', [429, { code: 'insufficient_quota' }], 'elsewhere'],
    ['429 with an unknown code', [429, { code: 'rate_limit_exceeded' }], 'anywhere'],
    ['429 3036 of Cloudflare', [429, { provider: 'cloudflare', code: 3036 }], 'elsewhere'],
    ['429 3040 of Cloudflare', [429, { provider: 'cloudflare', code: 3040 }], 'anywhere'],
    ['429 3036 of somebody else', [429, { provider: 'openai', code: 3036 }], 'anywhere'],
    ['429 1113 of Z.ai', [429, { provider: 'zai', code: '1113' }], 'elsewhere'],
    ['429 1302 of Z.ai', [429, { provider: 'zai', code: '1302' }], 'anywhere'],
    ['500 that asks not to be tried again', [500, { headers: stop }], 'elsewhere'],
    ['400 that asks to be tried again', [400, { headers: again }], 'anywhere'],
  ]
  test.each(cases)('%s', (_, given, expected) => {
    expect(retryScope(answered(...given))).toBe(expected)
    expect(retryScope(answered(...given), 'unanswered')).toBe('nowhere')
  })
})

test.each([
  ['an error of the runtime', new TypeError('bug')],
  ['a text', 'text'],
  ['nothing', undefined],
])('%s is a bug and never tried again', (_, error) => {
  expect(retryScope(error)).toBe('nowhere')
  expect(retryScope(error, 'unanswered')).toBe('nowhere')
})

describe('the wait a provider asks for', () => {
  const later = WALL + 90_000
  const cases: readonly (readonly [string, Record<string, string>, number | null])[] = [
    ['is none without a header', {}, null],
    ['is in seconds', { 'retry-after': '2' }, 2000],
    ['may have a fraction', { 'retry-after': '0.5' }, 500],
    ['may be zero', { 'retry-after': '0' }, 0],
    ['is in milliseconds where that is given', { 'retry-after': '9', 'retry-after-ms': '120' }, 120],
    ['falls back when the milliseconds are unreadable', { 'retry-after': '9', 'retry-after-ms': 'soon' }, 9000],
    ['may be a date', { 'retry-after': new Date(later).toUTCString() }, 90_000],
    ['is nothing for a date gone by', { 'retry-after': new Date(WALL - 1000).toUTCString() }, 0],
    ['may be a date in the oldest form', { 'retry-after': 'Tue Jan  1 00:01:30 2030' }, 90_000],
    ['is none when negative', { 'retry-after': '-1' }, null],
    ['is none when it is no number', { 'retry-after': 'Infinity' }, null],
    ['is none when it is text', { 'retry-after': 'Tomorrow, perhaps' }, null],
    ['is none when empty', { 'retry-after': '' }, null],
  ]
  test.each(cases)('%s', (_, headers, expected) => {
    expect(retryAfterMs(answered(429, { headers }), WALL)).toBe(expected)
  })

  test('is none where no provider has answered', () => {
    expect(retryAfterMs(fault('connection_refused'), WALL)).toBeNull()
  })
})
