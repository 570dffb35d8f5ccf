import { GatewayError } from '../kernel/errors.ts'
import { requestToChat } from '../providers/dialects/anthropic-messages/request-to-chat.ts'
import { parseExactly } from '../providers/dialects/exact-json.ts'
import type { Target } from '../providers/provider.ts'
import { encodeChatRequest } from './chat-request.ts'
import { withoutForeignMarks } from './foreign-marks.ts'
import { valueOf } from './inner-edits.ts'
import {
  fitToTarget,
  type JsonObject,
  missing,
  type ModelCall,
  readModelRequest,
  refusal as refused,
} from './model-request.ts'
import { type Edit, patchJson } from './patch.ts'

/** A client's request to Anthropic's Messages. */
export interface MessagesCall extends ModelCall {
  /** Parsed, for providers that have to be asked in other words. */
  readonly body: JsonObject
}

/** The request as one target gets it. */
export interface EncodedMessages {
  readonly body: Uint8Array<ArrayBuffer>
  /** As `x-gateway-changes` tells them. */
  readonly changes: readonly string[]
}

/** Reads a request. Throws invalid_json, missing_field. Only what every provider needs is checked; the rest is theirs. */
export function readMessagesRequest(bytes: Uint8Array<ArrayBuffer>): MessagesCall {
  const { call, body } = readModelRequest(bytes, { parse: parseExactly })
  const { messages } = body
  if (!Array.isArray(messages) || messages.length === 0)
    throw missing('messages', 'a non-empty array of messages', messages ?? null)
  return { ...call, body }
}

/**
 * For a provider that speaks the dialect: the client's bytes, with the provider's own name of the model, and without what
 * answers of other makers have left in the conversation. In strict mode throws unsupported_parameter for that.
 */
export function encodeMessages(call: ModelCall, target: Target, strict: boolean): EncodedMessages {
  const { edits, changes } = fitToTarget(call, target, {}, strict)
  const before = valueOf(call.bytes, 'messages')
  const { messages, dropped, replacesIds } = withoutForeignMarks(before)
  const [lost] = dropped
  if (strict && lost !== undefined) throw refused(target, { kind: 'remove', name: lost })
  const cleaned: Edit[] =
    messages === before ? [] : [{ kind: 'replace', name: 'messages', value: new TextDecoder().decode(messages) }]
  return {
    body: patchJson(call.bytes, [...edits, ...cleaned]),
    changes: [
      ...changes,
      ...dropped.map((name) => `dropped=${name}`),
      ...(replacesIds ? ['replaced=messages.tool_use.id'] : []),
    ],
  }
}

/**
 * For every other provider: the request in chat's words. In strict mode throws unsupported_parameter for whatever would get
 * lost; that fields have other names there is what the caller has asked for.
 */
export function encodeMessagesAsChat(call: MessagesCall, target: Target, strict: boolean): EncodedMessages {
  const { extensions = [], effort } = target.provider.quirks ?? {}
  const takesEffort = effort?.test(target.model) ?? false
  const { body, dropped } = requestToChat(call.body, { extensions: new Set(extensions), takesEffort })
  const request = { model: target.model, ...body }
  const bytes = encoder.encode(JSON.stringify(request))
  const chat = { ...call, bytes, model: target.model, isList: false, members: new Set(Object.keys(request)) }
  const fitted = encodeChatRequest({ ...chat, wantsUsage: false }, target, false)
  const lost = [...dropped.map((name) => `dropped=${name}`), ...fitted.changes.filter(isLoss)]
  if (strict && lost.length > 0) throw refusal(target, lost)
  const named = call.model === target.model ? [] : [`model=${call.model}>${target.model}`]
  return { body: fitted.body, changes: [TRANSLATED, ...named, ...lost] }
}

const encoder = new TextEncoder()

const TRANSLATED = 'translated=anthropic-messages>openai-chat'

const isLoss = (change: string): boolean => change.startsWith('dropped=')

function refusal({ provider, model }: Target, lost: readonly string[]): GatewayError {
  const names = lost.map((change) => change.slice('dropped='.length))
  const message = `${provider.name} is asked in OpenAI's words, which have none for \`${names.join('`, `')}\` (${model}). Leave it out, or leave out x-gateway-strict to let the gateway do it.`
  return new GatewayError('unsupported_parameter', message, { param: names[0] ?? 'messages' })
}
