/** How a provider wants to see its key. `query` puts it into the URL's query under `name`. */
export type Auth =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer' }
  | { readonly kind: 'xheader' | 'query'; readonly name: string }

/** A provider's own dialect of chat. See `dialects/chat-dialects.ts`. */
export type ChatDialectName = 'anthropic-messages' | 'cohere-chat' | 'google-generate-content'

/** How a model list is written. See `model-lists.ts`. */
export type ModelListDialect = 'openai' | 'anthropic' | 'cohere' | 'cloudflare'

export interface Endpoint {
  /** Appended to the base URL; may hold a query. */
  readonly path: string
  /** Where it does not lie under the base URL but beside it: this ending of the base URL is left out. */
  readonly beside?: string
  /** Where it differs from the provider's. */
  readonly auth?: Auth
  readonly headers?: Readonly<Record<string, string>>
  /** Request fields it refuses, besides those the provider refuses everywhere. */
  readonly drop?: readonly string[]
  /** Embeddings: it refuses `encoding_format` and answers with floats. */
  readonly floatsOnly?: boolean
}

/** What is passed on to the providers that have it, by the name of OpenAI's path; `rerank` is Cohere's. */
export type RelayedOperation =
  | 'embeddings'
  | 'completions'
  | 'images/generations'
  | 'images/edits'
  | 'images/variations'
  | 'audio/transcriptions'
  | 'audio/translations'
  | 'audio/speech'
  | 'moderations'
  | 'responses/compact'
  | 'responses/input_tokens'
  | 'rerank'

export interface Rename {
  readonly from: string
  readonly to: string
  /** Only for models whose name matches. */
  readonly models?: RegExp
}

/** What a provider does not understand, as data. Every use of it is told in `x-gateway-changes`. */
export interface Quirks {
  /** Request fields it refuses. `messages.reasoning` stands in every message; lists on the way are gone through. */
  readonly drop?: readonly string[]
  /** The ids of tool calls it takes; others become `call00001` and so on. */
  readonly callIds?: RegExp
  readonly rename?: readonly Rename[]
  /** `false`: do not ask for usage with `stream_options`; it sends usage unasked, or refuses the field. */
  readonly streamOptions?: boolean
  /**
   * What it understands beyond OpenAI's chat, of what other dialects bring along: `reasoning_content` or `reasoning` (it
   * takes its reasoning back in the messages), `extra_content` (the same for calls), `cache_control`, `top_k`.
   */
  readonly extensions?: readonly ChatExtension[]
  /** The models that know `reasoning_effort`; a request from another dialect tells it only to them. */
  readonly effort?: RegExp
}

export type ChatExtension = 'reasoning_content' | 'reasoning' | 'extra_content' | 'cache_control' | 'top_k'

/** A service, as one row of data. */
export interface Provider {
  /** The prefix in `groq/llama…`; upper-cased it names GROQ_API_KEY and GROQ_API_URL. */
  readonly id: string
  readonly name: string
  /** No trailing slash. */
  readonly baseUrl: string
  readonly auth: Auth
  /** The variable that holds the key, where it is not `<ID>_API_KEY`. */
  readonly keyEnv?: string
  /** Where its base URL is written, as messages call it, where it is not `<ID>_API_URL`. */
  readonly urlSource?: string
  /** The key may be missing: a local server that asks for one only if told to. */
  readonly keyOptional?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly operations: {
    readonly models?: { readonly dialect: ModelListDialect; readonly endpoints: readonly Endpoint[] }
    readonly chat?: Endpoint
    /** Chat in the provider's own dialect, where it is to be asked in it (`<ID>_DIALECT`). */
    readonly nativeChat?: Endpoint & { readonly dialect: ChatDialectName }
    /** Anthropic's Messages; the others are asked in chat's words. */
    readonly messages?: Endpoint
    readonly countTokens?: Endpoint
    /** OpenAI's Responses. */
    readonly responses?: Endpoint
  } & { readonly [Name in RelayedOperation]?: Endpoint }
  /** Whether chat is asked for in its own dialect, instead of at its endpoint for OpenAI's. */
  readonly chatsNatively?: boolean
  /** Auth and headers on `/proxy`, for paths that are none of the operations. */
  readonly proxy?: Pick<Endpoint, 'auth' | 'headers'>
  readonly quirks?: Quirks
}

/** Something that can be put on the wire and nowhere else. */
export interface Credential {
  reveal(): string
}

/** A provider that can be asked: its row, with the configured base URL, and its key. */
export interface Account {
  readonly provider: Provider
  readonly credential: Credential | null
}

export interface Target extends Account {
  /** The provider's name for the model. */
  readonly model: string
}

/** A request to a provider. URL, credential and allowed headers are put on by the upstream client, never by the caller. */
export interface UpstreamRequest {
  readonly account: Account
  readonly method: string
  /** Appended to the account's base URL; starts with `/`; may hold a query. */
  readonly path: string
  /** Auth and headers of the endpoint, where they differ from the provider's. */
  readonly endpoint?: Pick<Endpoint, 'auth' | 'headers' | 'beside'>
  /** The client's headers as they came. Only those on the allow-list go out. */
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null
  /** What the body is, where it is not JSON; the length in bytes is told of a stream that has one. */
  readonly content?: { readonly type: string; readonly length: number | null }
  /** The client speaks to the provider itself: content type and encoding stay its own, more headers pass. */
  readonly passThrough?: boolean
  /** Our own trace headers, in the place of the client's. */
  readonly trace?: Readonly<Record<string, string>>
  /** A kept connection has just failed, or may have: use none. */
  readonly onNewConnection?: boolean
  /**
   * Whether it may be sent again, on a new connection, when the kept one breaks before a byte of an answer. What only
   * reads always may.
   */
  readonly isRepeatable?: boolean
  /** A limit for all up to the answer's head, besides those of the phases. */
  readonly answerWithin?: TimeLimit | null
  /** From the sent request to the answer's head, in the place of the provider's own limit. */
  readonly responseHeader?: TimeLimit | null
  /** Looked at several times a second, while the answer's body is being read too: once it is aborted, the call is. */
  readonly signal: AbortSignal
}

export interface TimeLimit {
  /** 0 = none. */
  readonly ms: number
  /** Where it is set, for whoever wants it longer. */
  readonly setting: string
}

/** Header fields by name, in lower case; several of one name are joined with a comma. */
export type HeaderFields = Record<string, string>

/** Takes what a body has next. */
export interface PartSink {
  part(bytes: Uint8Array<ArrayBuffer>): void
  /** The body has come to its proper end. */
  end(): void
  /** The body broke off. */
  fault(error: unknown): void
}

/** The bytes of an answer, read at the reader's pace: what it does not ask for stays with the provider. */
export interface AnswerBody {
  /** Tells the sink once what comes next, now or later. Not to be asked again before. */
  next(sink: PartSink): void
}

/** What a provider answered. */
export interface UpstreamAnswer {
  readonly status: number
  readonly statusText: string
  /** The reader's own to add to. */
  readonly headers: HeaderFields
  /** `null`: there is none, as with 204 and HEAD. */
  readonly body: AnswerBody | null
  /** Ends the call while its body is still coming; who reads it is told `reason` as its fault. */
  abort(reason: unknown): void
}

/**
 * Sends a request to its provider. Settles once the status line is known; the body follows. The answer's headers are
 * safe to hand to a client: what may not pass is gone. Throws GatewayError with an upstream code (`dns_error`,
 * `connection_refused`, …) when no answer came, and the signal's reason when it fired.
 */
export interface Upstream {
  send(request: UpstreamRequest): Promise<UpstreamAnswer>
}
