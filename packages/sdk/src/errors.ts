import { said } from './json.ts'

/** One try of the gateway at a provider, as `x-gateway-attempts` tells it. */
export interface Attempt {
  readonly provider: string
  /** What the provider answered; `undefined` when it did not. */
  readonly status: number | undefined
  /** Why there was no answer: a code of the gateway's, such as `connection_refused`. */
  readonly code: string | undefined
  readonly durationMs: number
}

/** What is known of a failure. Everything but `code` may be unknown. */
export interface ErrorFacts {
  readonly code: string
  readonly type?: string | undefined
  readonly status?: number | undefined
  readonly param?: string | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly requestId?: string | undefined
  readonly retryable?: boolean | undefined
  readonly attempts?: readonly Attempt[] | undefined
  readonly headers?: Headers | undefined
  readonly body?: unknown
  readonly cause?: unknown
}

/** The same in every copy of this package, so that an error of one is known to the other. */
const BRAND = Symbol.for('@inference-gateway/sdk/error')

/**
 * Everything this package throws at run time. `code` is stable: branch on it, or on the class. What is not known is no
 * member, so that an error that is printed shows what there is.
 */
export class GatewayError extends Error {
  override readonly name: string = 'GatewayError'
  /** The gateway's or the provider's code, such as `unknown_model`, or one of this package, such as `timeout`. */
  declare readonly code: string
  /** The family of the error, as OpenAI names it: `invalid_request_error`, `upstream_error`, … */
  declare readonly type: string | undefined
  /** The HTTP status; `undefined` when no answer came. */
  declare readonly status: number | undefined
  /** The field of the request that is wrong. */
  declare readonly param: string | undefined
  /** Who was asked last. */
  declare readonly provider: string | undefined
  declare readonly model: string | undefined
  /** Finds the request in the gateway's log. */
  declare readonly requestId: string | undefined
  /** Whether the same request may succeed a moment later. */
  declare readonly retryable: boolean
  /** The gateway's tries, in order. */
  declare readonly attempts: readonly Attempt[]

  constructor(message: string, facts: ErrorFacts) {
    const { code, type, status, param, provider, model, requestId, retryable = false, attempts = [], cause } = facts
    super(message, cause === undefined ? undefined : { cause })
    Object.assign(this, said({ code, type, status, param, provider, model, requestId, retryable, attempts }))
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** With its message, which other errors leave out of their JSON. */
  toJSON(): object {
    return Object.assign({ message: this.message }, this)
  }

  /** Like `instanceof`, also for errors of another copy of this package. */
  static is(error: unknown): error is GatewayError {
    return typeof error === 'object' && error !== null && BRAND in error
  }
}

/** The gateway answered with an error, or with something that is no answer. */
export class APIError extends GatewayError {
  override readonly name: string = 'APIError'
  declare readonly headers: Headers | undefined
  /** The answer as it came: parsed when it was JSON. */
  declare readonly body: unknown

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts)
    const { headers, body } = facts
    Object.defineProperty(this, 'headers', { value: headers }) // too many to be printed
    Object.assign(this, said({ body }))
  }
}

/** 400: the request is wrong; `param` may name the field. */
export class BadRequestError extends APIError {
  override readonly name: string = 'BadRequestError'
}

/** 401: the gateway does not accept the token, or the provider its key. */
export class AuthenticationError extends APIError {
  override readonly name: string = 'AuthenticationError'
}

/** 402: nothing is left to pay with. */
export class BudgetExceededError extends APIError {
  override readonly name: string = 'BudgetExceededError'
}

/** 403: it is known who asks, and it is not allowed. */
export class PermissionDeniedError extends APIError {
  override readonly name: string = 'PermissionDeniedError'
}

/** 404: there is nothing of that name. */
export class NotFoundError extends APIError {
  override readonly name: string = 'NotFoundError'
}

/** Nobody serves the model: 404 from a list or a provider, 400 where no provider can be told from its name. */
export class ModelNotFoundError extends NotFoundError {
  override readonly name: string = 'ModelNotFoundError'
  /** The closest models that there are. */
  readonly suggestions: readonly string[]

  constructor(message: string, facts: ErrorFacts, suggestions: readonly string[] = []) {
    super(message, facts)
    this.suggestions = suggestions
  }
}

/** 409: it does not go together with something else that happens; tried again. */
export class ConflictError extends APIError {
  override readonly name: string = 'ConflictError'
}

/** 422: well formed, and yet not to be done. */
export class UnprocessableEntityError extends APIError {
  override readonly name: string = 'UnprocessableEntityError'
}

/** 429: too many requests or tokens; tried again after the pause that is asked for. */
export class RateLimitError extends APIError {
  override readonly name: string = 'RateLimitError'
  /** How long to wait, as the answer asks. */
  declare readonly retryAfterMs: number | undefined

  constructor(message: string, facts: ErrorFacts, retryAfterMs?: number) {
    super(message, facts)
    Object.assign(this, said({ retryAfterMs }))
  }
}

/** 500 and above: a failure on the way or at the provider; tried again. */
export class ServerError extends APIError {
  override readonly name: string = 'ServerError'
}

/** 502, 503, 504, 529: a provider is away, overloaded or broke off. `attempts` tells who was asked. */
export class UpstreamError extends ServerError {
  override readonly name: string = 'UpstreamError'
}

/** No answer came. */
export class ConnectionError extends GatewayError {
  override readonly name: string = 'ConnectionError'
}

/**
 * What was waited for: `connect`, a connection; `firstByte`, the head of the answer; `idle`, the next byte of the
 * answer; `total`, the whole call with its retries.
 */
export type Phase = 'connect' | 'firstByte' | 'idle' | 'total'

/** No answer came in time. */
export class TimeoutError extends ConnectionError {
  override readonly name: string = 'TimeoutError'
  readonly phase: Phase

  constructor(message: string, phase: Phase, cause?: unknown) {
    super(message, { code: 'timeout', retryable: phase !== 'total', cause })
    this.phase = phase
  }
}

/** The caller's own signal, or a consumer that stopped early. `cause` is the signal's reason. */
export class AbortError extends GatewayError {
  override readonly name: string = 'AbortError'

  constructor(cause?: unknown) {
    super('The call was aborted.', { code: 'aborted', cause })
  }
}

/** A stream broke after it had begun. What arrived is not the whole answer; it is never asked for again by itself. */
export class StreamError<Partial = unknown> extends GatewayError {
  override readonly name: string = 'StreamError'
  /** What had arrived, in the form of a whole answer. */
  readonly partial: Partial

  constructor(message: string, facts: ErrorFacts, partial: Partial) {
    super(message, facts)
    this.partial = partial
  }
}

/** One thing that a schema has against a value. */
export interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A model wrote something else than the schema asks for. */
export class ParseError extends GatewayError {
  override readonly name: string = 'ParseError'
  /** What it wrote. */
  readonly text: string
  /** What the schema says to it; empty when it is not even JSON. */
  readonly issues: readonly Issue[]

  constructor(message: string, text: string, issues: readonly Issue[] = [], cause?: unknown) {
    super(message, { code: 'parse_error', cause })
    this.text = text
    this.issues = issues
  }
}
