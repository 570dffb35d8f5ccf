import { completeChat, type ChatDispatch } from '../dispatch/chat.ts'
import type { ChatCall } from '../dispatch/chat-request.ts'
import type { Clock } from '../kernel/clock.ts'
import type { ExchangeEvent } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Target } from '../providers/provider.ts'
import { attempt, type AttemptParts, type Send } from '../routing/attempt.ts'
import type { Breakers } from '../routing/breaker.ts'
import { heedsBreakers } from '../routing/plan.ts'
import type { Running, Selector } from '../routing/select.ts'
import type { ChatParts } from './chat-completions.ts'
import { modelsInJson } from './proxy-policy.ts'

export interface FollowParts extends AttemptParts {
  readonly dispatch: ChatDispatch
  readonly selector: Selector
  /** Holds every model a body names to the rules for models; `null`: there are none. */
  readonly permit: ((models: readonly string[], target: Target) => void) | null
}

/** Follows a chat's plan until a target answers, and measures the targets on the way. */
export function followChat({ dispatch, selector, permit, ...parts }: FollowParts): ChatParts['follow'] {
  const withoutBreakers = { ...parts, breakers: noBreakers }
  return (plan, exchange, call) => {
    // A stream can only move to another target while none of it has left: with more than one to ask, it is held so long.
    const holds = plan.retry.on === 'failures' ? plan.retry : null
    const others = permit === null ? [] : otherModels(call)
    const heeds = heedsBreakers(plan)
    const tryTarget: Send<Response> = async (target, index) => {
      if (index > 0) exchange.tell({ type: 'retry' })
      // Whatever is refused before it is asked, the answer says whose it would have been.
      exchange.tell({ type: 'target', provider: target.provider.id, model: target.model })
      permit?.(others, target)
      const chat = { target, holds, isRepeated: index > 0, mayRepeat: plan.retry.maxAttempts > 1 }
      // Nobody chooses between measurements of a lone target.
      if (!heeds) return completeChat(dispatch, exchange, call, chat)
      const run = measured(exchange, selector.begin(target), parts.clock)
      try {
        return await completeChat(dispatch, run.exchange, call, chat)
      } finally {
        run.settle()
      }
    }
    return attempt(plan, tryTarget, heeds ? parts : withoutBreakers, exchange)
  }
}

/** What a body names beside the models it asks for; a provider may read that instead. */
export const otherModels = (call: ChatCall): readonly string[] =>
  modelsInJson(call.bytes).filter((model) => !call.models.includes(model))

const noTrial = { succeeded: () => {}, failed: () => {}, abandoned: () => {} }

const noBreakers: Breakers = { look: () => ({ state: 'closed', until: 0 }), begin: () => noTrial }

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
