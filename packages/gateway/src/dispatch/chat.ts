import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Target, UpstreamAnswer } from '../providers/provider.ts'
import { encodeChatRequest, type ChatCall } from './chat-request.ts'
import { holdPreamble, openStream } from './preamble.ts'
import { readProviderError } from './provider-error.ts'
import { relayStream, type RelayOptions } from './relay.ts'
import { send, type Sender } from './send.ts'
import { createChatTap } from './tap.ts'
import { usageOf } from './usage.ts'
import { readWhole } from './whole.ts'

export interface ChatDispatch extends Sender {
  readonly relay: RelayOptions
}

/** One try at a target. */
export interface ChatAttempt {
  readonly target: Target
  /**
   * Whether a stream is held back until it has content, so that a failure before it can be made good elsewhere, and for
   * how long at most; `null`: it passes as it comes.
   */
  readonly holds: { readonly firstTokenTimeoutMs: number | null } | null
}

/**
 * Asks one target for a chat completion. Settles when the status line is known and, without streaming, the answer is
 * whole. Throws ProviderError for an answer of 400 and above, GatewayError for everything that is no proper answer.
 */
export async function completeChat(
  dispatch: ChatDispatch,
  exchange: Exchange,
  call: ChatCall,
  { target, holds }: ChatAttempt,
): Promise<Response> {
  const endpoint = target.provider.operations.chat
  if (endpoint === undefined)
    throw new GatewayError('unsupported_operation', `${target.provider.name} has no chat completions.`)
  const isStrict = exchange.headers.get('x-gateway-strict') === 'true'
  const { body, changes, hidesUsage } = encodeChatRequest(call, target, isStrict)
  if (changes.length > 0) exchange.tell({ type: 'changes', changes })
  const { headers, signal } = exchange
  const request = { account: target, method: 'POST', path: endpoint.path, endpoint, headers, body, signal }
  const answer = await send(dispatch, exchange, request, target.model)
  if (answer.status >= 400) throw await readProviderError(target.provider.id, answer)
  if (!isEventStream(answer)) return whole(dispatch, exchange, answer)
  const tap = createChatTap(hidesUsage)
  const { id } = target.provider
  const opened = holds === null ? openStream(answer) : await holdPreamble(id, answer, tap, holds.firstTokenTimeoutMs)
  return streamed(answer, relayStream(exchange, opened, tap, dispatch.relay))
}

const isEventStream = ({ headers }: UpstreamAnswer): boolean =>
  headers.get('content-type')?.toLowerCase().includes('text/event-stream') ?? false

function streamed({ status, headers }: UpstreamAnswer, body: ReadableStream<Uint8Array>): Response {
  headers.delete('content-length')
  headers.set('cache-control', 'no-cache, no-transform')
  headers.set('x-accel-buffering', 'no')
  return new Response(body, { status, headers })
}

async function whole({ relay }: ChatDispatch, exchange: Exchange, answer: UpstreamAnswer): Promise<Response> {
  const bytes = await readWhole(answer, relay)
  const usage = usageOf(parseAnswer(bytes))
  if (usage !== null) exchange.tell({ type: 'usage', usage })
  const { status, headers } = answer
  headers.delete('content-length')
  // Some providers send JSON under another name.
  headers.set('content-type', 'application/json')
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
