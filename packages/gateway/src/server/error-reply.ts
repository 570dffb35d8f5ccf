import { answerId } from '../kernel/request-id.ts'
import type { AnthropicErrorBody, GatewayErrorBody, OpenAiErrorBody } from '@inference-gateway/protocol/error'
import { formatEvent } from '@inference-gateway/protocol/sse'
import { errors, GatewayError } from '../kernel/errors.ts'
import { ProviderError } from '../kernel/provider-error.ts'

/** Whose words an error is told in. `gateway`: the contract's, `{"error": "message"}`. */
export type ErrorDialect = 'gateway' | 'openai'

export interface Asker {
  readonly id: string
  /** As the route table names it: a route that speaks another dialect has that dialect's errors. */
  readonly route: string
  readonly headers: Headers
}

export interface ErrorReplies {
  readonly reply: (error: unknown, asker: Asker) => Response
  /** The error as the last event of a stream. */
  readonly event: (error: unknown, asker: Asker) => string
}

/** What every envelope is made from. */
interface Facts {
  readonly status: number
  readonly message: string
  readonly type: string
  readonly code: string | number | null
  readonly param: string | null
  readonly retryable: boolean | null
  readonly headers: Headers | Readonly<Record<string, string>>
  readonly extra: Readonly<Record<string, unknown>>
  /** The provider's own error object. */
  readonly original: unknown
  readonly provider: string | null
}

/** Turns whatever was thrown into an answer the asker's client understands. `auto`: by who asks. */
export function createErrorReplies(format: ErrorDialect | 'auto'): ErrorReplies {
  const dialectOf = ({ route, headers }: Asker): ErrorDialect | 'anthropic' => {
    if (route.startsWith('/v1/messages')) return 'anthropic'
    return format === 'auto' ? dialectOfClient(headers) : format
  }
  return {
    reply(error, asker) {
      const facts = factsOf(error)
      const headers = new Headers(facts.headers)
      if (facts.retryable === false) headers.set('x-should-retry', 'false')
      headers.set('content-type', 'application/json')
      return new Response(JSON.stringify(bodyOf(facts, asker, dialectOf(asker))), {
        status: facts.status,
        headers,
      })
    },
    event(error, asker) {
      const dialect = dialectOf(asker)
      const data = JSON.stringify(bodyOf(factsOf(error), asker, dialect))
      return formatEvent(dialect === 'openai' ? { data } : { event: 'error', data })
    },
  }
}

/** Vercel's AI SDK: `ai-sdk/…` once, by now `ai/7.0.1 ai-sdk-provider-utils/5.0.1 …`. Codex: `codex_exec/0.171.0 …`. */
const READS_OPENAI = /\bai-sdk[-/]|^codex[-_]/

/**
 * Anthropic's clients name the version of their API. OpenAI's SDKs name their language in a header, the Vercel AI SDK and
 * Codex name themselves: they read only OpenAI's envelope.
 */
function dialectOfClient(headers: Headers): ErrorDialect | 'anthropic' {
  if (headers.has('anthropic-version')) return 'anthropic'
  const isOpenAi = headers.has('x-stainless-lang') || READS_OPENAI.test(headers.get('user-agent') ?? '')
  return isOpenAi ? 'openai' : 'gateway'
}

function factsOf(error: unknown): Facts {
  if (error instanceof ProviderError) {
    const { status, fault, headers, original, provider } = error
    return { status, ...fault, retryable: null, headers, extra: {}, original, provider }
  }
  const known = error instanceof GatewayError ? error : bug
  const { status, type, retryable } = errors[known.code]
  const { message, code, param, headers, extra } = known
  return { status, type, retryable, message, code, param, headers, extra, original: null, provider: null }
}

const bug = new GatewayError('internal_error', 'The gateway failed. Its log holds the details under this request id.')

type ErrorBody = GatewayErrorBody | OpenAiErrorBody | AnthropicErrorBody

function bodyOf(facts: Facts, asker: Asker, dialect: ErrorDialect | 'anthropic'): ErrorBody {
  const { message, type, code, param, extra, original, provider } = facts
  if (dialect === 'anthropic') {
    const error = { ...errorObject(original), type: anthropicType(facts), message, ...codeOf(facts), ...extra }
    return { type: 'error', error, request_id: idOf(facts, asker) }
  }
  if (dialect === 'openai') return { error: { ...errorObject(original), message, type, param, code, ...extra } }
  return {
    error: message,
    code: String(code ?? type),
    type,
    ...(param === null ? {} : { param }),
    request_id: idOf(facts, asker),
    ...(provider === null ? {} : { provider }),
    ...(original === null ? {} : { provider_error: original }),
    ...extra,
  }
}

/** Anthropic's types of errors, by status. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

/** The type its SDKs and agents branch on: Anthropic's own where it is one, else by status. */
function anthropicType({ status, type }: Facts): string {
  if (Object.values(ANTHROPIC_TYPES).includes(type) && ANTHROPIC_TYPES[status] === undefined) return type
  return ANTHROPIC_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
}

/** Our own codes are worth telling; Anthropic has none. */
const codeOf = ({ code }: Facts): { readonly code?: string | number } => (code === null ? {} : { code })

const idOf = ({ headers }: Facts, asker: Asker): string =>
  headers instanceof Headers ? answerId(asker, headers) : asker.id

/** The provider's error object, when it has one in OpenAI's place: what it holds besides must not be lost. */
function errorObject(original: unknown): object {
  const body: unknown = Array.isArray(original) ? original[0] : original
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : null
  return typeof error === 'object' && error !== null ? error : {}
}
