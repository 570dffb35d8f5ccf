import type { Caller } from './caller.ts'
import type { TraceContext } from './trace.ts'

/** Tokens as the provider counted them. `cached` is part of `input`, `reasoning` is part of `output`. */
export interface TokenUsage {
  readonly input: number
  readonly output: number
  readonly total: number
  readonly cached?: number
  readonly reasoning?: number
  /** Written to the provider's cache by this request; part of `input`. */
  readonly cacheWritten?: number
  /** To be kept for an hour; part of `cacheWritten`. */
  readonly cacheWrittenHour?: number
  /** Nobody counted: an answer broke off before its figures came, and these are the gateway's guess. */
  readonly isEstimated?: true
}

/** What was asked and answered, word for word, as far as it has passed; `null`: more than is kept. */
export interface SpokenContent {
  readonly request: () => string | null
  readonly answer: () => string | null
}

/** How an answer ended. `left`: the client went away. `failed`: the answer is an error or broke off. */
export type Outcome = 'complete' | 'failed' | 'left'

/** What dispatch and handlers tell about the exchange they work on. */
export type ExchangeEvent =
  | { readonly type: 'caller'; readonly caller: Caller }
  /**
   * It is known who is asked. `requested`: for which model, or chain of them, in the client's words. `alias`: that is a name
   * of the operator's own, alone; `null`: it is not.
   */
  | { readonly type: 'planned'; readonly requested: string; readonly alias: string | null }
  /** A target was chosen and is about to be asked. */
  | { readonly type: 'target'; readonly provider: string; readonly model: string | null }
  /** Another try begins, after this error: what was told of changes belonged to the last one. */
  | { readonly type: 'retry'; readonly error: unknown }
  /** A pause before a target was asked again has passed. */
  | { readonly type: 'waited'; readonly durationMs: number }
  /** The rest of a whole answer was waited for, after its head. */
  | { readonly type: 'read'; readonly durationMs: number }
  /** How the request was changed for that target, as `x-gateway-changes` writes it. */
  | { readonly type: 'changes'; readonly changes: readonly string[] }
  /** One try at a target ended: the status line arrived, or a fault came first. */
  | {
      readonly type: 'attempt'
      readonly provider: string
      readonly model: string | null
      readonly status: number | null
      readonly code: string | null
      readonly durationMs: number
      /** The provider's own id of the request, for its support. */
      readonly upstreamRequestId: string | null
      /** Of the request's body, as it was sent; 0 when its length is not known. */
      readonly requestBytes: number
      /** Names the try in traces, as the provider was told in `traceparent`; `null`: this exchange is not traced. */
      readonly spanId: string | null
    }
  /** The provider counted tokens; the last one told is right. */
  | { readonly type: 'usage'; readonly usage: TokenUsage }
  /** From here on the answer is a stream; `stream.closed` follows. */
  | { readonly type: 'stream.opened' }
  | { readonly type: 'stream.first-content' }
  | {
      readonly type: 'stream.closed'
      readonly outcome: Outcome
      readonly code: string | null
      readonly bytes: number
      /** A guess at the tokens in it; `null` when nothing is known of what passed. */
      readonly tokens: number | null
    }
  /** Told only where the operator wants content in traces. */
  | { readonly type: 'content'; readonly content: SpokenContent }
  /** Something went wrong that the client is not told in full; for the log. */
  | { readonly type: 'fault'; readonly error: unknown }

/** One try at a target, as it is remembered. */
export interface Try {
  readonly provider: string
  readonly model: string | null
  readonly status: number | null
  /** What was wrong, where the status does not say it: a fault, or what became of a stream that had begun. */
  readonly code: string | null
  readonly spanId: string | null
  /** From the beginning of the exchange. */
  readonly startMs: number
  /** Until its status line, or the fault. */
  readonly durationMs: number
}

/** Everything known of a finished exchange. */
export interface ExchangeSummary {
  readonly id: string
  readonly route: string
  readonly method: string
  readonly path: string
  readonly caller: Caller
  readonly status: number
  readonly code: string | null
  readonly outcome: Outcome
  readonly streamed: boolean
  /** The model, or the chain of them, in the client's words; `null` where none was named, or found. */
  readonly requested: string | null
  readonly provider: string | null
  readonly model: string | null
  /** What was requested, where it is a name of the operator's own, alone. */
  readonly alias: string | null
  readonly upstreamRequestId: string | null
  readonly tries: readonly Try[]
  readonly usage: TokenUsage | null
  /** What the tokens cost, in US dollars; `null` when there is no usage, or no price for the model. */
  readonly costUsd: number | null
  /** `null`: not traced. */
  readonly trace: TraceContext | null
  readonly durationMs: number
  /** Until the head of the answer was ready, waiting for providers and pauses between tries left out. */
  readonly gatewayMs: number
  /** Pauses before targets were asked again, added up. */
  readonly waitedMs: number
  /** Until the last attempt's status line; `null` when no provider was asked. */
  readonly upstreamMs: number | null
  readonly firstContentMs: number | null
  /** `null`: nobody may know it. */
  readonly content: SpokenContent | null
  readonly error: unknown
}

/** What listeners (log, metrics, traces) hear. */
export type GatewayEvent =
  /** A request has come in; `exchange.finished` follows. */
  | { readonly type: 'exchange.started' }
  /** Its answer is a stream from here on. */
  | { readonly type: 'exchange.streaming' }
  | { readonly type: 'exchange.finished'; readonly summary: ExchangeSummary }
  /** A provider's model list could not be read, or can be read again. Told on change only. */
  | { readonly type: 'models.unavailable'; readonly provider: string; readonly error: unknown }
  | { readonly type: 'models.available'; readonly provider: string; readonly count: number }

  /** A provider's model is given a pause, or has recovered. Told on change only. */
  | {
      readonly type: 'breaker'
      readonly provider: string
      readonly model: string
      readonly state: 'closed' | 'open' | 'half_open' | 'cooling'
      /** What it failed with last, where that is why. */
      readonly error: unknown
    }
  /** The issuer of tokens can be asked, or not. `serving`: keys read earlier are still in use. Told on change only. */
  | { readonly type: 'auth.available'; readonly issuer: string }
  | { readonly type: 'auth.unavailable'; readonly issuer: string; readonly reason: string; readonly serving: boolean }
  /** What was asked or answered, word for word. Told only where LOG_CONTENT asks for it. */
  | {
      readonly type: 'content'
      readonly id: string
      readonly route: string
      readonly direction: 'request' | 'answer'
      readonly text: string
    }

export type Emit = (event: GatewayEvent) => void
