import { said } from './json.ts'

/** A provider's id. The known ones are offered while typing; an operator may have added others. */
export type ProviderId =
  | 'anthropic'
  | 'cloudflare'
  | 'cohere'
  | 'deepseek'
  | 'fireworks'
  | 'google'
  | 'groq'
  | 'llamacpp'
  | 'minimax'
  | 'mistral'
  | 'moonshot'
  | 'nvidia'
  | 'ollama'
  | 'ollama_cloud'
  | 'openai'
  | 'openrouter'
  | 'simulator'
  | 'together'
  | 'xai'
  | 'zai'
  // Keeps the names above in the editor's list although any text is taken.
  | (string & Record<never, never>)

/** How long each phase of a call may take, in ms; 0: as long as it likes. A connection's own limit is the runtime's. */
export interface Timeouts {
  /** From the request to the head of its answer, at each try. Without `stream` that is the whole thinking of a model. */
  readonly firstByte: number
  /** Between two bytes of an answer. The gateway sends a sign of life every 15 s. */
  readonly idle: number
  /** The whole call, with its retries and the waits between them. */
  readonly total: number
}

// Of a body: Node's types do not know the name `BodyInit`.
/** A request on its way out. A middleware changes it by passing on another one. */
export interface OutgoingRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: NonNullable<RequestInit['body']> | null
  readonly signal: AbortSignal
}

/** What a middleware may know of the call it stands around. */
export interface MiddlewareContext {
  /** Counts the tries of a call, from 0. */
  readonly attempt: number
  /** The path that is asked, such as `/v1/chat/completions`. */
  readonly path: string
  /** Writes to the client's `log`; into nothing when there is none. */
  readonly log: Log
}

/** Takes what a client tells of its work; `console.error` is one. */
export type Log = (...what: readonly unknown[]) => void

/** Stands around every try of every call, inside the retries: sees what is sent and what comes back. */
export type Middleware = (
  request: OutgoingRequest,
  next: (request: OutgoingRequest) => Promise<Response>,
  context: MiddlewareContext,
) => Promise<Response>

/** `fetch`, as far as it is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** What may be said for every call, and for one. */
export interface RequestOptions {
  /** Ends the call, in every phase; it then fails with AbortError. */
  readonly signal?: AbortSignal | undefined
  /** Who shall answer, whatever the model is called. */
  readonly provider?: ProviderId | undefined
  /** Models to ask when the first one fails, in order: `['groq/openai/gpt-oss-120b']`. */
  readonly fallback?: readonly string[] | undefined
  /** Fail instead of dropping or renaming fields a provider does not understand. */
  readonly strict?: boolean | undefined
  /** Names the request in the gateway's log; comes back in `meta.requestId`. */
  readonly requestId?: string | undefined
  /** More headers. A name said here wins over one said for all calls. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How often a call is tried again. 2 when nothing is said. */
  readonly maxRetries?: number | undefined
  /** How long each phase may take; what is not said stays as it is for all calls. */
  readonly timeouts?: Partial<Timeouts> | undefined
  /** Called after those said for all calls, nearer to the network. */
  readonly middleware?: readonly Middleware[] | undefined
  /** What `fetch` is given besides, such as `dispatcher` on Node or `credentials` in a browser. */
  readonly fetchOptions?: Readonly<Record<string, unknown>> | undefined
}

/** What a client is made of. Everything may be left out. */
export interface GatewayOptions extends Omit<RequestOptions, 'signal' | 'requestId'> {
  /** `INFERENCE_GATEWAY_URL`, else `http://localhost:8080`, when nothing is said. With or without `/v1`. */
  readonly baseURL?: string | undefined
  /** A token of the gateway's issuer; a function is asked before every try. `INFERENCE_GATEWAY_API_KEY` when absent. */
  readonly apiKey?: string | (() => string | Promise<string>) | undefined
  /** Fields for every chat request that does not say them itself, such as `model` or `max_tokens`. */
  readonly defaults?: Readonly<Record<string, unknown>> | undefined
  /** Called instead of the runtime's own `fetch`. */
  readonly fetch?: Fetch | undefined
  /** Told of every try in a line, never of tokens or texts. `console.error` when `INFERENCE_GATEWAY_LOG` is set. */
  readonly log?: Log | undefined
}

/** Options of which everything is decided. */
export interface Settled extends RequestOptions {
  readonly maxRetries: number
  readonly timeouts: Timeouts
  readonly headers: Readonly<Record<string, string>>
  readonly middleware: readonly Middleware[]
}

/** What holds where nobody says anything. 5 minutes are what `fetch` itself allows on Node and Bun. */
export const DEFAULTS: Settled = {
  maxRetries: 2,
  timeouts: { firstByte: 300_000, idle: 60_000, total: 0 },
  headers: {},
  middleware: [],
}

/** Options over others. Headers, timeouts, middleware and fetch's options are joined. */
export function joinOptions<Base extends Settled>(base: Base, own: Partial<Base> | RequestOptions): Base {
  return {
    ...base,
    ...said(own),
    headers: { ...base.headers, ...own.headers },
    timeouts: { ...base.timeouts, ...said(own.timeouts ?? {}) },
    middleware: base.middleware.concat(own.middleware ?? []),
    fetchOptions: { ...base.fetchOptions, ...own.fetchOptions },
  }
}

/** A variable of the environment, where the runtime has one. */
export function variable(name: string): string | undefined {
  const { process } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> }
  }
  return process?.env?.[name]
}

/**
 * Where the gateway is, without `/v1` and slashes at the end. A host without a scheme is asked by TLS, one of this machine
 * or of a name without dots is not. Throws TypeError for what is no URL.
 */
export function normalizeBaseUrl(text: string): string {
  const place = text.trim()
  const isLocal = /^(?:localhost|127\.|0\.0\.0\.0|\[::1\]|[^./]+(?:[:/]|$))/.test(place)
  const url = new URL(place.includes('://') ? place : `http${isLocal ? '' : 's'}://${place}`)
  if (!url.protocol.startsWith('http')) throw new TypeError(`${place} is not reached by HTTP.`)
  return `${url.origin}${url.pathname.replace(/\/*(?:\/v1\/*)?$/, '')}`
}

/** Throws TypeError for a provider's secret key in a page, where every visitor could read it. */
export function refuseProviderKey(apiKey: unknown): void {
  const isPage = 'document' in globalThis
  if (isPage && typeof apiKey === 'string' && /^sk-(?:ant|proj)-/.test(apiKey))
    throw new TypeError('A provider’s key belongs into the gateway, not into a page.')
}
