import { completeMessage, countTokens as askForTokens } from '../dispatch/messages.ts'
import { readMessagesRequest } from '../dispatch/messages-request.ts'
import type { Handler } from '../kernel/exchange.ts'
import { estimateTokens } from '../providers/dialects/anthropic-messages/estimate.ts'
import { type ChatParts, wishOf } from './chat-completions.ts'
import { otherModels } from './follow.ts'

/** POST /v1/messages: Anthropic's dialect, for the models of every provider. */
export function messages({ plan, follow, dispatch }: ChatParts): Handler {
  return async (exchange) => {
    const call = readMessagesRequest(await exchange.body.bytes())
    return follow(await plan(wishOf(exchange, call)), exchange, {
      ask: (exchange, attempt) => completeMessage(dispatch, exchange, call, attempt),
      others: () => otherModels(call),
    })
  }
}

/** POST /v1/messages/count_tokens: as the provider counts; for one that does not, an estimate that says so. */
export function countTokens({ plan, follow, dispatch }: ChatParts): Handler {
  return async (exchange) => {
    const call = readMessagesRequest(await exchange.body.bytes())
    const asked = await plan(wishOf(exchange, call))
    const [first] = asked.targets
    if (first !== undefined && first.provider.operations.countTokens === undefined) {
      exchange.tell({ type: 'target', provider: first.provider.id, model: first.model })
      return Response.json({ input_tokens: estimateTokens(call.body) }, { headers: { 'x-gateway-estimated': 'true' } })
    }
    return follow(asked, exchange, {
      ask: (exchange, attempt) => askForTokens(dispatch, exchange, call, attempt),
      others: () => otherModels(call),
    })
  }
}
