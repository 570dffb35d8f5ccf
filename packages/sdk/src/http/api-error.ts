import * as errors from '../errors.ts'
import { isObject, type JsonObject, parseJson } from '../json.ts'
import { type Meta, metaOf } from './meta.ts'
import { askedDelayMs, mayRetry } from './retry.ts'

/** What an error object says, whoever wrote it. */
export interface ErrorWords {
  readonly message: string
  readonly code: string | undefined
  readonly type: string | undefined
  readonly param: string | undefined
  readonly provider: string | undefined
  readonly requestId: string | undefined
  readonly suggestions: readonly string[]
}

/**
 * Reads the envelopes there are: the gateway's `{error: "message", code, …}`, OpenAI's `{error: {message, code, …}}` and
 * Anthropic's `{error: {message, type}, request_id}`. `undefined` when the value is none of them.
 */
export function wordsOf(value: unknown): ErrorWords | undefined {
  const body = Array.isArray(value) ? (value[0] as unknown) : value // Google sends lists
  if (!isObject(body)) return undefined
  const inner = body['error']
  const error: JsonObject = isObject(inner) ? inner : body
  const message = typeof inner === 'string' ? inner : (text(error['message']) ?? text(error['detail']))
  if (message === undefined) return undefined
  const { suggestions } = error
  return {
    message,
    code: text(error['code']),
    type: text(error['type']),
    param: text(error['param']),
    provider: text(body['provider']),
    requestId: text(body['request_id']),
    suggestions: Array.isArray(suggestions) ? suggestions.filter((each) => typeof each === 'string') : [],
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

/** What headers and words say together. `code`: where the words have none. */
export const factsOf = (words: ErrorWords | undefined, meta: Meta, code: string): errors.ErrorFacts => ({
  ...meta,
  provider: meta.provider ?? words?.provider,
  requestId: meta.requestId ?? words?.requestId,
  code: words?.code ?? words?.type ?? code,
  type: words?.type,
  param: words?.param,
})

const classes: Readonly<Record<number, typeof errors.APIError>> = {
  400: errors.BadRequestError,
  401: errors.AuthenticationError,
  402: errors.BudgetExceededError,
  403: errors.PermissionDeniedError,
  404: errors.NotFoundError,
  409: errors.ConflictError,
  422: errors.UnprocessableEntityError,
  502: errors.UpstreamError,
  503: errors.UpstreamError,
  504: errors.UpstreamError,
  529: errors.UpstreamError,
}

/** An answer that is an error, as an error. `body` is what was read of it. */
export function apiError(response: Response, body: string): errors.APIError {
  const { status, headers } = response
  const parsed = parseJson(body)
  const words = wordsOf(parsed)
  const known = factsOf(words, metaOf(response), `http_${status}`)
  const facts = { ...known, retryable: mayRetry(response), headers, body: parsed ?? body }
  const message = words?.message ?? `The gateway answered ${status}${body === '' ? '' : `: ${body.slice(0, 200)}`}.`
  if (facts.code === 'model_not_found' || facts.code === 'unknown_model')
    return new errors.ModelNotFoundError(message, facts, words?.suggestions)
  if (status === 429) return new errors.RateLimitError(message, facts, askedDelayMs(headers))
  const Class = classes[status] ?? (status >= 500 ? errors.ServerError : errors.APIError)
  return new Class(message, facts)
}

/** A good status with something behind it that is no answer of a gateway. */
export function notAnAnswer(response: Response, body: string): errors.APIError {
  const kind = response.headers.get('content-type') ?? 'no content-type'
  return new errors.APIError(`${response.url} answered with ${kind} that no inference gateway sends. Is it one?`, {
    ...metaOf(response),
    code: 'invalid_response',
    headers: response.headers,
    body,
  })
}
