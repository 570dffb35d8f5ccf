/** OpenAI's chat completions, as far as the gateway reads them. Everything else passes untouched. */

/** What was counted, in tokens. A provider may leave any of it out. */
export interface CompletionUsage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  readonly total_tokens?: number
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number } | null
}

export interface ChatMessage {
  readonly role: string
  readonly content?: unknown
  readonly tool_calls?: readonly unknown[]
}

/** A piece of a streamed chat, as it comes over the wire. */
export interface ChatChunk {
  readonly id?: string
  readonly object?: string
  readonly choices?: readonly ChatChunkChoice[] | null
  readonly usage?: CompletionUsage | null
  readonly error?: unknown
}

export interface ChatChunkChoice {
  readonly index?: number
  readonly delta?: Readonly<Record<string, unknown>> | null
  /** Of completions of plain text, which have no delta. */
  readonly text?: string | null
  readonly finish_reason?: string | null
}
