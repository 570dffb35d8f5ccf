import { readChatRequest, type ChatCall } from '../dispatch/chat-request.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import type { Target } from '../providers/provider.ts'
import { modelsInJson } from './proxy-policy.ts'

export interface ChatParts {
  /** Who answers. Throws when nobody can be told from the model name, or may not. */
  readonly plan: (model: string, provider: string | null) => Promise<Target>
  /** Holds every model the body names to the rules for models; `null`: there are none. */
  readonly permit: ((models: readonly string[], target: Target) => void) | null
  readonly complete: (exchange: Exchange, call: ChatCall, target: Target) => Promise<Response>
}

/** POST /v1/chat/completions: read, find who answers, ask. */
export function chatCompletions({ plan, permit, complete }: ChatParts): Handler {
  return async (exchange) => {
    const call = readChatRequest(await exchange.body.bytes())
    const target = await plan(call.model, exchange.query('provider'))
    permit?.(
      modelsInJson(call.bytes).filter((model) => model !== call.model),
      target,
    )
    return complete(exchange, call, target)
  }
}
