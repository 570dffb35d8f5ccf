import type { Target } from '../providers/provider.ts'

export interface PlannedTarget extends Target {
  /** Its share of the traffic beside the other targets of an alias; 1 where nothing is said. */
  readonly weight?: number
  /** Why it stands in the plan and at this place, in a few words for people. */
  readonly because: string
}

export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly maxAttempts: number
  /** What is worth another try. `unanswered`: only what failed before the provider can have begun to work on it. */
  readonly on: 'unanswered' | 'failures'
  /** The wait before the second try at one target; it doubles with every further one, up to `maxDelayMs`. */
  readonly baseDelayMs: number
  readonly maxDelayMs: number
  /** How long one request may wait between tries in total. A `retry-after` beyond it ends the request at once. */
  readonly budgetMs: number
  /** Until the first token of a stream, for each try; `send` holds it. `null`: only the provider's own limits hold. */
  readonly firstTokenTimeoutMs: number | null
  /** Until the head of an answer, for each try, in the place of the provider's own limit; 0 = none. */
  readonly responseHeaderTimeoutMs: number | null
}

/** The targets to try, in order. */
export interface Plan {
  /** The model as the client named it. */
  readonly requested: string
  /** That is an alias and nothing beside it. */
  readonly alias?: string
  readonly targets: readonly PlannedTarget[]
  readonly retry: RetryPolicy
  /** Whom the request, or its alias, names and who stands in no target. */
  readonly skipped?: readonly SkippedTarget[]
}

export interface SkippedTarget {
  /** As it was named: `mistral/small`. */
  readonly model: string
  /** What stands in the way, for people. */
  readonly because: string
}

/** Whether a key that one provider refuses leaves somebody to ask. */
export const asksSeveralProviders = ({ targets }: Plan): boolean =>
  targets.some(({ provider }) => provider.id !== targets[0]?.provider.id)

/**
 * Whether a target that fails repeatedly is left alone. A lone one never is: there is nobody else to ask, and its own
 * answer says most.
 */
export const heedsBreakers = ({ targets }: Plan): boolean => targets.length > 1

const once: RetryPolicy = {
  maxAttempts: 1,
  on: 'unanswered',
  baseDelayMs: 0,
  maxDelayMs: 0,
  budgetMs: 0,
  firstTokenTimeoutMs: null,
  responseHeaderTimeoutMs: null,
}

/**
 * What holds where nobody has configured anything: a connection that breaks before a byte of the answer is tried once
 * more, at once and on another connection. Most of these are idle sockets that the provider has just closed.
 */
export function defaultRetry(isEnabled: boolean): RetryPolicy {
  return isEnabled ? { ...once, maxAttempts: 2 } : once
}

/** What somebody has configured for an alias; the rest is `routeRetry`'s. */
export interface RetryWishes {
  readonly maxAttempts?: number | undefined
  readonly baseDelayMs?: number | undefined
  readonly maxDelayMs?: number | undefined
  readonly budgetMs?: number | undefined
  readonly firstTokenTimeoutMs?: number | undefined
  readonly responseHeaderTimeoutMs?: number | undefined
}

/** What holds for an alias, or for a chain that a request names: every target gets its try, and a lone one a second. */
export function routeRetry(targetCount: number, wishes: RetryWishes = {}): RetryPolicy {
  return {
    maxAttempts: wishes.maxAttempts ?? Math.max(2, targetCount),
    on: 'failures',
    // As OpenAI's and Anthropic's SDKs wait, so that a gateway between changes nothing.
    baseDelayMs: wishes.baseDelayMs ?? 500,
    maxDelayMs: wishes.maxDelayMs ?? 8000,
    budgetMs: wishes.budgetMs ?? 10_000,
    firstTokenTimeoutMs: wishes.firstTokenTimeoutMs ?? null,
    responseHeaderTimeoutMs: wishes.responseHeaderTimeoutMs ?? null,
  }
}

/** Names what breakers and measurements are kept for: a provider's model. */
export function targetKey({ provider, model }: Pick<Target, 'provider' | 'model'>): string {
  return `${provider.id}/${model}`
}
