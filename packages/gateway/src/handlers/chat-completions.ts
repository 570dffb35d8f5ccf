import { completeChat } from '../dispatch/chat.ts'
import { readChatRequest } from '../dispatch/chat-request.ts'
import type { Dispatch } from '../dispatch/complete.ts'
import type { ModelCall } from '../dispatch/model-request.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import type { Planner, Wish } from '../routing/planner.ts'
import { type Follow, otherModels } from './follow.ts'

export interface ChatParts {
  /** Who is asked, in order. Throws when nobody can be told from the models' names, or nobody may. */
  readonly plan: Planner
  /** Tries the plan's targets until one answers. */
  readonly follow: Follow
  readonly dispatch: Dispatch
}

/** POST /v1/chat/completions: read, plan, try the plan's targets, answer. */
export function chatCompletions({ plan, follow, dispatch }: ChatParts): Handler {
  return async (exchange) => {
    const call = readChatRequest(await exchange.body.bytes())
    return follow(await plan(wishOf(exchange, call)), exchange, {
      ask: (exchange, attempt) => completeChat(dispatch, exchange, call, attempt),
      others: () => otherModels(call),
    })
  }
}

/** What a request asks for: by its body, its query and its headers. */
export const wishOf = (exchange: Exchange, { models }: Pick<ModelCall, 'models'>): Wish => ({
  models,
  fallbacks: fallbacks(exchange.headers),
  provider: exchange.query('provider'),
})

/** `x-gateway-fallback: groq/llama-3.3-70b, ollama/llama3`: who is asked when the model's own provider fails. */
function fallbacks(headers: Headers): readonly string[] {
  const written = headers.get('x-gateway-fallback')
  return written === null ? [] : written.split(',').flatMap((name) => name.trim() || [])
}
