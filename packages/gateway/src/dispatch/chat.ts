import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Target, UpstreamAnswer, UpstreamRequest } from '../providers/provider.ts'
import { encodeChatRequest, isStrict, type ChatCall } from './chat-request.ts'
import { holdPreamble, openStream } from './preamble.ts'
import { readProviderError, refusalIn } from './provider-error.ts'
import { relayStream, type RelayOptions } from './relay.ts'
import { send, type Sender } from './send.ts'
import { createChatTap } from './tap.ts'
import { usageOf } from './usage.ts'
import { readWhole } from './whole.ts'

export interface ChatDispatch extends Sender {
  /** How an answer of this provider is passed on. */
  readonly relay: (provider: string) => RelayOptions
}

/** One try at a target. */
export interface ChatAttempt {
  readonly target: Target
  /**
   * Whether a stream is held back until it has content, so that a failure before it can be made good elsewhere, and for
   * how long at most; `null`: it passes as it comes.
   */
  readonly holds: { readonly firstTokenTimeoutMs: number | null } | null
  /** The last try failed, perhaps for a connection that was kept too long. */
  readonly isRepeated: boolean
  /** Whether a request may be sent again when the kept connection it went out on turns out to be dead. */
  readonly mayRepeat: boolean
}

/**
 * Asks one target for a chat completion. Settles when the status line is known and, without streaming, the answer is
 * whole. Throws ProviderError for an answer of 400 and above, GatewayError for everything that is no proper answer.
 */
export async function completeChat(
  dispatch: ChatDispatch,
  exchange: Exchange,
  call: ChatCall,
  { target, holds, isRepeated, mayRepeat }: ChatAttempt,
): Promise<Response> {
  const endpoint = target.provider.operations.chat
  if (endpoint === undefined)
    throw new GatewayError('unsupported_operation', `${target.provider.name} has no chat completions.`)
  const { body, changes, hidesUsage } = encodeChatRequest(call, target, isStrict(exchange.headers))
  if (changes.length > 0) exchange.tell({ type: 'changes', changes })
  const startedAt = dispatch.clock.elapsed()
  const firstTokenMs = call.stream ? (holds?.firstTokenTimeoutMs ?? null) : null
  const request: UpstreamRequest = {
    account: target,
    method: 'POST',
    path: endpoint.path,
    endpoint,
    headers: exchange.headers,
    body,
    onNewConnection: isRepeated,
    isRepeatable: mayRepeat,
    answerWithinMs: firstTokenMs,
    // Asked for when it matters: the runtime makes a signal only then.
    get signal() {
      return exchange.signal
    },
  }
  const answer = await send(dispatch, exchange, request, target.model)
  const { id } = target.provider
  const options = dispatch.relay(id)
  if (answer.status >= 400) throw await readProviderError(id, answer, options.idleTimeoutMs)
  if (!isEventStream(answer)) return whole(options, exchange, answer, id)
  const tap = createChatTap(hidesUsage)
  const untilMs = firstTokenMs === null ? null : { limitMs: firstTokenMs, startedAt, clock: dispatch.clock }
  const opened = holds === null ? openStream(answer) : await holdPreamble(id, answer, tap, untilMs)
  return streamed(answer, relayStream(exchange, opened, tap, options))
}

const isEventStream = ({ headers }: UpstreamAnswer): boolean =>
  headers['content-type']?.toLowerCase().includes('text/event-stream') ?? false

function streamed({ status, headers }: UpstreamAnswer, body: ReadableStream<Uint8Array>): Response {
  headers['cache-control'] = 'no-cache, no-transform'
  headers['x-accel-buffering'] = 'no'
  return new Response(body, { status, headers })
}

async function whole(
  options: RelayOptions,
  exchange: Exchange,
  answer: UpstreamAnswer,
  provider: string,
): Promise<Response> {
  const bytes = await readWhole(answer, options)
  const body = parseAnswer(bytes)
  const refusal = refusalIn(provider, answer, body)
  if (refusal !== null) exchange.tell({ type: 'fault', error: refusal })
  const usage = usageOf(body)
  if (usage !== null) exchange.tell({ type: 'usage', usage })
  const { status, headers } = answer
  // Some providers send JSON under another name.
  headers['content-type'] = 'application/json'
  return new Response(bytes, { status, headers })
}

const utf8 = new TextDecoder()

/** Half an answer must not look like one: what is not JSON to its end is refused. */
function parseAnswer(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch (error) {
    throw new GatewayError('invalid_response', 'The provider answered with something that is not JSON.', {
      cause: error,
    })
  }
}
