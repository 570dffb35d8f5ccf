import { parseBool } from '../kernel/bool.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Target } from '../providers/provider.ts'
import { type EncodedRequest, encodeCompletion, missing, type ModelCall, readModelRequest } from './model-request.ts'

/** A client's chat request. */
export type ChatCall = ModelCall

/** Reads a chat request. Throws invalid_json, missing_field. Only what every provider needs is checked; the rest is theirs. */
export function readChatRequest(bytes: Uint8Array<ArrayBuffer>): ChatCall {
  const { call, body } = readModelRequest(bytes)
  const { messages } = body
  if (!Array.isArray(messages) || messages.length === 0)
    throw missing('messages', 'a non-empty array of messages', messages ?? null)
  return call
}

/** Whether a request forbids changes (`x-gateway-strict`, written like a setting). Throws invalid_request. */
export function isStrict(headers: Headers): boolean {
  const written = headers.get('x-gateway-strict')
  const strict = written === null ? false : parseBool(written)
  if (strict !== null) return strict
  throw new GatewayError('invalid_request', 'x-gateway-strict must be `true` or `false` (or `1`, `t`, `0`, `f`).', {
    param: 'x-gateway-strict',
  })
}

/**
 * Fits a request to its target by splicing into the client's bytes: the provider's own model name, fields it refuses,
 * fields it knows under another name, and the question for usage. In strict mode a field that would have to be dropped
 * or renamed throws unsupported_parameter.
 */
export const encodeChatRequest = (call: ChatCall, target: Target, strict: boolean): EncodedRequest =>
  encodeCompletion(call, target, strict)
