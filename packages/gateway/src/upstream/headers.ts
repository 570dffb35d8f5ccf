/** A rule for header names: the names themselves, and beginnings of names. */
interface HeaderRule {
  readonly names: ReadonlySet<string>
  readonly prefixes: readonly string[]
}

/** What a caller may tell a provider on the gateway's own endpoints. Everything else stays here. */
const TO_PROVIDER: HeaderRule = {
  names: new Set(['accept', 'idempotency-key', 'http-referer', 'x-title', 'x-session-affinity']),
  prefixes: ['openai-', 'anthropic-'],
}

/** What besides may pass on `/proxy`, where the caller speaks to the provider itself. */
const TO_PROVIDER_BY_PROXY: HeaderRule = {
  names: new Set([
    ...TO_PROVIDER.names,
    'accept-encoding',
    'accept-language',
    'content-type',
    'content-length',
    'content-encoding',
    'content-language',
    'range',
    'if-match',
    'if-none-match',
    'if-modified-since',
    'if-unmodified-since',
    'if-range',
    'user-agent',
    'x-client-name',
  ]),
  prefixes: [...TO_PROVIDER.prefixes, 'x-goog-', 'x-stainless-'],
}

/** What a provider may tell a client on the gateway's own endpoints. */
const TO_CLIENT: HeaderRule = {
  names: new Set([
    'content-type',
    'content-length',
    'retry-after',
    'retry-after-ms',
    'x-should-retry',
    'x-request-id',
    'request-id',
  ]),
  prefixes: ['x-ratelimit-', 'openai-', 'anthropic-', 'ratelimit-'],
}

/** What besides may pass on `/proxy`. */
const TO_CLIENT_BY_PROXY: HeaderRule = {
  names: new Set([
    ...TO_CLIENT.names,
    'content-encoding',
    'content-disposition',
    'content-language',
    'content-range',
    'accept-ranges',
    'cache-control',
    'etag',
    'last-modified',
    'expires',
    'vary',
    'location',
    'link',
    'date',
    'x-accel-buffering',
  ]),
  prefixes: [...TO_CLIENT.prefixes, 'x-goog-', 'x-ms-', 'x-groq-', 'x-trial-', 'x-endpoint-', 'x-api-', 'x-amzn-'],
}

/** Names that match a beginning above and must not pass all the same: they hold keys or name accounts. */
const NEVER = new Set([
  'x-goog-api-key',
  'anthropic-organization-id',
  'x-api-key',
  'openai-organization',
  'openai-project',
])

const SAFE_NAME = /^[a-z0-9-]+$/

/** Headers by name, in lower case; several of one name are joined with a comma. Cheaper to fill than `Headers`. */
export type HeaderFields = Record<string, string>

/** The headers of a client's request that may go to a provider. */
export const toProvider = (headers: Headers, byProxy = false): HeaderFields =>
  allowed(headers, byProxy ? TO_PROVIDER_BY_PROXY : TO_PROVIDER)

/** The headers of a provider's answer that may go to the client. */
export const toClient = (headers: Headers, byProxy = false): Headers =>
  new Headers(allowed(headers, byProxy ? TO_CLIENT_BY_PROXY : TO_CLIENT))

function allowed(headers: Headers, rule: HeaderRule): HeaderFields {
  const fields: HeaderFields = {}
  // oxlint-disable-next-line unicorn/no-array-for-each -- half the cost of the iterator, once per request
  headers.forEach((value, name) => {
    if (mayPass(name, rule)) fields[name] = value
  })
  return fields
}

function mayPass(name: string, rule: HeaderRule): boolean {
  if (rule.names.has(name)) return true
  return rule.prefixes.some((prefix) => name.startsWith(prefix)) && !NEVER.has(name) && SAFE_NAME.test(name)
}
