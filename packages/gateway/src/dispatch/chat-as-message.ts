import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { isObject } from '../providers/dialects/json.ts'
import { completionFromMessage } from '../providers/dialects/anthropic-messages/answer-to-chat.ts'
import { requestFromChat } from '../providers/dialects/anthropic-messages/request-from-chat.ts'
import type { Endpoint, Target } from '../providers/provider.ts'
import { createChatFromMessagesTap } from './chat-from-messages-tap.ts'
import { type ChatCall, isStrict } from './chat-request.ts'
import { type Attempt, complete, type Dispatch } from './complete.ts'
import { native, usageOfMessage } from './messages.ts'

/** Where neither the client nor the provider's model list says how long an answer may be. */
const USUAL_MAX_TOKENS = 4096

/** Asks a provider that speaks Anthropic's Messages for a chat completion. What gets lost is told, or refused. */
export function completeChatAsMessage(
  dispatch: Dispatch,
  exchange: Exchange,
  { call, attempt, endpoint }: { readonly call: ChatCall; readonly attempt: Attempt; readonly endpoint: Endpoint },
): Promise<Response> {
  const { target } = attempt
  const maxTokens = dispatch.maxOutputTokens?.(target) ?? USUAL_MAX_TOKENS
  const { body, changes } = encodeChatAsMessage(call, target, maxTokens, isStrict(exchange.headers))
  exchange.tell({ type: 'changes', changes })
  const created = Math.floor(dispatch.clock.now() / 1000)
  const { wantsUsage, stream } = call
  const provider = target.provider.id
  const conversation = {
    ...native(exchange, endpoint),
    body,
    stream,
    tap: (errorEvent: (error: unknown) => string) =>
      createChatFromMessagesTap({ created, wantsUsage, provider, errorEvent }),
    usageOf: usageOfMessage,
    translate: {
      isAnswer: isMessage,
      answer: (answer: unknown) => completionFromMessage(answer, created),
      chunks: noChunks,
    },
  }
  return complete(dispatch, exchange, conversation, attempt)
}

const isMessage = (answer: unknown): boolean => isObject(answer) && Array.isArray(answer['content'])

function noChunks(): never {
  throw new GatewayError('invalid_response', 'The provider answered a request for a stream with something else.')
}

function encodeChatAsMessage(call: ChatCall, { provider, model }: Target, maxTokens: number, strict: boolean) {
  const request = JSON.parse(new TextDecoder().decode(call.bytes))
  const { body, dropped } = requestFromChat(request, maxTokens)
  const [first] = dropped
  if (strict && first !== undefined) {
    const message = `${provider.name} is asked in its own words, which have none for \`${dropped.join('`, `')}\` (${model}). Leave it out, or leave out x-gateway-strict to let the gateway do it.`
    throw new GatewayError('unsupported_parameter', message, { param: first })
  }
  const named = call.model === model ? [] : [`model=${call.model}>${model}`]
  const isLimited = call.members.has('max_tokens') || call.members.has('max_completion_tokens')
  const added = isLimited ? [] : [`added=max_tokens`]
  return {
    body: new TextEncoder().encode(JSON.stringify({ model, ...body })),
    changes: [
      'translated=openai-chat>anthropic-messages',
      ...named,
      ...added,
      ...dropped.map((name) => `dropped=${name}`),
    ],
  }
}
