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
  const { reasoning, text } = completion
  const marks = marksOf(completion)
  return [
    ...(reasoning === '' ? [] : [{ type: 'reasoning', text: reasoning, ...(text === '' ? marks : {}) } as const]),
    ...(text === '' ? [] : [{ type: 'text', text, ...marks } as const]),
    ...callsOf(completion),
  ]
}

/**
 * Thoughts, their signatures and whatever else has to come back travel in the metadata, which the AI SDK gives back: those
 * of a call with it, those of the message with the first call, else with the end of what it says.
 */
export function marksOf({ toolCalls, message }: Completion): Marks {
  const kept = toolCalls.length === 0 ? marksIn(message) : {}
  return Object.keys(kept).length === 0 ? {} : { providerMetadata: { gateway: { message: kept } } }
}

interface Marks {
  readonly providerMetadata?: SharedV4ProviderMetadata
}

/** What a message holds besides what it says. */
function marksIn({ role: _role, content: _content, tool_calls: _calls, ...members }: AnswerMessage): JSONObject {
  const holds = (value: unknown) => value !== null && !(Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(members).filter(([, value]) => holds(value))) as JSONObject // it came as JSON
}

/** The tools that are called. */
export function callsOf({ message, toolCalls }: Completion): LanguageModelV4ToolCall[] {
  return toolCalls.map(({ id, type: _type, function: called, ...call }, index) => {
    const kept = { ...(index === 0 ? { message: marksIn(message) } : {}), call } as JSONObject // it came as JSON
    const { name, arguments: input } = called
    return { type: 'tool-call', toolCallId: id, toolName: name, input, providerMetadata: { gateway: kept } }
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
