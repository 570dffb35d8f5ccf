import { GatewayError } from '../kernel/errors.ts'
import { parseExactly } from '../providers/dialects/exact-json.ts'
import { requestToChat } from '../providers/dialects/openai-responses/request-to-chat.ts'
import type { Endpoint, Target } from '../providers/provider.ts'
import { encodeChatRequest } from './chat-request.ts'
import { withoutForeignItems } from './foreign-marks.ts'
import { valueOf } from './inner-edits.ts'
import {
  fitToTarget,
  type JsonObject,
  missing,
  type ModelCall,
  readModelRequest,
  refusal as refused,
} from './model-request.ts'
import { type Edit, patchJson, replaceElements } from './patch.ts'

/** A client's request to OpenAI's Responses. */
export interface ResponsesCall extends ModelCall {
  /** Parsed, for providers that have to be asked in other words. */
  readonly body: JsonObject
  /** The stored response that this request goes on from. */
  readonly previousId: string | null
}

/** The request as one target gets it. */
export interface EncodedResponses {
  readonly body: Uint8Array<ArrayBuffer>
  /** As `x-gateway-changes` tells them. */
  readonly changes: readonly string[]
}

/** Reads a request. Throws invalid_json, missing_field. */
export function readResponsesRequest(bytes: Uint8Array<ArrayBuffer>): ResponsesCall {
  const { call, body } = readModelRequest(bytes, { parse: parseExactly })
  const { previous_response_id: previous } = body
  return { ...call, body, previousId: typeof previous === 'string' && previous !== '' ? previous : null }
}

/**
 * The request with items in the place of references, as `ItemMemory.recall` gives its body. What the client wrote beside them
 * stays as it was written.
 */
export function withItems(call: ResponsesCall, body: JsonObject): ResponsesCall {
  if (body === call.body) return call
  const [before, after] = [itemsIn(call.body), itemsIn(body)]
  const input = replaceElements(valueOf(call.bytes, 'input'), (index) =>
    after[index] === before[index] ? null : JSON.stringify(after[index]),
  )
  const value = new TextDecoder().decode(input)
  return { ...call, body, bytes: patchJson(call.bytes, [{ kind: 'replace', name: 'input', value }]) }
}

const itemsIn = ({ input }: JsonObject): readonly unknown[] => (Array.isArray(input) ? input : [])

/**
 * For a provider that speaks the dialect: the client's bytes, with the provider's own name of the model, and without what
 * answers of other makers have left in the conversation. In strict mode throws unsupported_parameter for that.
 */
export function encodeResponses(
  call: ModelCall,
  target: Target,
  { drop = [] }: Endpoint,
  strict: boolean,
): EncodedResponses {
  const { edits, changes } = fitToTarget(call, target, { drop }, strict)
  const before = valueOf(call.bytes, 'input')
  const { input, dropped } = withoutForeignItems(before)
  const [lost] = dropped
  if (strict && lost !== undefined) throw refused(target, { kind: 'remove', name: lost })
  const cleaned: Edit[] =
    input === before ? [] : [{ kind: 'replace', name: 'input', value: new TextDecoder().decode(input) }]
  return {
    body: patchJson(call.bytes, [...edits, ...cleaned]),
    changes: [...changes, ...dropped.map((name) => `dropped=${name}`)],
  }
}

/**
 * For every other provider: the request in chat's words. Throws unsupported_parameter for what cannot be left out, such as a
 * stored response to go on from; in strict mode for whatever would get lost.
 */
export function encodeResponsesAsChat(call: ResponsesCall, target: Target, strict: boolean): EncodedResponses {
  const { extensions = [], effort } = target.provider.quirks ?? {}
  const takesEffort = effort?.test(target.model) ?? false
  const { body, dropped, impossible } = requestToChat(call.body, { extensions: new Set(extensions), takesEffort })
  if (impossible !== null)
    throw new GatewayError(
      'unsupported_parameter',
      `\`${impossible.param}\` cannot be had with ${target.provider.name}: ${impossible.why}.`,
      { param: impossible.param },
    )
  const { input = null } = call.body
  const isInput = typeof input === 'string' || (Array.isArray(input) && input.length > 0)
  // Said by the provider, it would be about messages, which the client knows nothing of.
  if (!isInput) throw missing('input', 'a text or a non-empty list of items', input)
  const request = { ...body, model: target.model }
  const bytes = new TextEncoder().encode(JSON.stringify(request))
  const members = new Set(Object.keys(request))
  const chat = { ...call, bytes, model: target.model, isList: false, wantsUsage: false, members }
  const fitted = encodeChatRequest(chat, target, false)
  const lost = [...dropped.map((name) => `dropped=${name}`), ...fitted.changes.filter(isLoss)]
  if (strict && lost.length > 0) throw refusal(target, lost)
  const named = call.model === target.model ? [] : [`model=${call.model}>${target.model}`]
  return { body: fitted.body, changes: [TRANSLATED, ...named, ...lost] }
}

const TRANSLATED = 'translated=openai-responses>openai-chat'

const isLoss = (change: string): boolean => change.startsWith('dropped=')

function refusal({ provider, model }: Target, lost: readonly string[]): GatewayError {
  const names = lost.map((change) => change.slice('dropped='.length))
  const message = `${provider.name} is asked in chat's words, which have none for \`${names.join('`, `')}\` (${model}). Leave it out, or leave out x-gateway-strict to let the gateway do it.`
  return new GatewayError('unsupported_parameter', message, { param: names[0] ?? 'input' })
}
