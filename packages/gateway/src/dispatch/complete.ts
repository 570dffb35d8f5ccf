import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { GatewayError } from '../kernel/errors.ts'
import type { TokenUsage } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import { parseExactly } from '../providers/dialects/exact-json.ts'
import type { Endpoint, Target, TimeLimit, UpstreamAnswer, UpstreamRequest } from '../providers/provider.ts'
import { byteTap } from './byte-tap.ts'
import { holdPreamble, openStream } from './preamble.ts'
import { providerErrorOf, readProviderError, refusalIn, tellableError } from './provider-error.ts'
import { relayStream, type RelayOptions } from './relay.ts'
import { send, type Sender } from './send.ts'
import type { ChatTap } from './tap.ts'
import { readWhole } from './whole.ts'

export interface Dispatch extends Sender {
  /** How an answer of this provider is passed on. */
  readonly relay: (provider: string) => RelayOptions
  /** How long an answer of a model can be, as far as its provider's list is known and says so. */
  readonly maxOutputTokens?: (target: Target) => number | null
}

/** Limits of a try that others may follow, ms. */
interface HeldLimits {
  /** Until a stream's first content, from the moment its target was asked. Whole answers show no first token. */
  readonly firstTokenTimeoutMs: number | null
  /** Until the head of the answer, in the place of the provider's own limit; 0 = none. */
  readonly responseHeaderTimeoutMs: number | null
}

/** One try at a target. */
export interface Attempt {
  readonly target: Target
  /**
   * Whether a stream is held back until it has content, so that a failure before it can be made good elsewhere, and what
   * limits of time the try has of its own; `null`: it passes as it comes.
   */
  readonly holds: HeldLimits | null
  /** The last try failed, perhaps for a connection that was kept too long. */
  readonly isRepeated: boolean
  /** Whether a request may be sent again when the kept connection it went out on turns out to be dead. */
  readonly mayRepeat: boolean
}

/** A request as one target gets it, and how its answer is read. Made anew for every attempt. */
export interface Conversation extends Pick<UpstreamRequest, 'body' | 'content'> {
  readonly endpoint: Endpoint
  /** The endpoint's path, where the client's query goes along. */
  readonly path?: string
  /** Whether the client wants a stream. */
  readonly stream: boolean
  /** Reads a stream while it passes, or tells it in another dialect. */
  readonly tap: (errorEvent: (error: unknown) => string) => ChatTap
  readonly usageOf: (answer: unknown) => TokenUsage | null
  /** Tells a whole answer in another dialect; `null`: its bytes are passed on as they came. */
  readonly translate: WholeTranslation | null
  /** Puts something else in the place of parts of a whole answer, and says so to listeners. */
  readonly remake?: (bytes: Uint8Array<ArrayBuffer>, answer: unknown) => Uint8Array<ArrayBuffer>
  /** Whether an answer may be something else than JSON or events, such as sound: it passes unread. */
  readonly passesAny?: boolean
  /** An error as the last event, where it depends on what went before; else it is told in the caller's envelope. */
  readonly errorEvent?: (error: unknown) => string
  /** What keeps a quiet stream alive, where it is not a comment. */
  readonly keepalive?: Uint8Array
}

export interface WholeTranslation {
  /** Whether the JSON is an answer in the provider's dialect at all. */
  readonly isAnswer: (answer: unknown) => boolean
  /** What an answer of status 200 says went wrong; `null`: nothing. */
  readonly failureIn?: (answer: unknown) => unknown
  /** Throws nothing but GatewayError. */
  readonly answer: (answer: unknown) => object
  /** The answer as a stream of one piece: some providers answer so to a client that wants a stream. */
  readonly chunks: (answer: unknown) => readonly ChatChunk[]
}

/**
 * Asks one target. Settles when the status line is known and, without streaming, the answer is whole. Throws
 * ProviderError for an answer of 400 and above, GatewayError for everything that is no proper answer.
 */
