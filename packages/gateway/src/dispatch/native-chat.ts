import { GatewayError } from '../kernel/errors.ts'
import type { TokenUsage } from '../kernel/events.ts'
import type { ChatDialect } from '../providers/dialects/chat-dialect.ts'
import { chatDialects } from '../providers/dialects/chat-dialects.ts'
import { isObject, parseObject } from '../providers/dialects/json.ts'
import type { ChatDialectName, Endpoint, Target } from '../providers/provider.ts'
import type { ChatCall } from './chat-request.ts'
import type { Conversation } from './complete.ts'
import { createNativeTap } from './native-tap.ts'
import { usageOf } from './usage.ts'

/** Chat at a provider that is asked for it in its own dialect. */
export interface NativeChat {
  readonly dialect: ChatDialect
  readonly name: ChatDialectName
  readonly endpoint: Endpoint
}

/** `null`: the target is asked for chat in OpenAI's. */
export function nativeChatOf({ provider }: Target): NativeChat | null {
  const { nativeChat: endpoint } = provider.operations
  if (provider.chatsNatively !== true || endpoint === undefined) return null
  return { dialect: chatDialects[endpoint.dialect], name: endpoint.dialect, endpoint }
}

/** A chat request in a provider's own words. */
export interface EncodedNatively {
  readonly body: Uint8Array<ArrayBuffer>
  /** As `x-gateway-changes` tells them. */
  readonly changes: readonly string[]
  readonly path: string
}

/** In strict mode throws unsupported_parameter for whatever the dialect has no words for. */
export function encodeNatively(
  { dialect, name, endpoint }: NativeChat,
  call: ChatCall,
  target: Target,
  { strict, maxOutputTokens }: { readonly strict: boolean; readonly maxOutputTokens: number | null },
): EncodedNatively {
  const { provider, model } = target
  const facts = { model, stream: call.stream, maxOutputTokens }
  // The bytes were found to be a JSON object when the call was read.
  const { body, dropped, added } = dialect.request(parseObject(decoder.decode(call.bytes)) ?? {}, facts)
  const [first] = dropped
  if (strict && first !== undefined) {
    const message = `${provider.name} is asked in its own words, which have none for \`${dropped.join('`, `')}\` (${model}). Leave it out, or leave out x-gateway-strict to let the gateway do it.`
    throw new GatewayError('unsupported_parameter', message, { param: first })
  }
  return {
    body: encoder.encode(JSON.stringify(body)),
    path: dialect.path?.(endpoint.path, facts) ?? endpoint.path,
    changes: [
      `translated=openai-chat>${name}`,
      ...(call.model === model ? [] : [`model=${call.model}>${model}`]),
      ...added.map((member) => `added=${member}`),
      ...dropped.map((member) => `dropped=${member}`),
    ],
  }
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** How the answer is read. `created` is in Unix seconds, for dialects whose answers have no time. */
export function nativeConversation(
  { dialect, endpoint }: NativeChat,
  { stream, wantsUsage, choices }: ChatCall,
  { provider, model }: Target,
  created: number,
): Omit<Conversation, 'body'> {
  const facts = { created, model, choices }
  const read =
    <T>(tell: (answer: JsonAnswer) => T, otherwise: T) =>
    (answer: unknown): T =>
      isObject(answer) ? tell(answer) : otherwise
  return {
    endpoint,
    stream,
    tap: (errorEvent) =>
      createNativeTap({ narrator: dialect.stream(facts), wantsUsage, provider: provider.id, errorEvent }),
    usageOf: read<TokenUsage | null>((answer) => usageOf({ usage: dialect.usage(answer) }), null),
    translate: {
      isAnswer: read(dialect.isAnswer, false),
      failureIn: read<unknown>((answer) => dialect.failureIn?.(answer) ?? null, null),
      answer: read<object>((answer) => dialect.completion(answer, facts), {}),
      chunks: noChunks,
    },
  }
}

type JsonAnswer = Readonly<Record<string, unknown>>

function noChunks(): never {
  throw new GatewayError('invalid_response', 'The provider answered a request for a stream with something else.')
}
