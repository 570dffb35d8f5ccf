import { GatewayError } from '../kernel/errors.ts'
import type { TokenUsage } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { messageFromChat } from '../providers/dialects/anthropic-messages/answer-from-chat.ts'
import { isObject } from '../providers/dialects/json.ts'
import { MessageStream } from '../providers/dialects/anthropic-messages/stream-from-chat.ts'
import { usageToChat } from '../providers/dialects/anthropic-messages/usage.ts'
import type { Endpoint } from '../providers/provider.ts'
import { byteTap } from './byte-tap.ts'
import { isStrict } from './chat-request.ts'
import { type Attempt, complete, type Conversation, type Dispatch } from './complete.ts'
import { encodeMessages, encodeMessagesAsChat, type MessagesCall } from './messages-request.ts'
import { createMessagesTap } from './messages-tap.ts'
import { chunksOf, createTranslatingTap, failureOfCompletion, isCompletion } from './translate.ts'
import { usageOf } from './usage.ts'

/** Clients of this dialect know pings; its SDKs wait for events, not for comments. */
const PING = new TextEncoder().encode('event: ping\ndata: {"type": "ping"}\n\n')

/** Asks one target for a message: in the client's own bytes where it speaks the dialect, else in chat's words. */
export function completeMessage(
  dispatch: Dispatch,
  exchange: Exchange,
  call: MessagesCall,
  attempt: Attempt,
): Promise<Response> {
  const { messages, chat } = attempt.target.provider.operations
  if (messages !== undefined) return relayed(dispatch, exchange, { call, attempt, endpoint: messages })
  if (chat !== undefined) return translated(dispatch, exchange, { call, attempt, endpoint: chat })
  throw new GatewayError('unsupported_operation', `${attempt.target.provider.name} has neither messages nor chat.`)
}

/** Asks a provider that speaks the dialect how many tokens a request has. */
export function countTokens(
  dispatch: Dispatch,
  exchange: Exchange,
  call: MessagesCall,
  attempt: Attempt,
): Promise<Response> {
  const endpoint = attempt.target.provider.operations.countTokens
  if (endpoint === undefined)
    throw new GatewayError('unsupported_operation', `${attempt.target.provider.name} does not count tokens.`)
  const { body } = encoded(exchange, call, attempt, encodeMessages)
  const conversation = { ...native(exchange, endpoint), body, stream: false, tap: () => byteTap, usageOf: () => null }
  return complete(dispatch, exchange, { ...conversation, translate: null }, attempt)
}

interface Asked {
  readonly call: MessagesCall
  readonly attempt: Attempt
  readonly endpoint: Endpoint
}

function relayed(dispatch: Dispatch, exchange: Exchange, { call, attempt, endpoint }: Asked): Promise<Response> {
  const { body } = encoded(exchange, call, attempt, encodeMessages)
  const conversation: Conversation = {
    ...native(exchange, endpoint),
    body,
    stream: call.stream,
    tap: createMessagesTap,
    usageOf: usageOfMessage,
    translate: null,
    keepalive: PING,
  }
  return complete(dispatch, exchange, conversation, attempt)
}

function translated(dispatch: Dispatch, exchange: Exchange, { call, attempt, endpoint }: Asked): Promise<Response> {
  const { body } = encoded(exchange, call, attempt, encodeMessagesAsChat)
  const { provider, model } = attempt.target
  const facts = { id: `msg_${exchange.id}`, model }
  const conversation: Conversation = {
    endpoint,
    body,
    stream: call.stream,
    tap: (errorEvent) =>
      createTranslatingTap({ translator: new MessageStream(facts), provider: provider.id, errorEvent }),
    usageOf,
    translate: {
      isAnswer: isCompletion,
      failureIn: failureOfCompletion,
      answer: (answer) => messageFromChat(answer, facts),
      chunks: chunksOf,
    },
    keepalive: PING,
  }
  return complete(dispatch, exchange, conversation, attempt)
}

/** Encodes a request for its target and says what was changed. */
function encoded(
  exchange: Exchange,
  call: MessagesCall,
  { target }: Attempt,
  encode: typeof encodeMessages | typeof encodeMessagesAsChat,
) {
  const request = encode(call, target, isStrict(exchange.headers))
  if (request.changes.length > 0) exchange.tell({ type: 'changes', changes: request.changes })
  return request
}

/** The provider's own endpoint: the client's version of the API holds, and its query but for what is the gateway's. */
function native({ headers, search }: Exchange, endpoint: Endpoint): Pick<Conversation, 'endpoint' | 'path'> {
  const kept = search
    .slice(1)
    .split('&')
    .filter((parameter) => parameter !== '' && !parameter.startsWith('provider='))
  const path = kept.length === 0 ? endpoint.path : `${endpoint.path}?${kept.join('&')}`
  return { path, endpoint: headers.has('anthropic-version') ? { ...endpoint, headers: {} } : endpoint }
}

/** The tokens of a whole message. */
const usageOfMessage = (message: unknown): TokenUsage | null =>
  isObject(message) && isObject(message['usage']) ? usageOf({ usage: usageToChat(message['usage']) }) : null
