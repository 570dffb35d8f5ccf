/** What `/v1/route/explain` says of a request: who would be asked, in which order, and what holds for it. */
export interface RouteExplanation {
  readonly object: 'route.explanation'
  /** Whose request it is: `chat/completions`, `messages`, `responses`, `embeddings`, … */
  readonly endpoint: string
  /** The models as the client named them, separated by `, `. */
  readonly model: string
  readonly stream: boolean
  /** Whether the request forbids changes (`x-gateway-strict`). */
  readonly strict: boolean
  /** In the order of their tries; those that would not be asked right now come last. */
  readonly targets: readonly RouteTarget[]
  /** Whom the request, or its alias, names and who is not asked. */
  readonly skipped: readonly RouteSkipped[]
  readonly retry: RouteRetry
  readonly limits: RouteLimits
}

export interface RouteSkipped {
  /** As it was named: `mistral/small`. */
  readonly model: string
  /** What stands in the way, for people: no key, a rule for models, an operation that the provider does not offer. */
  readonly because: string
}

/** One who would be asked, and why. */
export interface RouteTarget {
  readonly provider: string
  /** As it is sent. */
  readonly model: string
  /** Why it stands here, for people: `prefix`, `alias fast (weighted): weight 3`. */
  readonly because: string
  /** At which try it is asked when all before it fail, from 1; `null`: not right now. */
  readonly attempt: number | null
  readonly breaker: RouteBreaker
  /** Why it would not be asked in its turn: the request cannot be put to it. Most often `null`. */
  readonly refusal: string | null
  /** What `x-gateway-changes` would say; `null` when nothing is changed. */
  readonly changes: string | null
  /** Those of the changes that strict mode does not make. */
  readonly strict_refuses: readonly string[]
  /** Whether the gateway asks for a stream's usage although the client did not. */
  readonly asks_usage: boolean
  readonly timeouts: RouteTimeouts
}

export interface RouteBreaker {
  readonly state: 'closed' | 'open' | 'half_open' | 'cooling'
  /** How long it is left alone from now on, until it may be asked or probed; 0 when it may be now. */
  readonly rests_ms: number
  /** `false`: the only target is asked in any state. */
  readonly heeded: boolean
}

/** Limits of one try, in ms; `null`: none. */
export interface RouteTimeouts {
  /** Until a new connection stands, TLS included. */
  readonly connect_ms: number | null
  /** While the request is sent: of silence. */
  readonly send_ms: number | null
  /** From the sent request to the status line; a whole answer has it when all of it is ready. */
  readonly response_header_ms: number | null
  /** Until a stream's first content; the next target is tried then. Always `null` for whole answers. */
  readonly first_token_ms: number | null
  /** Of silence within an answer. */
  readonly stream_idle_ms: number | null
  /** Of a whole stream. */
  readonly stream_ms: number | null
}

export interface RouteRetry {
  /** The first try included. */
  readonly max_attempts: number
  readonly base_delay_ms: number
  readonly max_delay_ms: number
  /** How long the request may wait between its tries in total. */
  readonly budget_ms: number
  /** Codes of the gateway's own errors that are tried again. */
  readonly codes: readonly string[]
  /** Statuses of a provider that are tried again. */
  readonly statuses: readonly string[]
  /** All of this, for people. */
  readonly in_words: string
}

/** What holds whoever is asked; `null`: no limit. */
export interface RouteLimits {
  readonly body_bytes: number
  /** Requests under way at once. */
  readonly in_flight: number | null
  /** While the client sends its request: of silence. */
  readonly read_ms: number | null
  /** While the client takes nothing though something waits. */
  readonly write_ms: number | null
  /** ALLOWED_MODELS; when empty, all. */
  readonly allowed_models: readonly string[]
  /** DISALLOWED_MODELS. */
  readonly disallowed_models: readonly string[]
}
