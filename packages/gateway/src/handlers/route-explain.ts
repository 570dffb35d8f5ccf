import type {
  RouteExplanation,
  RouteLimits,
  RouteRetry,
  RouteTarget,
  RouteTimeouts,
} from '@inference-gateway/protocol/route'
import { isStrict } from '../dispatch/chat-request.ts'
import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Handler } from '../kernel/exchange.ts'
import type { Breakers } from '../routing/breaker.ts'
import { type ExplainedTarget, explainTargets, retryInWords } from '../routing/explain.ts'
import { heedsBreakers, type Plan, type RetryPolicy } from '../routing/plan.ts'
import { retriedFailures } from '../routing/retryable.ts'
import { endpointOf, type Explainable, type ExplainableParts, readExplainable } from './explainable.ts'
import { type FollowParts, otherModels } from './follow.ts'

export interface RouteExplainParts extends ExplainableParts {
  readonly breakers: Pick<Breakers, 'look'>
  readonly clock: Clock
  readonly permit: FollowParts['permit']
  readonly limits: RouteLimits
  /** Of a try at a provider, whatever the plan says. */
  readonly timeouts: (provider: string) => Omit<RouteTimeouts, 'first_token_ms'>
}

/**
 * POST /v1/route/explain: what would become of this body at the endpoint that `?endpoint=` names. Nobody is asked and
 * nothing is counted, but model lists are read as they are there. What is wrong with the request is answered as there.
 */
export function explainRoute({ permit, timeouts, ...parts }: RouteExplainParts): Handler {
  return async (exchange) => {
    const explainable = readExplainable(parts, exchange, await exchange.body.bytes())
    const { call } = explainable
    const plan = await explainable.plan()
    const strict = isStrict(exchange.headers)
    const targets = explainTargets(plan, parts.breakers, parts.clock)
    const first = targets.find(({ attempt }) => attempt === 1)?.target
    if (first !== undefined) {
      permit?.(otherModels(call), first)
      explainable.encode(first, strict)
    }
    return Response.json({
      object: 'route.explanation',
      endpoint: endpointOf(exchange),
      model: plan.requested,
      stream: call.stream,
      strict,
      targets: targets.map((explained) => targetOnWire(explained, explainable, plan, timeouts)),
      skipped: plan.skipped ?? [],
      retry: retryOnWire(plan),
      limits: parts.limits,
    } satisfies RouteExplanation)
  }
}

function targetOnWire(
  { target, state, restsMs, attempt }: ExplainedTarget,
  explainable: Explainable,
  plan: Plan,
  timeouts: RouteExplainParts['timeouts'],
): RouteTarget {
  const { refusal, changes, hidesUsage } = encodedOrRefused(explainable, target)
  return {
    provider: target.provider.id,
    model: target.model,
    because: target.because,
    attempt,
    breaker: { state, rests_ms: restsMs, heeded: heedsBreakers(plan) },
    refusal,
    changes: changes.length === 0 ? null : changes.join('; '),
    strict_refuses: changes.filter((change) => /^(?:dropped|renamed)=/.test(change)),
    asks_usage: hidesUsage,
    timeouts: timeoutsOnWire(timeouts(target.provider.id), plan.retry, explainable.call.stream),
  }
}

function timeoutsOnWire(
  usual: Omit<RouteTimeouts, 'first_token_ms'>,
  { firstTokenTimeoutMs, responseHeaderTimeoutMs }: RetryPolicy,
  stream: boolean,
): RouteTimeouts {
  return {
    ...usual,
    ...(responseHeaderTimeoutMs !== null && { response_header_ms: responseHeaderTimeoutMs || null }),
    first_token_ms: stream ? firstTokenTimeoutMs : null,
  }
}

/** Who is asked first has been found able; for those behind, what stands in the way is a part of the answer. */
function encodedOrRefused({ encode }: Explainable, target: ExplainedTarget['target']) {
  try {
    const { changes, hidesUsage = false } = encode(target, false)
    return { refusal: null, changes, hidesUsage }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { refusal: error.message, changes: [], hidesUsage: false }
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
