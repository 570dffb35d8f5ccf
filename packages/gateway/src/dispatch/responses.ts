import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { formatEvent } from '@inference-gateway/protocol/sse'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import { responseFromChat } from '../providers/dialects/openai-responses/answer-from-chat.ts'
import type { ResponseEvent } from '../providers/dialects/openai-responses/items.ts'
import { type ResponseFailure, ResponseStream } from '../providers/dialects/openai-responses/stream-from-chat.ts'
import type { Endpoint } from '../providers/provider.ts'
import { isStrict } from './chat-request.ts'
import { type Attempt, complete, type Dispatch } from './complete.ts'
import type { ItemMemory } from './item-memory.ts'
import {
  encodeResponses,
  encodeResponsesAsChat,
  type EncodedResponses,
  type ResponsesCall,
  withItems,
} from './responses-request.ts'
import { createResponsesTap } from './responses-tap.ts'
import { chunksOf, createTranslatingTap, isCompletion } from './translate.ts'
import { usageOf } from './usage.ts'

export interface ResponsesDispatch extends Dispatch {
  /** Told of every response that a provider may have stored. */
  readonly keep: (responseId: string, provider: string) => void
  /** What was told to callers of responses that nobody stores. */
  readonly items: ItemMemory
  /** Makes ids nobody else has; letters, digits and `_`. */
  readonly newId: () => string
}

/** Asks one target for a response: in the client's own bytes where it speaks the dialect, else in chat's words. */
export function completeResponse(
  dispatch: ResponsesDispatch,
  exchange: Exchange,
  call: ResponsesCall,
  attempt: Attempt,
): Promise<Response> {
  const { responses, chat } = attempt.target.provider.operations
  const recalled = withItems(call, dispatch.items.recall(exchange.caller.id, call.body))
  if (responses !== undefined) return relayed(dispatch, exchange, { call: recalled, attempt, endpoint: responses })
  if (chat !== undefined) return translated(dispatch, exchange, { call: recalled, attempt, endpoint: chat })
  throw new GatewayError('unsupported_operation', `${attempt.target.provider.name} has neither responses nor chat.`)
}

interface Asked {
  readonly call: ResponsesCall
  readonly attempt: Attempt
  readonly endpoint: Endpoint
}

function relayed(dispatch: ResponsesDispatch, exchange: Exchange, { call, attempt, endpoint }: Asked) {
  const { target } = attempt
  const { body } = told(exchange, encodeResponses(call, target, endpoint, isStrict(exchange.headers)))
  const heard = createResponsesTap((id) => dispatch.keep(id, target.provider.id))
  return complete(
    dispatch,
    exchange,
    {
      endpoint,
      body,
      stream: call.stream,
      tap: () => heard.tap,
      usageOf,
      translate: null,
      remake: heard.whole,
      errorEvent: (error) =>
        write([{ type: 'error', ...failureOf(error), param: null, sequence_number: heard.next() }]),
    },
    attempt,
  )
}

function translated(dispatch: ResponsesDispatch, exchange: Exchange, { call, attempt, endpoint }: Asked) {
  const { target } = attempt
  const { body } = told(exchange, encodeResponsesAsChat(call, target, isStrict(exchange.headers)))
  const createdAt = Math.floor(dispatch.clock.now() / 1000)
  const facts = { seed: dispatch.newId(), createdAt, request: call.body }
  const response = new ResponseStream(facts)
  const errorEvent = (error: unknown): string => write(response.fail(failureOf(error)))
  /** Who asks that nothing be stored gets just that. */
  const note = (output: unknown): void => {
    if (call.body['store'] !== false) dispatch.items.note(exchange.caller.id, output)
  }
  const translator = {
    chunk: (chunk: ChatChunk) => response.chunk(chunk),
    end: () => {
      const events = response.end()
      note(response.output)
      return events
    },
  }
  return complete(
    dispatch,
    exchange,
    {
      endpoint,
      body,
      stream: call.stream,
      tap: (errorEvent) => createTranslatingTap({ translator, provider: target.provider.id, errorEvent }),
      usageOf,
      translate: {
        isAnswer: isCompletion,
        answer: (answer) => {
          const whole = responseFromChat(chunksOf(answer), facts)
          note(whole['output'])
          return whole
        },
        chunks: chunksOf,
      },
      errorEvent,
    },
    attempt,
  )
}

function told(exchange: Exchange, request: EncodedResponses): EncodedResponses {
  if (request.changes.length > 0) exchange.tell({ type: 'changes', changes: request.changes })
  return request
}

const write = (events: readonly ResponseEvent[]): string =>
  events.map((event) => formatEvent({ event: event.type, data: JSON.stringify(event) })).join('')

/** What may be said of it: a defect of ours shows nothing of itself. */
function failureOf(error: unknown): ResponseFailure {
  if (error instanceof ProviderError)
    return { code: String(error.fault.code ?? error.fault.type), message: error.fault.message }
  if (error instanceof GatewayError) return { code: error.code, message: error.message }
  return { code: 'server_error', message: 'The gateway failed. Its log holds the details under this request id.' }
}
