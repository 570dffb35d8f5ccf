/** The contract's error body: `error` is the message itself. */
export interface GatewayErrorBody {
  readonly error: string
  readonly code: string
  readonly type: string
  readonly param?: string
  readonly request_id: string
  readonly provider?: string
  /** What the provider said, as it said it, when the error is the provider's. */
  readonly provider_error?: unknown
  readonly [member: string]: unknown
}

/** OpenAI's error body. */
export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | number | null
    readonly [member: string]: unknown
  }
}

/** Anthropic's error body. */
export interface AnthropicErrorBody {
  readonly type: 'error'
  readonly error: { readonly type: string; readonly message: string; readonly [member: string]: unknown }
  readonly request_id: string
}