export async function complete(
  dispatch: Dispatch,
  exchange: Exchange,
  conversation: Conversation,
  { target, holds, isRepeated, mayRepeat }: Attempt,
): Promise<Response> {
  const { endpoint, path = endpoint.path, body, stream } = conversation
  const startedAt = dispatch.clock.elapsed()
  const firstToken = stream ? limitOf('first_token_timeout', holds?.firstTokenTimeoutMs) : null
  const request: UpstreamRequest = {
    account: target,
    method: 'POST',
    path,
    endpoint,
    headers: exchange.headers,
    body,
    ...(conversation.content && { content: conversation.content }),
    onNewConnection: isRepeated,
    isRepeatable: mayRepeat,
    answerWithin: firstToken,
    responseHeader: limitOf('response_header_timeout', holds?.responseHeaderTimeoutMs),
    // Asked for when it matters: the runtime makes a signal only then.
    get signal() {
      return exchange.signal
    },
  }
  const answer = await send(dispatch, exchange, request, target.model || null)
  const { id } = target.provider
  const options = optionsFor(conversation, dispatch.relay(id))
  if (answer.status >= 400) throw await readProviderError(target, answer, options.idleTimeoutMs)
  const tap = conversation.tap((error) =>
    options.errorEvent(exchange, error instanceof ProviderError ? tellableError(target, error) : error),
  )
  if (conversation.passesAny === true && !isEventStream(answer) && !isJson(answer))
    return passed(answer, relayStream(exchange, openStream(answer), byteTap, options))
  if (!isEventStream(answer)) return whole(options, exchange, { conversation, answer, tap, target })
  if (!stream && conversation.translate !== null) throw unaskedStream(id, answer)
  const patience = firstToken === null ? null : { limit: firstToken, startedAt, clock: dispatch.clock }
  const opened = holds === null ? openStream(answer) : await holdPreamble(target, answer, tap, patience)
  return streamed(answer, relayStream(exchange, opened, tap, options))
}

/** A limit of the `retry` of a model name of the operator's own, as the reference calls it. */
const limitOf = (name: string, ms: number | null = null): TimeLimit | null =>
  ms === null ? null : { ms, setting: `retry.${name}` }

function optionsFor({ errorEvent, keepalive }: Conversation, usual: RelayOptions): RelayOptions {
  if (errorEvent === undefined && keepalive === undefined) return usual
  return {
    ...usual,
    ...(errorEvent === undefined ? {} : { errorEvent: (_, error) => errorEvent(error) }),
    ...(keepalive === undefined ? {} : { keepalive }),
  }
}

const isEventStream = ({ headers }: UpstreamAnswer): boolean =>
  headers['content-type']?.toLowerCase().includes('text/event-stream') ?? false

const isJson = ({ headers }: UpstreamAnswer): boolean => /\bjson\b/i.test(headers['content-type'] ?? '')

const passed = ({ status, headers }: UpstreamAnswer, body: ReadableStream<Uint8Array>): Response =>
  new Response(body, { status, headers })

function unaskedStream(provider: string, answer: UpstreamAnswer): GatewayError {
  const error = new GatewayError('invalid_response', `${provider} answered with a stream that was not asked for.`)
  answer.abort(error)
  return error
}

function streamed(
  { status, headers }: UpstreamAnswer,
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
): Response {
  headers['content-type'] ??= EVENT_STREAM
  headers['cache-control'] = 'no-cache, no-transform'
  headers['x-accel-buffering'] = 'no'
  return new Response(body, { status, headers })
}

const EVENT_STREAM = 'text/event-stream; charset=utf-8'

interface Answered {
  readonly conversation: Conversation
  readonly answer: UpstreamAnswer
  readonly tap: ChatTap
  readonly target: Target
}

async function whole(options: RelayOptions, exchange: Exchange, answered: Answered): Promise<Response> {
  const { conversation, answer, tap, target } = answered
  const { id: provider } = target.provider
  const { translate, usageOf, stream, remake = asItCame } = conversation
  const since = options.clock.elapsed()
  const bytes = await readWhole(answer, options)
  exchange.tell({ type: 'read', durationMs: options.clock.elapsed() - since })
  const body = parseAnswer(bytes, translate === null ? JSON.parse : parseExactly)
  const failure = translate?.failureIn?.(body) ?? refusalIn(body)
  if (failure !== null) throw tellableError(target, providerErrorOf(provider, failure))
  // Translated, it would become an empty answer that looks whole.
  if (translate?.isAnswer(body) === false) throw noAnswer(provider)
  const usage = usageOf(body)
  if (usage !== null) exchange.tell({ type: 'usage', usage })
  const { status, headers } = answer
  if (translate !== null && stream) {
    delete headers['content-type']
    return streamed(answer, tap.push(eventsOf(translate.chunks(body))).slice())
  }
  // Some providers send JSON under another name.
  headers['content-type'] = 'application/json'
  return new Response(translate === null ? remake(bytes, body) : JSON.stringify(translate.answer(body)), {
    status,
    headers,
  })
}

const noAnswer = (provider: string) =>
  new GatewayError('invalid_response', `${provider} answered with JSON that is no answer.`)

const asItCame = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => bytes

const encoder = new TextEncoder()
const utf8 = new TextDecoder()

const eventsOf = (chunks: readonly ChatChunk[]): Uint8Array =>
  encoder.encode(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('') + 'data: [DONE]\n\n')

/** Half an answer must not look like one: what is not JSON to its end is refused. */
function parseAnswer(bytes: Uint8Array, parse: (text: string) => unknown): unknown {
  try {
    return parse(utf8.decode(bytes))
  } catch (error) {
    throw new GatewayError('invalid_response', 'The provider answered with something that is not JSON.', {
      cause: error,
    })
  }
}
