import { GatewayError } from '../kernel/errors.ts'
import type { Target } from '../providers/provider.ts'
import { answererHeaders, type ModelNameRules, type ResolvedModel, resolveModelName } from './model-name.ts'
import { defaultRetry, type Plan, type PlannedTarget, type RetryWishes, routeRetry } from './plan.ts'
import type { Candidate, Selector, Strategy } from './select.ts'

/** A model name of the operator's own, and who answers for it. */
export interface ModelRoute {
  readonly strategy: Strategy
  readonly deployments: readonly { readonly provider: string; readonly model: string; readonly weight?: number }[]
  readonly retry: RetryWishes
}

export interface PlannerParts {
  readonly rules: ModelNameRules
  readonly routes: ReadonlyMap<string, ModelRoute>
  /** Orders the deployments of a route: `order` to ask them, `peek` to tell only. */
  readonly order: Selector['order']
  /** The provider's account with a model. Throws provider_not_configured. */
  readonly target: (provider: string, model: string) => Target
  readonly isAllowed: (provider: string, model: string) => boolean
  /** Whether a lone target is tried once more where nothing is configured (RETRY_ENABLED). */
  readonly retries: boolean
}

/** What a request asks for. */
export interface Wish {
  /** Its model, or its list of them. */
  readonly models: readonly string[]
  /** The models of `x-gateway-fallback`. */
  readonly fallbacks: readonly string[]
  /** The value of `?provider=`. */
  readonly provider: string | null
}

/** Who is asked, in order. */
export type Planner = (wish: Wish) => Promise<Plan>

/**
 * Makes the plan of a request: an alias stands for its deployments, a chain of names for itself, and a lone name for one
 * target. Throws what `resolveModelName` throws, and model_not_allowed when no target is left that may be used.
 */
export function createPlanner(parts: PlannerParts): Planner {
  const { routes, order, retries } = parts
  return async ({ models, fallbacks, provider }) => {
    const names = [...models, ...fallbacks]
    const [only = '', ...others] = names
    const route = provider === null && others.length === 0 ? routes.get(only) : undefined
    const requested = names.join(', ')
    if (route !== undefined) {
      const ordered = order(only, route.strategy, usable(deploymentsOf(route, parts), requested, parts))
      const alias = `alias ${only} (${route.strategy})`
      const targets = ordered.map(({ provider, credential, model, because }) => {
        return { provider, credential, model, because: `${alias}: ${because}` }
      })
      return { requested, targets, retry: routeRetry(targets.length, route.retry) }
    }
    const named = await Promise.all(
      [
        ...models.map((model) => namedTarget(model, provider, parts)),
        ...fallbacks.map((model) => namedTarget(model, provider, parts, 'fallback header: ')),
      ].map((target) => target.catch(keyless)),
    )
    const { ready, passedOver } = withKeys(named, names)
    const targets = usable(ready, requested, parts)
    const retry = others.length > 0 ? routeRetry(targets.length) : defaultRetry(retries)
    return { requested, targets, retry, ...(passedOver.length > 0 && { passedOver }) }
  }
}

/** A deployment whose provider has no key is passed over: it may be meant for another environment. */
function deploymentsOf({ deployments }: ModelRoute, { rules, target }: PlannerParts): Candidate[] {
  const ready = deployments.filter(({ provider }) => rules.configured.has(provider))
  const known = ready.length > 0 ? ready : deployments
  return known.map(({ provider, model, weight = 1 }) => Object.assign(target(provider, model), { weight }))
}

/** That a provider has no key is for `withKeys` to judge. */
function keyless(error: unknown): GatewayError {
  if (error instanceof GatewayError && error.code === 'provider_not_configured') return error
  throw error
}

/** Members of a chain whose providers have no key are passed over as well, as long as somebody can be asked. */
function withKeys(named: readonly (PlannedTarget | GatewayError)[], names: readonly string[]) {
  const ready = named.flatMap((target) => (target instanceof GatewayError ? [] : [target]))
  const refused = named.find((target) => target instanceof GatewayError)
  if (ready.length === 0 && refused !== undefined) throw refused
  return { ready, passedOver: names.filter((_, index) => named[index] instanceof GatewayError) }
}

/** The rules by which a name finds its provider, as people call them. */
const RULES: Readonly<Record<ResolvedModel['because'], string>> = {
  query: 'provider query',
  prefix: 'prefix',
  alias: 'alias',
  list: 'live list',
  convention: 'naming convention',
}

async function namedTarget(
  name: string,
  asked: string | null,
  { rules, target }: PlannerParts,
  origin = '',
): Promise<PlannedTarget> {
  const { provider: id, model, because } = await resolveModelName(name, asked, rules)
  const { provider, credential } = target(id, model)
  return { provider, credential, model, because: origin + RULES[because] }
}

function usable<T extends Candidate>(
  targets: readonly T[],
  requested: string,
  { isAllowed }: PlannerParts,
): readonly T[] {
  const allowed = targets.filter(({ provider, model }) => isAllowed(provider.id, model))
  const [refused] = targets
  if (allowed.length > 0 || refused === undefined) return allowed
  throw new GatewayError(
    'model_not_allowed',
    `The model ${requested.slice(0, 200)} may not be used here (ALLOWED_MODELS, DISALLOWED_MODELS).`,
    { param: 'model', headers: answererHeaders(refused.provider.id, refused.model) },
  )
}
