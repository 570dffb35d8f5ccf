import type { Caller } from './caller.ts'
import type { ExchangeEvent } from './events.ts'
import type { TraceContext } from './trace.ts'

/** The body of a request. It can be taken once, by one of the two. */
export interface RequestBody {
  /** The whole body, at most SERVER_MAX_REQUEST_BODY_SIZE. Throws body_too_large, unsupported_encoding. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  /** The body as it arrives, uncapped, for pipes. `null` when there is none. */
  stream(): ReadableStream<Uint8Array> | null
}

/** One client request on its way through the gateway. */
export interface Exchange {
  /** The client's well-formed `x-request-id`, else one of ours. Names this request in every log line. */
  readonly id: string
  /** The route's path as the route table writes it, such as `/v1/chat/completions`. */
  readonly route: string
  readonly method: string
  /** Path as it came: percent-encoding untouched. */
  readonly path: string
  /** The first value of a query parameter, decoded. */
  query(name: string): string | null
  /** The query as it came, with its `?`; empty without one. */
  readonly search: string
  readonly headers: Headers
  readonly body: RequestBody
  readonly caller: Caller
  /** Where the exchange stands in a trace; `null`: nobody traces it. */
  readonly trace: TraceContext | null
  /** Fires when the client has gone. */
  readonly signal: AbortSignal
  /** The answer is over: from here on its connection waits for the next request. */
  done(): void
  /** Tells listeners what happened. Never throws, never waits. */
  tell(event: ExchangeEvent): void
}

export type Handler = (exchange: Exchange) => Promise<Response> | Response

/** What stands around a handler. */
export type Step = (next: Handler) => Handler

/** Opens an exchange of which everything is told to `tell`, and answers with what the handler answers. */
export type Watch = (handler: Handler, open: (tell: Exchange['tell']) => Exchange) => Promise<Response>
