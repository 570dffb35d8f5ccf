import type { Clock } from '../kernel/clock.ts'
import { askable, type Breakers, type BreakerState } from './breaker.ts'
import { heedsBreakers, type Plan, type PlannedTarget, type RetryPolicy } from './plan.ts'

/** A target of a plan, and what would become of it right now. */
export interface ExplainedTarget {
  readonly target: PlannedTarget
  readonly state: BreakerState
  /** How long it is left alone from now on, ms. */
  readonly restsMs: number
  /** At which try it is asked when all before it fail, from 1; `null`: not right now. */
  readonly attempt: number | null
}

/** Tells what `attempt` would do with the plan, and changes nothing. In the order of the tries; who rests comes last. */
export function explainTargets(plan: Plan, breakers: Pick<Breakers, 'look'>, clock: Clock): readonly ExplainedTarget[] {
  const { targets, retry } = plan
  const asked = heedsBreakers(plan) ? askable(targets, breakers, clock) : targets
  const tried = asked.slice(0, retry.maxAttempts)
  const others = targets.filter((target) => !tried.includes(target))
  return [...tried, ...others].map((target, place) => {
    const { state, until } = breakers.look(target)
    const restsMs = state === 'closed' ? 0 : Math.max(0, Math.ceil(until - clock.elapsed()))
    return { target, state, restsMs, attempt: place < tried.length ? place + 1 : null }
  })
}

/** A retry policy for people, in two sentences. */
export function retryInWords(retry: RetryPolicy): string {
  if (retry.maxAttempts === 1) return 'There is one try.'
  if (retry.on === 'unanswered')
    return `There are ${retry.maxAttempts} tries at most, the next one at once. Only a connection that failed before the provider began to answer is tried again.`
  const { maxAttempts, baseDelayMs, maxDelayMs, budgetMs } = retry
  return [
    `There are ${maxAttempts} tries at most: another target at once, the same one after ${baseDelayMs} ms,`,
    `doubled each time up to ${maxDelayMs} ms, less up to half at random, never before its Retry-After, and with`,
    `${budgetMs} ms of waiting in total. Failed connections, the statuses 408, 409, 429 and 5xx and late first tokens`,
    'are tried again, 401, 402 and 403 at another provider only, no other status, and nothing after the first content.',
  ].join(' ')
}
