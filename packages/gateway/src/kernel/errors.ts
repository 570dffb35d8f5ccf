interface ErrorRow {
  readonly status: number
  /** The field's own families, as OpenAI names them, so that clients can branch on them. */
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'permission_error'
    | 'not_found_error'
    | 'rate_limit_error'
    | 'api_error'
    | 'upstream_error'
  /** Whether the same request may succeed a moment later. Becomes `x-should-retry: false` where it may not. */
  readonly retryable: boolean
  /** What it means and what the reader should do; printed into docs/reference/errors.md. */
  readonly about: string
}

const invalid = { status: 400, type: 'invalid_request_error', retryable: false } as const
const upstream = { type: 'upstream_error', retryable: true } as const

/**
 * Every error the gateway itself answers with. Upstream codes are the proxy error types of RFC 9209 where one fits. An
 * error a provider answered with is relayed with the provider's own status and code instead.
 */
export const errors = {
  invalid_request: {
    ...invalid,
    about: 'The request cannot be understood. The message says which part and what was expected.',
  },
  invalid_json: {
    ...invalid,
    about: 'The body is not JSON in UTF-8; the message says where, where it can be told. Send one JSON object.',
  },
  missing_field: { ...invalid, about: 'A required field is missing or of the wrong kind; `param` names it.' },
  provider_not_found: { ...invalid, about: 'No provider has this id. The message lists the known ones.' },
  provider_not_configured: { ...invalid, about: 'The provider has no key. Set its `<ID>_API_KEY` and restart.' },
  unknown_model: {
    ...invalid,
    about: 'No provider could be told from the model name. Use `provider/model` or `?provider=`.',
  },
  ambiguous_model: { ...invalid, about: 'Several providers serve a model of this id. Name one: `provider/model`.' },
  unsupported_parameter: {
    ...invalid,
    about: 'Strict mode: the provider would need a field dropped or renamed; `param` names it.',
  },
  unsupported_operation: {
    status: 404,
    type: 'not_found_error',
    retryable: false,
    about: 'The provider does not offer this operation. The message names those that do.',
  },
  invalid_target: { ...invalid, about: 'The path or query holds something no provider path may hold, such as `..`.' },
  unauthorized: {
    status: 401,
    type: 'authentication_error',
    retryable: false,
    about: 'A valid bearer token is needed, as `Authorization: Bearer …`. The log says why one was refused.',
  },
  model_not_allowed: {
    status: 403,
    type: 'permission_error',
    retryable: false,
    about: 'ALLOWED_MODELS or DISALLOWED_MODELS refuses this model.',
  },
  origin_not_allowed: {
    status: 403,
    type: 'permission_error',
    retryable: false,
    about:
      'The request comes from a web page whose origin is not in CORS_ALLOWED_ORIGINS, or asks a gateway for this machine ' +
      'alone by a name that is not in it. Nobody was asked.',
  },
  route_not_found: {
    status: 404,
    type: 'not_found_error',
    retryable: false,
    about: 'There is no such path here. `GET /` lists the paths.',
  },
  model_not_found: {
    status: 404,
    type: 'not_found_error',
    retryable: false,
    about: 'No configured provider lists this model.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    retryable: false,
    about: 'The path exists, the method does not; see `Allow`.',
  },
  target_too_long: {
    status: 414,
    type: 'invalid_request_error',
    retryable: false,
    about: 'The URL is too long. Send what is large in a body.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    retryable: false,
    about: 'The body is over SERVER_MAX_REQUEST_BODY_SIZE.',
  },
  unsupported_encoding: {
    status: 415,
    type: 'invalid_request_error',
    retryable: false,
    about: 'The body is compressed. Send it without content-encoding.',
  },
  expectation_failed: {
    status: 417,
    type: 'invalid_request_error',
    retryable: false,
    about: 'The `Expect` header asks for something else than `100-continue`.',
  },
  too_many_headers: {
    status: 431,
    type: 'invalid_request_error',
    retryable: false,
    about: 'The request has more headers than any client needs.',
  },
  client_closed_request: {
    status: 499,
    type: 'api_error',
    retryable: false,
    about: 'The client left before the answer was complete. Seen in logs only.',
  },
  internal_error: {
    status: 500,
    type: 'api_error',
    retryable: false,
    about: 'A defect of the gateway. The log holds the details under this request id.',
  },
  dns_error: {
    ...upstream,
    status: 502,
    about: "The provider's host name does not resolve. Check its `<ID>_API_URL`.",
  },
  proxy_loop_detected: {
    ...upstream,
    status: 502,
    retryable: false,
    about:
      'The request has come through this gateway before: a provider’s URL leads back to it. Where two gateways stand in a ' +
      'row on purpose, give one of them another APPLICATION_NAME.',
  },
  proxy_failed: {
    ...upstream,
    status: 502,
    about: 'The proxy that HTTPS_PROXY or HTTP_PROXY names cannot be reached, or does not lead to the provider.',
  },
  dns_timeout: { ...upstream, status: 504, about: 'The name server did not answer in time.' },
  connection_refused: {
    ...upstream,
    status: 502,
    about: 'Nothing listens at the provider’s address. Is the server running?',
  },
  connection_terminated: { ...upstream, status: 502, about: 'The provider closed the connection before it answered.' },
  connection_timeout: {
    ...upstream,
    status: 504,
    about: 'The provider’s address did not accept a connection in time.',
  },
  tls_certificate_error: {
    ...upstream,
    status: 502,
    retryable: false,
    about: 'The provider’s certificate cannot be trusted. No key was sent.',
  },
  tls_protocol_error: {
    ...upstream,
    status: 502,
    retryable: false,
    about: 'The TLS handshake with the provider failed. No key was sent.',
  },
  http_protocol_error: { ...upstream, status: 502, about: 'The provider sent something that is not valid HTTP.' },
  http_response_incomplete: {
    ...upstream,
    status: 502,
    about: 'The provider’s answer broke off. What arrived is not the whole answer.',
  },
  http_response_timeout: { ...upstream, status: 504, about: 'The provider went silent for longer than the limit.' },
  invalid_response: {
    ...upstream,
    status: 502,
    about: 'The provider’s answer is not what its API promises (for example not JSON).',
  },
  destination_unavailable: {
    ...upstream,
    status: 503,
    about: 'Every model that could be asked has failed repeatedly and is left alone for a while.',
  },
  overloaded: {
    status: 503,
    type: 'api_error',
    retryable: true,
    about: 'The gateway is at its limit of requests in flight. Retry after the given time.',
  },
  auth_unavailable: {
    status: 503,
    type: 'api_error',
    retryable: true,
    about: 'The identity provider cannot be reached, so no token can be checked. Retry after the given time.',
  },
  not_ready: { status: 503, type: 'api_error', retryable: true, about: 'The gateway is starting or draining.' },
  server_shutdown: {
    status: 503,
    type: 'api_error',
    retryable: true,
    about: 'The gateway stopped before the answer was complete.',
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errors

interface ErrorDetails {
  /** The request field that is wrong, as the client wrote it. */
  readonly param?: string
  /** Headers the answer must carry, such as `allow` or `www-authenticate`. */
  readonly headers?: Readonly<Record<string, string>>
  /** More members for the error body, such as `suggestions`. */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** What a client should know. Everything else that is thrown is a bug and answers 500 without its text. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly param: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly extra: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'GatewayError'
    this.code = code
    this.param = details.param ?? null
    this.headers = details.headers ?? {}
    this.extra = details.extra ?? {}
  }

  get status(): number {
    return errors[this.code].status
  }
}
