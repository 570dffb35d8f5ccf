import type {
  JSONObject,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4ToolCall,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider'
import { APICallError } from '@ai-sdk/provider'
import {
  AbortError,
  type AnswerMessage,
  APIError,
  type Completion,
  type CompletionUsage,
  GatewayError,
  type Meta,
} from '../index.ts'

export function contentOf(completion: Completion): LanguageModelV4Content[] {
  const { reasoning, text, message } = completion
  return [
    ...(reasoning === '' ? [] : [{ type: 'reasoning', text: reasoning, ...thoughtsOf(message) } as const]),
    ...(text === '' ? [] : [{ type: 'text', text, ...marksOf(completion) } as const]),
    ...callsOf(completion),
  ]
}

interface Marks {
  readonly providerMetadata?: SharedV4ProviderMetadata
}

/** Members that tell thoughts, signed or not. */
const THOUGHTS = new Set(['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks', 'tool_plan'])

/**
 * What has to come back to the model travels in the metadata, which the AI SDK gives back: thoughts with the part that tells
 * them, so that whoever drops that drops them too; other marks of a message, such as Google's signature of a text, with its
 * first call, else with its text.
 */
export const thoughtsOf = (message: AnswerMessage): Marks => kept(marksIn(message, (name) => THOUGHTS.has(name)))

/** The other marks, for the text; none where a call has them. */
export const marksOf = (completion: Completion): Marks =>
  completion.toolCalls.length === 0 ? kept(otherMarks(completion)) : {}

/** Thoughts of which nothing is told are opaque. */
const otherMarks = ({ message, reasoning }: Completion) =>
  marksIn(message, (name) => reasoning === '' || !THOUGHTS.has(name))

const kept = (members: JSONObject): Marks =>
  Object.keys(members).length === 0 ? {} : { providerMetadata: { gateway: { message: members } } }

/** Members of a message besides what it says, as far as they hold something. */
function marksIn(
  { role: _role, content: _content, tool_calls: _calls, ...members }: AnswerMessage,
  isWanted: (name: string) => boolean,
): JSONObject {
  const holds = (value: unknown) => value !== null && !(Array.isArray(value) && value.length === 0)
  const wanted = Object.entries(members).filter(([name, value]) => isWanted(name) && holds(value))
  return Object.fromEntries(wanted) as JSONObject // it came as JSON
}

/** The tools that are called. */
export function callsOf(completion: Completion): LanguageModelV4ToolCall[] {
  return completion.toolCalls.map(({ id, type: _type, function: called, ...call }, index) => {
    const marks = { ...(index === 0 ? { message: otherMarks(completion) } : {}), call } as JSONObject // it came as JSON
    const { name, arguments: input } = called
    return { type: 'tool-call', toolCallId: id, toolName: name, input, providerMetadata: { gateway: marks } }
  })
}

const finishReasons: Readonly<Record<string, LanguageModelV4FinishReason['unified']>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
}

export const finishReasonOf = (reason: string | null): LanguageModelV4FinishReason => ({
  unified: finishReasons[reason ?? ''] ?? 'other',
  raw: reason ?? undefined,
})

export function usageOf(usage: CompletionUsage | null | undefined): LanguageModelV4Usage {
  const { prompt_tokens: input, completion_tokens: output } = usage ?? {}
  const cacheRead = usage?.prompt_tokens_details?.cached_tokens
  const reasoning = usage?.completion_tokens_details?.reasoning_tokens
  return {
    inputTokens: { total: input, noCache: less(input, cacheRead), cacheRead, cacheWrite: undefined },
    outputTokens: { total: output, text: less(output, reasoning), reasoning },
    ...(usage ? { raw: usage as JSONObject } : {}), // it came as JSON
  }
}

const less = (total: number | undefined, part = 0) => (total === undefined ? undefined : total - part)

/** `result.providerMetadata.gateway`: who answered, after which tries, at which cost. */
export function metadataOf({ provider, model, requestId, costUsd, attempts }: Meta): SharedV4ProviderMetadata {
  const tries = attempts.map((each) => ({ ...each }))
  return { gateway: { provider, model, requestId, costUsd, attempts: tries } }
}

export const headersOf = (response: Response): Record<string, string> => Object.fromEntries(response.headers)

/** Our errors as the AI SDK's, which decides by them whether to try again. The signal's reason is thrown as it is. */
export function apiCallError(error: unknown, url: string, request: unknown): unknown {
  if (error instanceof AbortError) return error.cause ?? error
  if (!(error instanceof GatewayError)) return error
  const answer = error instanceof APIError ? error : undefined
  return new APICallError({
    message: error.message,
    url,
    requestBodyValues: request,
    isRetryable: error.retryable,
    cause: error,
    data: answer?.body,
    ...(error.status === undefined ? {} : { statusCode: error.status }),
    ...(answer?.headers === undefined ? {} : { responseHeaders: Object.fromEntries(answer.headers) }),
    ...(answer === undefined ? {} : { responseBody: JSON.stringify(answer.body) }),
  })
}
