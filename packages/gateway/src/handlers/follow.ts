import type { Attempt } from '../dispatch/complete.ts'
import type { ModelCall } from '../dispatch/model-request.ts'
import type { Clock } from '../kernel/clock.ts'
import type { ExchangeEvent } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Target } from '../providers/provider.ts'
import { attempt, type AttemptParts, type Send } from '../routing/attempt.ts'
import type { Breakers } from '../routing/breaker.ts'
import { heedsBreakers, type Plan } from '../routing/plan.ts'
import type { Running, Selector } from '../routing/select.ts'
import { modelsInJson } from './proxy-policy.ts'

export interface FollowParts extends AttemptParts {
  readonly selector: Selector
  /** Holds every model a body names to the rules for models; `null`: there are none. */
  readonly permit: ((models: readonly string[], target: Target) => void) | null
}

/** A request, as following its plan needs it. */
export interface Asking {
  /** Asks one target. Settles when there is content to hand on. */
  readonly ask: (exchange: Exchange, attempt: Attempt) => Promise<Response>
  /** The models that the body names besides those it asks for. */
  readonly others: () => readonly string[]
}

/** Follows a plan until a target answers, and measures the targets on the way. */
export type Follow = (plan: Plan, exchange: Exchange, asking: Asking) => Promise<Response>

export function createFollow({ selector, permit, ...parts }: FollowParts): Follow {
  const withoutBreakers = { ...parts, breakers: noBreakers }
  return (plan, exchange, { ask, others }) => {
    // A stream can only move to another target while none of it has left: with more than one to ask, it is held so long.
    const holds = plan.retry.on === 'failures' ? plan.retry : null
    const named = permit === null ? [] : others()
    const heeds = heedsBreakers(plan)
    exchange.tell({ type: 'planned', requested: plan.requested, alias: plan.alias ?? null })
    let failure: unknown = null
    const tryTarget: Send<Response> = async (target, index) => {
      if (index > 0) exchange.tell({ type: 'retry', error: failure })
      const { skipped = [] } = plan
      if (skipped.length > 0)
        exchange.tell({ type: 'changes', changes: skipped.map(({ model }) => `skipped=${model}`) })
      // Whatever is refused before it is asked, the answer says whose it would have been.
      exchange.tell({ type: 'target', provider: target.provider.id, model: target.model || null })
      permit?.(named, target)
      const attempt = { target, holds, isRepeated: index > 0, mayRepeat: plan.retry.maxAttempts > 1 }
      // Nobody chooses between measurements of a lone target.
      const run = heeds ? measured(exchange, selector.begin(target), parts.clock) : null
      try {
        return await ask(run?.exchange ?? exchange, attempt)
      } catch (error) {
        failure = error
        throw error
      } finally {
        run?.settle()
      }
    }
    return attempt(plan, tryTarget, tellingPauses(heeds ? parts : withoutBreakers, exchange), exchange)
  }
}

/** A pause between two tries is neither the gateway's work nor the provider's. */
function tellingPauses(parts: AttemptParts, exchange: Exchange): AttemptParts {
  const { sleep, clock } = parts
  return {
    ...parts,
    async sleep(ms, signal) {
      const startedAt = clock.elapsed()
      try {
        await sleep(ms, signal)
      } finally {
        exchange.tell({ type: 'waited', durationMs: clock.elapsed() - startedAt })
      }
    },
  }
}

/**
 * What a body names beside the models it asks for; a provider may read that instead. The same name a second time counts:
 * asked for, it may be an alias, and to the provider it is a model.
 */
export function otherModels({ bytes, models }: Pick<ModelCall, 'bytes' | 'models'>): readonly string[] {
  const named = modelsInJson(bytes)
  return named.filter((model, place) => !models.includes(model) || named.indexOf(model) < place)
}

const noTrial = { succeeded: () => {}, failed: () => {}, abandoned: () => {} }

const noBreakers: Breakers = { look: () => ({ state: 'closed', until: 0, answers: true }), begin: () => noTrial }

/** Listens to one try: when its first token comes, and when its answer is through. */
function measured(exchange: Exchange, running: Running, clock: Clock) {
  const startedAt = clock.elapsed()
  let isStreaming = false
  const tell = (event: ExchangeEvent) => {
    if (event.type === 'stream.opened') isStreaming = true
    if (event.type === 'stream.first-content') running.firstToken(clock.elapsed() - startedAt)
    if (event.type === 'stream.closed') running.end()
    exchange.tell(event)
  }
  return {
    exchange: { ...exchange, tell },
    /** The status line is known; without a stream the answer is through. */
    settle: () => isStreaming || running.end(),
  }
}
