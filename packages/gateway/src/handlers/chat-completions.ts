import { readChatRequest, type ChatCall } from '../dispatch/chat-request.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import type { Plan } from '../routing/plan.ts'
import type { Planner, Wish } from '../routing/planner.ts'

export interface ChatParts {
  /** Who is asked, in order. Throws when nobody can be told from the models' names, or nobody may. */
  readonly plan: Planner
  /** Tries the plan's targets until one answers. */
  readonly follow: (plan: Plan, exchange: Exchange, call: ChatCall) => Promise<Response>
}

/** POST /v1/chat/completions: read, plan, try the plan's targets, answer. */
export function chatCompletions({ plan, follow }: ChatParts): Handler {
  return async (exchange) => {
    const call = readChatRequest(await exchange.body.bytes())
    return follow(await plan(wishOf(exchange, call)), exchange, call)
  }
}

/** What a chat request asks for: by its body, its query and its headers. */
export const wishOf = (exchange: Exchange, { models }: ChatCall): Wish => ({
  models,
  fallbacks: fallbacks(exchange.headers),
  provider: exchange.query('provider'),
})

/** `x-gateway-fallback: groq/llama-3.3-70b, ollama/llama3`: who is asked when the model's own provider fails. */
function fallbacks(headers: Headers): readonly string[] {
  const written = headers.get('x-gateway-fallback')
  return written === null ? [] : written.split(',').flatMap((name) => name.trim() || [])
}
