import type { JsonObject } from './json.ts'

/**
 * A provider's own dialect of chat: a request in its words, and its answers in OpenAI's. Pure functions of objects, which
 * know no HTTP, no clock and no settings, and never throw: what makes no sense is left out.
 */
export interface ChatDialect {
  /** Where a request goes, from the endpoint's path; without it, to the path itself. */
  readonly path?: (path: string, facts: RequestFacts) => string
  readonly request: (request: JsonObject, facts: RequestFacts) => NativeRequest
  /** Whether the JSON is an answer in this dialect at all. */
  readonly isAnswer: (answer: JsonObject) => boolean
  /** What an answer says went wrong, as an error's object, although its status was 200; `null`: nothing. */
  readonly failureIn?: (answer: JsonObject) => JsonObject | null
  /** A whole answer as a chat completion. */
  readonly completion: (answer: JsonObject, facts: AnswerFacts) => JsonObject
  /** The tokens of a whole answer, as a completion's `usage`. */
  readonly usage: (answer: JsonObject) => JsonObject
  /** Made anew for every stream. */
  readonly stream: (facts: AnswerFacts) => ChatNarrator
}

export interface RequestFacts {
  /** As the provider calls it. */
  readonly model: string
  readonly stream: boolean
  /** The longest answer the model can give, in tokens, as far as the provider's list says so. */
  readonly maxOutputTokens: number | null
}

export interface NativeRequest {
  readonly body: JsonObject
  /** What the dialect has no words for, each once: `logit_bias`, `messages.input_audio`. */
  readonly dropped: readonly string[]
  /** What the provider needs and the client has not said. */
  readonly added: readonly string[]
}

export interface AnswerFacts {
  /** Unix seconds, for dialects whose answers have no time. */
  readonly created: number
  /** The model that was asked, for dialects whose answers do not name it. */
  readonly model: string
  /** How many choices were asked for: a stream is whole when each has come to its end. */
  readonly choices: number
}

/** Tells a stream of the dialect as chat's: events in, chunks out. */
export interface ChatNarrator {
  /** What one event becomes; often nothing. A chunk with `error` says that the provider gave up. */
  readonly event: (event: JsonObject) => readonly JsonObject[]
  /** Asked once, when the stream has come to its proper end: what was kept back, and as the last chunk the usage. */
  readonly end: () => readonly JsonObject[]
  /** `complete`: an end from here on is a proper one. `over`: nothing follows. */
  readonly progress: 'running' | 'complete' | 'over'
}
