import { GatewayError } from '../kernel/errors.ts'
import type { Target } from '../providers/provider.ts'
import { type ModelNameRules, resolveModelName } from './model-name.ts'
import { defaultRetry, type Plan, type PlannedTarget, type RetryWishes, routeRetry } from './plan.ts'
import type { Selector, Strategy } from './select.ts'

/** A model name of the operator's own, and who answers for it. */
export interface ModelRoute {
  readonly strategy: Strategy
  readonly deployments: readonly { readonly provider: string; readonly model: string; readonly weight?: number }[]
  readonly retry: RetryWishes
}

export interface PlannerParts {
  readonly rules: ModelNameRules
  readonly routes: ReadonlyMap<string, ModelRoute>
  readonly selector: Selector
  /** The provider's account with a model. Throws provider_not_configured. */
  readonly target: (provider: string, model: string) => Target
  readonly isAllowed: (provider: string, model: string) => boolean
  /** Whether a lone target is tried once more where nothing is configured (RETRY_ENABLED). */
  readonly retries: boolean
}

/** Who is asked for the models a request names, in order. `models` is its model and the fallbacks it names besides. */
export type Planner = (models: readonly string[], provider: string | null) => Promise<Plan>

/**
 * Makes the plan of a request: an alias stands for its deployments, a chain of names for itself, and a lone name for one
 * target. Throws what `resolveModelName` throws, and model_not_allowed when no target is left that may be used.
 */
export function createPlanner(parts: PlannerParts): Planner {
  const { rules, routes, selector, retries } = parts
  return async (models, provider) => {
    const [only = '', ...others] = models
    const route = provider === null && others.length === 0 ? routes.get(only) : undefined
    const requested = models.join(', ')
    if (route !== undefined) {
      const targets = selector.order(only, route.strategy, usable(deploymentsOf(route, parts), requested, parts))
      return { requested, targets, retry: routeRetry(targets.length, route.retry) }
    }
    const named = await Promise.all(models.map((model) => namedTarget(model, provider, rules, parts)))
    const targets = usable(named, requested, parts)
    return { requested, targets, retry: others.length > 0 ? routeRetry(targets.length) : defaultRetry(retries) }
  }
}

/** A deployment whose provider has no key is passed over: it may be meant for another environment. */
function deploymentsOf({ deployments }: ModelRoute, { rules, target }: PlannerParts): PlannedTarget[] {
  const ready = deployments.filter(({ provider }) => rules.configured.has(provider))
  const known = ready.length > 0 ? ready : deployments
  return known.map(({ provider, model, weight = 1 }) =>
    Object.assign(target(provider, model), { weight, because: 'alias' }),
  )
}

async function namedTarget(
  model: string,
  provider: string | null,
  rules: ModelNameRules,
  { target }: PlannerParts,
): Promise<PlannedTarget> {
  const resolved = await resolveModelName(model, provider, rules)
  return { ...target(resolved.provider, resolved.model), because: resolved.because }
}

function usable(
  targets: readonly PlannedTarget[],
  requested: string,
  { isAllowed }: PlannerParts,
): readonly PlannedTarget[] {
  const allowed = targets.filter(({ provider, model }) => isAllowed(provider.id, model))
  if (allowed.length > 0) return allowed
  throw new GatewayError(
    'model_not_allowed',
    `The model ${requested.slice(0, 200)} may not be used here (ALLOWED_MODELS, DISALLOWED_MODELS).`,
    { param: 'model' },
  )
}
