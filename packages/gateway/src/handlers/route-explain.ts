import type {
  RouteExplanation,
  RouteLimits,
  RouteRetry,
  RouteTarget,
  RouteTimeouts,
} from '@inference-gateway/protocol/route'
import { encodeChat } from '../dispatch/chat.ts'
import { type ChatCall, isStrict, readChatRequest } from '../dispatch/chat-request.ts'
import type { Dispatch } from '../dispatch/complete.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Handler } from '../kernel/exchange.ts'
import type { Breakers } from '../routing/breaker.ts'
import { type ExplainedTarget, explainTargets, retryInWords } from '../routing/explain.ts'
import { heedsBreakers, type Plan } from '../routing/plan.ts'
import type { Planner } from '../routing/planner.ts'
import { retriedFailures } from '../routing/retryable.ts'
import { wishOf } from './chat-completions.ts'
import { type FollowParts, otherModels } from './follow.ts'

export interface RouteExplainParts {
  /** Plans as chat does, but moves nobody's turn. Throws what the planner throws. */
  readonly preview: Planner
  readonly dispatch: Pick<Dispatch, 'maxOutputTokens'>
  readonly breakers: Pick<Breakers, 'look'>
  readonly clock: Clock
  readonly permit: FollowParts['permit']
  readonly limits: RouteLimits
  /** Of a try at a provider, whatever the plan says. */
  readonly timeouts: (provider: string) => Omit<RouteTimeouts, 'first_token_ms'>
}

/**
 * POST /v1/route/explain: what would become of this body at /v1/chat/completions. Nobody is asked and nothing is counted,
 * but model lists are read as they are for chat. What is wrong with the request is answered as chat answers it.
 */
export function explainRoute({ preview, permit, ...parts }: RouteExplainParts): Handler {
  return async (exchange) => {
    const call = readChatRequest(await exchange.body.bytes())
    const plan = await preview(wishOf(exchange, call))
    const strict = isStrict(exchange.headers)
    const targets = explainTargets(plan, parts.breakers, parts.clock)
    const first = targets.find(({ attempt }) => attempt === 1)?.target
    if (first !== undefined) {
      permit?.(otherModels(call), first)
      encodeChat(parts.dispatch, call, first, strict)
    }
    return Response.json({
      object: 'route.explanation',
      model: plan.requested,
      stream: call.stream,
      strict,
      targets: targets.map((explained) => targetOnWire(explained, call, plan, parts)),
      retry: retryOnWire(plan),
      limits: parts.limits,
    } satisfies RouteExplanation)
  }
}

function targetOnWire(
  { target, state, restsMs, attempt }: ExplainedTarget,
  call: ChatCall,
  plan: Plan,
  { timeouts, dispatch }: Pick<RouteExplainParts, 'timeouts' | 'dispatch'>,
): RouteTarget {
  const { changes, hidesUsage } = encodeChat(dispatch, call, target, false)
  return {
    provider: target.provider.id,
    model: target.model,
    because: target.because,
    attempt,
    breaker: { state, rests_ms: restsMs, heeded: heedsBreakers(plan) },
    changes: changes.length === 0 ? null : changes.join('; '),
    strict_refuses: changes.filter((change) => /^(?:dropped|renamed)=/.test(change)),
    asks_usage: hidesUsage,
    timeouts: { ...timeouts(target.provider.id), first_token_ms: plan.retry.firstTokenTimeoutMs },
  }
}

function retryOnWire(plan: Plan): RouteRetry {
  const { retry } = plan
  const { maxAttempts, baseDelayMs, maxDelayMs, budgetMs } = retry
  return {
    max_attempts: maxAttempts,
    base_delay_ms: baseDelayMs,
    max_delay_ms: maxDelayMs,
    budget_ms: budgetMs,
    ...retriedFailures(plan),
    in_words: retryInWords(retry),
  }
}
