import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import { askable, type Breakers, type Trial } from './breaker.ts'
import { type Plan, type PlannedTarget, type RetryPolicy, targetKey } from './plan.ts'
import type { RetryBudget } from './retry-budget.ts'
import { retryAfterMs, type RetryScope, retryScope } from './retryable.ts'

/** Tries a target once. Settles when there is content to hand on, not before; `index` counts from 0. */
export type Send<T> = (target: PlannedTarget, index: number) => Promise<T>

export interface AttemptParts {
  readonly breakers: Breakers
  readonly budget: RetryBudget
  /** Rejects as soon as the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** At least 0, below 1. */
  readonly random: () => number
  readonly clock: Clock
}

/** Who waits for the answer. */
export interface Waiting {
  /** Fires when the client has gone. Read only when something has gone wrong: the runtime makes one when it is asked. */
  readonly signal: AbortSignal
}

/**
 * Follows the plan until one attempt answers. A failure of `send` has cost the client nothing, since it settles before a
 * content byte has left; a stream that breaks later is never tried again. Another target is tried at once, the same one
 * after a wait: exponential, with jitter, and never shorter than its `retry-after`.
 *
 * Throws the last answer a provider gave, since that tells the client more than the connection fault of a later
 * fallback; the last fault when none answered; `destination_unavailable` when no target may be asked; the signal's
 * reason when it fired. What must not be tried again is thrown as it is.
 */
export async function attempt<T>(plan: Plan, send: Send<T>, parts: AttemptParts, client: Waiting): Promise<T> {
  const course = createCourse(plan, parts, client)
  let failure: unknown
  for (let index = 0; index < plan.retry.maxAttempts; index++) {
    if (index > 0) client.signal.throwIfAborted()
    const admitted = await course.admit()
    if (admitted === null) break
    const { target, trial } = admitted
    try {
      const answer = await send(target, index)
      trial.succeeded()
      return answer
    } catch (error) {
      if (client.signal.aborted) {
        trial.abandoned()
        throw client.signal.reason
      }
      trial.failed(error, course.hasFailedAt(target))
      const scope = retryScope(error, plan.retry.on)
      if (scope === 'nowhere') throw error
      course.failed(target, error, scope)
      if (error instanceof ProviderError || !(failure instanceof ProviderError)) failure = error
    }
  }
  throw failure ?? unavailable(plan, parts)
}

/** A target that this request has tried: how often, and from when on (on `clock.elapsed`) it may be tried again. */
interface Tried {
  readonly count: number
  readonly readyAt: number
}

const UNTRIED: Tried = { count: 0, readyAt: 0 }

/** The way of one request along its plan. */
function createCourse(
  { targets, retry }: Plan,
  { breakers, budget, sleep, random, clock }: AttemptParts,
  client: Waiting,
) {
  const tried = new Map<string, Tried>()
  const asked = new Set<string>()
  let waitedMs = 0

  const triedAt = (target: PlannedTarget): Tried => tried.get(targetKey(target)) ?? UNTRIED
  const giveUp = (target: PlannedTarget) =>
    tried.set(targetKey(target), { ...triedAt(target), readyAt: Number.POSITIVE_INFINITY })

  /** Falling over to another provider is free; asking one again that failed this request has to be affordable. */
  function isAffordable({ provider }: PlannedTarget): boolean {
    if (asked.has(provider.id)) return budget.take(provider.id)
    asked.add(provider.id)
    budget.note(provider.id)
    return true
  }

  /** The target that may be tried soonest, in the plan's order among equals. */
  function next(): PlannedTarget | null {
    const left = targets.filter((target) => triedAt(target).readyAt < Number.POSITIVE_INFINITY)
    const [first, ...rest] = askable(left, breakers, clock)
    if (first === undefined) return null
    return rest.reduce((best, target) => (triedAt(target).readyAt < triedAt(best).readyAt ? target : best), first)
  }

  return {
    hasFailedAt: (target: PlannedTarget): boolean => tried.has(targetKey(target)),
    /** Waits for the next target and passes its breaker; `null` when nothing is left or the wait would be too long. */
    async admit(): Promise<{ readonly target: PlannedTarget; readonly trial: Trial } | null> {
      for (let target = next(); target !== null; target = next()) {
        const waitMs = Math.max(0, triedAt(target).readyAt - clock.elapsed())
        if (waitedMs + waitMs > retry.budgetMs) return null
        if (!isAffordable(target)) {
          giveUp(target)
          continue
        }
        if (waitMs > 0) await sleep(waitMs, client.signal)
        waitedMs += waitMs
        const trial = breakers.begin(target)
        // Without one, other requests have found the target dead while this one waited.
        if (trial !== null) return { target, trial }
      }
      return null
    },
    /** `error` tells when the target may be tried again, where its scope allows that within this request. */
    failed(target: PlannedTarget, error: unknown, scope: RetryScope): void {
      if (scope === 'elsewhere') return void giveUp(target)
      if (scope === 'another-provider')
        return targets.filter(({ provider }) => provider.id === target.provider.id).forEach(giveUp)
      const count = triedAt(target).count + 1
      const delayMs = Math.max(backoffMs(retry, count, random), retryAfterMs(error, clock.now()) ?? 0)
      tried.set(targetKey(target), { count, readyAt: clock.elapsed() + delayMs })
    },
  }
}

/** Doubles with every failure of the target; the random half keeps requests that failed together from returning so. */
function backoffMs({ baseDelayMs, maxDelayMs }: RetryPolicy, failures: number, random: () => number): number {
  const delayMs = Math.min(maxDelayMs, baseDelayMs * 2 ** (failures - 1))
  return (delayMs * (1 + random())) / 2
}

function unavailable({ requested, targets }: Plan, { breakers, clock }: AttemptParts): GatewayError {
  const soonest = Math.min(...targets.map((target) => breakers.look(target).until))
  const seconds = Math.max(1, Math.ceil((soonest - clock.elapsed()) / 1000))
  const names = targets.map(targetKey).join(', ')
  return new GatewayError(
    'destination_unavailable',
    `Nobody can answer for ${requested} right now: ${names} failed repeatedly and rest. Try again in ${seconds} s.`,
    { headers: { 'retry-after': String(seconds) } },
  )
}
