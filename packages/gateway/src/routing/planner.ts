import { GatewayError } from '../kernel/errors.ts'
import type { Target } from '../providers/provider.ts'
import {
  answererHeaders,
  type ModelNameRules,
  requireProvider,
  type ResolvedModel,
  resolveModelName,
} from './model-name.ts'
import type { IsModelAllowed } from './model-policy.ts'
import {
  defaultRetry,
  type Plan,
  type PlannedTarget,
  type RetryWishes,
  routeRetry,
  type SkippedTarget,
} from './plan.ts'
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
  readonly isAllowed: IsModelAllowed
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
      const { ready, skipped } = usable(deploymentsOf(route, parts), parts, only)
      const ordered = order(only, route.strategy, ready)
      const alias = `alias ${only} (${route.strategy})`
      const targets = ordered.map(({ provider, credential, model, because }) => {
        return { provider, credential, model, because: `${alias}: ${because}` }
      })
      return { requested, targets, retry: routeRetry(targets.length, route.retry), skipped }
    }
    const origins = names.map((_, index) => (index < models.length ? '' : 'fallback header: '))
    const named = names.map(async (name, index): Promise<Member<PlannedTarget>> => {
      const target = namedTarget(name, provider, parts, origins[index])
      return { name, target: await target.catch(keyless) }
    })
    const { ready: targets, skipped } = usable(await Promise.all(named), parts)
    const retry = others.length > 0 ? routeRetry(targets.length) : defaultRetry(retries)
    return { requested, targets, retry, skipped }
  }
}

/** Whom a request, or its alias, names: somebody who can be asked, or why not. */
interface Member<T extends Target> {
  readonly name: string
  readonly target: T | GatewayError
}

function deploymentsOf({ deployments }: ModelRoute, { rules, target }: PlannerParts): readonly Member<Candidate>[] {
  return deployments.map(({ provider, model, weight = 1 }) => {
    const name = `${provider}/${model}`
    try {
      requireProvider(provider, rules, { param: 'model', model })
      return { name, target: { ...target(provider, model), weight } }
    } catch (error) {
      return { name, target: keyless(error) }
    }
  })
}

/** That a provider has no key is for `usable` to judge. */
function keyless(error: unknown): GatewayError {
  if (error instanceof GatewayError && error.code === 'provider_not_configured') return error
  throw error
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

/**
 * Members whose providers have no key are passed over, since they may be meant for another environment, and so are those
 * that may not be used: as long as somebody is left.
 */
function usable<T extends Target>(members: readonly Member<T>[], { isAllowed }: PlannerParts, alias?: string) {
  const judged = members.map(({ name, target }) => {
    const isFine = target instanceof GatewayError || isAllowed(target.provider.id, target.model, alias)
    return { name, target: isFine ? target : notAllowed(name, target) }
  })
  const ready = judged.flatMap(({ target }) => (target instanceof GatewayError ? [] : [target]))
  const refused = judged.flatMap(({ name, target }) => (target instanceof GatewayError ? [{ name, why: target }] : []))
  const [first] = refused
  if (ready.length === 0 && first !== undefined) throw first.why
  const skipped = refused.map(({ name, why }): SkippedTarget => ({ model: name, because: why.message }))
  return { ready, skipped }
}

const notAllowed = (name: string, { provider, model }: Target) =>
  new GatewayError(
    'model_not_allowed',
    `The model ${name.slice(0, 200)} may not be used here (ALLOWED_MODELS, DISALLOWED_MODELS).`,
    { param: 'model', headers: answererHeaders(provider.id, model) },
  )
