import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Target } from '../providers/provider.ts'
import { type ChatCall, encodeChatRequest, isStrict } from './chat-request.ts'
import { type Attempt, complete, type Conversation, type Dispatch } from './complete.ts'
import type { EncodedRequest } from './model-request.ts'
import { encodeNatively, nativeChatOf, nativeConversation } from './native-chat.ts'
import { createChatTap } from './tap.ts'
import { usageOf } from './usage.ts'

/**
 * Asks one target for a chat completion: the client's bytes out and the provider's bytes back, or in the provider's own
 * dialect where it is to be asked in that. See `complete`.
 */
export async function completeChat(
  dispatch: Dispatch,
  exchange: Exchange,
  call: ChatCall,
  attempt: Attempt,
): Promise<Response> {
  const { target } = attempt
  const { body, changes, ...encoded } = encodeChat(dispatch, call, target, isStrict(exchange.headers))
  if (changes.length > 0) exchange.tell({ type: 'changes', changes })
  const created = Math.floor(dispatch.clock.now() / 1000)
  const conversation = conversationOf(call, target, encoded, created)
  return complete(dispatch, exchange, { ...conversation, body }, attempt)
}

interface EncodedChat extends EncodedRequest {
  /** Where it differs from the endpoint's. */
  readonly path?: string
}

/** A chat request as one target gets it. In strict mode throws unsupported_parameter for what would get lost. */
export function encodeChat(
  { maxOutputTokens }: Pick<Dispatch, 'maxOutputTokens'>,
  call: ChatCall,
  target: Target,
  strict: boolean,
): EncodedChat {
  const native = nativeChatOf(target)
  if (native === null) return encodeChatRequest(call, target, strict)
  const limits = { strict, maxOutputTokens: maxOutputTokens?.(target) ?? null }
  return { ...encodeNatively(native, call, target, limits), hidesUsage: false }
}

function conversationOf(
  call: ChatCall,
  target: Target,
  { hidesUsage, path }: Pick<EncodedChat, 'hidesUsage' | 'path'>,
  created: number,
): Omit<Conversation, 'body'> {
  const native = nativeChatOf(target)
  if (native !== null)
    return { ...nativeConversation(native, call, target, created), ...(path === undefined ? {} : { path }) }
  const { chat: endpoint } = target.provider.operations
  if (endpoint === undefined)
    throw new GatewayError('unsupported_operation', `${target.provider.name} has no chat completions.`)
  const tap = () => createChatTap(hidesUsage, call.choices)
  return { endpoint, stream: call.stream, tap, usageOf, translate: null }
}
