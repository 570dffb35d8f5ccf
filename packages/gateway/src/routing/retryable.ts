import { type ErrorCode, GatewayError } from '../kernel/errors.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import { asksSeveralProviders, type Plan, type RetryPolicy } from './plan.ts'

/** Where a failed request may be tried again: at any target, at another one, at another provider, or not at all. */
export type RetryScope = 'anywhere' | 'elsewhere' | 'another-provider' | 'nowhere'

/** The provider could not be reached, or did not answer as HTTP promises, or not in time. */
const CONNECTION_CODES: ReadonlySet<ErrorCode> = new Set([
  'dns_error',
  'dns_timeout',
  'connection_refused',
  'connection_terminated',
  'connection_timeout',
  'http_protocol_error',
  'http_response_incomplete',
  'http_response_timeout',
])

/**
 * The provider has not begun to answer, and the client has not waited for it. Timeouts are left out: a second try would
 * double the limit that somebody set.
 */
const UNANSWERED_CODES: ReadonlySet<ErrorCode> = new Set(['dns_error', 'connection_refused', 'connection_terminated'])

/** Faults of one provider that do not pass within a request. */
const LASTING_CODES: ReadonlySet<ErrorCode> = new Set([
  'tls_certificate_error',
  'tls_protocol_error',
  'destination_unavailable',
])

/** What OpenAI's SDKs try again beside every 5xx (529 is Anthropic's “overloaded”), so client and gateway agree. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 409, 429])

/** What a provider says of the gateway's key or account: another provider is asked with another one. */
const KEY_STATUS: ReadonlySet<number> = new Set([401, 402, 403])

/** A 429 that says the account is used up; waiting a moment does not help. By provider, since numbers are reused. */
const EXHAUSTED: Readonly<Record<string, readonly string[]>> = {
  cloudflare: ['3036'], // the day's free neurons are used
  zai: ['1113'], // no balance
}

/** There is no answer, and that is the provider's fault. */
export function isConnectionFailure(error: unknown): boolean {
  return error instanceof GatewayError && (CONNECTION_CODES.has(error.code) || LASTING_CODES.has(error.code))
}

/** The provider says itself that the fault is its own. */
export const isServerError = (status: number): boolean => status >= 500 && status <= 599

/** A status that may be different a moment later. */
export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_STATUS.has(status) || isServerError(status)
}

/** What is tried again, for people and programs: codes of the gateway's errors, and statuses of a provider's answers. */
export function retriedFailures(plan: Plan): {
  readonly codes: readonly ErrorCode[]
  readonly statuses: readonly string[]
} {
  if (plan.retry.maxAttempts === 1) return { codes: [], statuses: [] }
  if (plan.retry.on === 'unanswered') return { codes: [...UNANSWERED_CODES], statuses: [] }
  const ofKeys = asksSeveralProviders(plan) ? KEY_STATUS : []
  return {
    codes: [...CONNECTION_CODES, ...LASTING_CODES],
    statuses: [...[...ofKeys, ...RETRYABLE_STATUS].map(String), '5xx'],
  }
}

/** Decides by class, code and status alone, never by an error's text. What is unknown is a bug and not tried again. */
export function retryScope(error: unknown, on: RetryPolicy['on'] = 'failures'): RetryScope {
  if (on === 'unanswered') {
    return error instanceof GatewayError && UNANSWERED_CODES.has(error.code) ? 'anywhere' : 'nowhere'
  }
  if (error instanceof ProviderError) return scopeOfAnswer(error)
  if (!(error instanceof GatewayError) || !isConnectionFailure(error)) return 'nowhere'
  return LASTING_CODES.has(error.code) ? 'elsewhere' : 'anywhere'
}

/** `x-should-retry` speaks for the provider that sent it: its `false` does not keep another one from being asked. */
function scopeOfAnswer(error: ProviderError): RetryScope {
  const advice = error.headers.get('x-should-retry')
  if (advice === 'true') return 'anywhere'
  if (KEY_STATUS.has(error.status)) return 'another-provider'
  if (!isRetryableStatus(error.status)) return 'nowhere'
  return advice === 'false' || isExhausted(error) ? 'elsewhere' : 'anywhere'
}

function isExhausted({ provider, status, fault }: ProviderError): boolean {
  if (status !== 429) return false
  const names = [String(fault.code), fault.type]
  return names.includes('insufficient_quota') || (EXHAUSTED[provider] ?? []).includes(String(fault.code))
}

/**
 * How long the provider asks to be left alone, in ms from `now` (ms since 1970); `null` when it does not say, or not
 * readably. `retry-after-ms` is OpenAI's and Azure's and wins, being finer; `retry-after` is seconds or a date (RFC 9110,
 * 10.2.3).
 */
export function retryAfterMs(error: unknown, now: number): number | null {
  if (!(error instanceof ProviderError)) return null
  return readNumber(error.headers.get('retry-after-ms'), 1) ?? readRetryAfter(error.headers.get('retry-after'), now)
}

function readRetryAfter(text: string | null, now: number): number | null {
  const delayMs = readNumber(text, 1000)
  if (delayMs !== null || text === null) return delayMs
  // All three forms of an HTTP date begin with the day's name; only the oldest lacks the zone, and it is GMT as well.
  if (!/^\s*[a-z]{3,9},? /i.test(text)) return null
  const date = Date.parse(/GMT\s*$/.test(text) ? text : `${text} GMT`)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

function readNumber(text: string | null, unitMs: number): number | null {
  return text !== null && /^\s*\d{1,12}(\.\d*)?\s*$/.test(text) ? Number(text) * unitMs : null
}
