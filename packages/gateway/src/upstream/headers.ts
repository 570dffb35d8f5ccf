import { GatewayError } from '../kernel/errors.ts'
import type { HeaderFields } from '../providers/provider.ts'

/** A rule for header names: the names themselves, and beginnings of names. */
interface HeaderRule {
  readonly names: ReadonlySet<string>
  readonly prefixes: readonly string[]
}

/** What a caller may tell a provider on the gateway's own endpoints. Everything else stays here. */
const TO_PROVIDER: HeaderRule = {
  names: new Set([
    'accept',
    'idempotency-key',
    'traceparent',
    'tracestate',
    'http-referer',
    'x-title',
    'x-session-affinity',
  ]),
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
  names: new Set(['content-type', 'retry-after', 'retry-after-ms', 'x-should-retry', 'x-request-id', 'request-id']),
  prefixes: ['x-ratelimit-', 'openai-', 'anthropic-', 'ratelimit-'],
}

/** What besides may pass on `/proxy`. */
const TO_CLIENT_BY_PROXY: HeaderRule = {
  names: new Set([
    ...TO_CLIENT.names,
    'content-length',
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

/**
 * Names that match a beginning above and must not pass all the same: they hold keys, name accounts, or say who the caller
 * is, as Google's Identity-Aware Proxy does to what stands behind it.
 */
const NEVER = new Set([
  'x-goog-api-key',
  'x-goog-iam-authorization-token',
  'x-goog-iap-jwt-assertion',
  'x-goog-authenticated-user-email',
  'x-goog-authenticated-user-id',
  'x-goog-user-project',
  'anthropic-organization-id',
  'x-api-key',
  'openai-organization',
  'openai-project',
])

const SAFE_NAME = /^[a-z0-9-]+$/

export interface Passing {
  /** On `/proxy`. */
  readonly byProxy: boolean
  /** The gateway's name in `via`. */
  readonly ownName: string
}

/**
 * The headers of a client's request that may go to a provider. Throws `proxy_loop_detected` when they say that the
 * request has been here before (RFC 9110, section 7.6.3).
 */
export function toProvider(headers: Headers, { byProxy, ownName }: Passing): HeaderFields {
  const rule = byProxy ? TO_PROVIDER_BY_PROXY : TO_PROVIDER
  const fields: HeaderFields = {}
  let connection = ''
  // oxlint-disable-next-line unicorn/no-array-for-each -- half the cost of the iterator, once per request
  headers.forEach((value, name) => {
    if (mayPass(name, rule)) fields[name] = value
    else if (name === 'via' && hasPassed(value, ownName)) throw loop(ownName)
    else if (name === 'connection') connection = value
  })
  return withoutHop(fields, connection)
}

/** Without the fields that `connection` names: they are for one hop (RFC 9110, section 7.6.1). */
function withoutHop(fields: HeaderFields, connection: string): HeaderFields {
  for (const name of connection.toLowerCase().split(',')) delete fields[name.trim()]
  return fields
}

const hasPassed = (via: string, name: string): boolean =>
  via.split(',').some((hop) => hop.trim().split(/\s+/)[1] === name)

const loop = (name: string) =>
  new GatewayError(
    'proxy_loop_detected',
    `The request has come through ${name} before: a provider's URL leads back to this gateway. Where two gateways stand ` +
      'in a row on purpose, give one of them another APPLICATION_NAME.',
  )

/** The headers of a provider's answer that may go to the client. */
export function toClient(headers: HeaderFields, byProxy: boolean): HeaderFields {
  const rule = byProxy ? TO_CLIENT_BY_PROXY : TO_CLIENT
  const fields: HeaderFields = {}
  for (const name in headers) if (mayPass(name, rule)) fields[name] = headers[name] ?? ''
  return withoutHop(fields, headers['connection'] ?? '')
}

/** Without what repeats a key that went into the query: a redirect would hand it to the client. */
export function withoutKey(headers: HeaderFields, key: string): HeaderFields {
  const written = [key, encodeURIComponent(key)]
  return Object.fromEntries(
    Object.entries(headers).filter(([, value]) => !written.some((text) => value.includes(text))),
  )
}

function mayPass(name: string, { names, prefixes }: HeaderRule): boolean {
  if (names.has(name)) return true
  for (const prefix of prefixes) if (name.startsWith(prefix)) return !NEVER.has(name) && SAFE_NAME.test(name)
  return false
}
