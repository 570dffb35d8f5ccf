import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { completeChatAsMessage } from './chat-as-message.ts'
import { type ChatCall, encodeChatRequest, isStrict } from './chat-request.ts'
import { type Attempt, type Dispatch, complete } from './complete.ts'
import { createChatTap } from './tap.ts'
import { usageOf } from './usage.ts'

/** Asks one target for a chat completion: the client's bytes out, the provider's bytes back. See `complete`. */
export async function completeChat(
  dispatch: Dispatch,
  exchange: Exchange,
  call: ChatCall,
  attempt: Attempt,
): Promise<Response> {
  const { target } = attempt
  const { chat: endpoint, messages } = target.provider.operations
  if (target.provider.chatsInMessages === true && messages !== undefined)
    return completeChatAsMessage(dispatch, exchange, { call, attempt, endpoint: messages })
  if (endpoint === undefined)
    throw new GatewayError('unsupported_operation', `${target.provider.name} has no chat completions.`)
  const { body, changes, hidesUsage } = encodeChatRequest(call, target, isStrict(exchange.headers))
  if (changes.length > 0) exchange.tell({ type: 'changes', changes })
  const tap = () => createChatTap(hidesUsage, call.choices)
  return complete(dispatch, exchange, { endpoint, body, stream: call.stream, tap, usageOf, translate: null }, attempt)
}
