import type { CompletionUsage } from '@inference-gateway/protocol/chat'
import type { Meta } from '../http/meta.ts'
import { isObject, type JsonObject } from '../json.ts'
import type { ToolCall } from './request.ts'

/** OpenAI's chat completion object, as it came. */
export interface CompletionBody {
  readonly id: string
  readonly object: 'chat.completion'
  /** Unix seconds. */
  readonly created: number
  readonly model: string
  readonly choices: readonly Choice[]
  readonly usage?: CompletionUsage | null
  readonly [field: string]: unknown
}

/** One of `n` answers side by side; mostly there is one. */
export interface Choice {
  readonly index: number
  readonly message: AnswerMessage
  readonly finish_reason: FinishReason | null
  readonly [field: string]: unknown
}

/** A provider may have words of its own. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | (string & Record<never, never>)

/** What the model says. It can be put among the `messages` of the next request as it is. */
export interface AnswerMessage {
  readonly role: 'assistant'
  readonly content: string | null
  readonly refusal?: string | null
  readonly tool_calls?: readonly ToolCall[]
  /** Thoughts told aloud; some providers say `reasoning`. */
  readonly reasoning_content?: string | null
  readonly [field: string]: unknown
}

/** Short ways to what is asked for most. They are no members of the JSON: `JSON.stringify` gives what came. */
export interface Shortcuts {
  /** What the first choice says; empty when it says nothing. */
  readonly text: string
  /** What it thought aloud. */
  readonly reasoning: string
  readonly message: AnswerMessage
  readonly finishReason: FinishReason | null
  readonly toolCalls: readonly ToolCall[]
  /** `undefined` when the gateway does not know the price, and for streams: see `Meta`. */
  readonly cost: { readonly usd: number } | undefined
  readonly meta: Meta
}

/** An answer: OpenAI's object, and short ways into it. */
export type Completion = CompletionBody & Shortcuts

const SILENCE: AnswerMessage = { role: 'assistant', content: null }

/** Adds the shortcuts to an answer. */
export function completionOf(body: CompletionBody, meta: Meta): Completion {
  const choice = body.choices?.[0]
  const message = choice?.message ?? SILENCE
  const shortcuts: Shortcuts = {
    text: textOf(message.content),
    reasoning: reasoningOf(message),
    message,
    finishReason: choice?.finish_reason ?? null,
    toolCalls: message.tool_calls ?? [],
    cost: meta.costUsd === undefined ? undefined : { usd: meta.costUsd },
    meta,
  }
  return withHidden(body, shortcuts)
}

/** Members that are there to be read and stay out of the JSON. */
export function withHidden<T extends object, H extends object>(value: T, hidden: H): T & H {
  for (const [name, member] of Object.entries(hidden)) Object.defineProperty(value, name, { value: member })
  return value as T & H // just defined
}

/** Thoughts stand under two names, by provider, or among the parts of the answer. */
export function reasoningOf(said: JsonObject): string {
  const thought = said['reasoning_content'] || said['reasoning']
  return typeof thought === 'string' ? thought : inParts(said['content'], 'thinking')
}

/** What an answer says, which is a text, with some providers in parts. */
export const textOf = (content: unknown): string => (typeof content === 'string' ? content : inParts(content, 'text'))

/** Mistral: `[{ type: 'thinking', thinking: [{ type: 'text', text }] }, { type: 'text', text }]`. */
function inParts(content: unknown, kind: 'text' | 'thinking'): string {
  const parts: readonly unknown[] = Array.isArray(content) ? content : []
  return parts.map((part) => (isObject(part) && part['type'] === kind ? textOf(part[kind]) : '')).join('')
}
