import { readChatRequest, type ChatCall } from '../dispatch/chat-request.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import type { Target } from '../providers/provider.ts'

export interface ChatParts {
  /** Who answers. Throws when nobody can be told from the model name, or may not. */
  readonly plan: (model: string, provider: string | null) => Promise<Target>
  readonly complete: (exchange: Exchange, call: ChatCall, target: Target) => Promise<Response>
}

/** POST /v1/chat/completions: read, find who answers, ask. */
export function chatCompletions({ plan, complete }: ChatParts): Handler {
  return async (exchange) => {
    const call = readChatRequest(await exchange.body.bytes())
    return complete(exchange, call, await plan(call.model, exchange.query('provider')))
  }
}
