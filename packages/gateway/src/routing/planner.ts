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
  type RetryPolicy,
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
 * Makes the plan of a request: each name stands for one target, an alias for its deployments, a chain for all that its
 * names stand for. Throws what `resolveModelName` throws, and, when no target is left, why the first cannot be asked.
 */
export function createPlanner(parts: PlannerParts): Planner {
  return async ({ models, fallbacks, provider }) => {
    const names = [...models, ...fallbacks]
    const meanings = await Promise.all(
      names.map((name, index) => meaningOf(name, provider, parts, index < models.length ? '' : 'fallback header: ')),
    )
    const targets = meanings.flatMap((meaning) => meaning.targets)
    const refused = meanings.flatMap((meaning) => meaning.refused)
    const [first] = refused
    if (targets.length === 0 && first !== undefined) throw first.why
    const [only, ...others] = meanings
    const retry = only !== undefined && others.length === 0 ? only.retry(targets.length) : routeRetry(targets.length)
    const skipped = refused.map(({ name, why }): SkippedTarget => ({ model: name, because: why.message }))
    const alias = others.length === 0 ? only?.alias : undefined
    return { requested: names.join(', '), ...(alias !== undefined && { alias }), targets, retry, skipped }
  }
}

/** What a name of a request stands for. */
interface Meaning {
  /** The name, where it is one of the operator's own. */
  readonly alias?: string
  /** In their order. */
  readonly targets: readonly PlannedTarget[]
  readonly refused: readonly RefusedMember[]
  /** How so many targets are tried, where the name stands alone. */
  readonly retry: (targetCount: number) => RetryPolicy
}

interface RefusedMember {
  readonly name: string
  readonly why: GatewayError
}

/** Whom a request, or its alias, names: somebody who can be asked, or why not. */
interface Member<T extends Target> {
  readonly name: string
  readonly target: T | GatewayError
}

async function meaningOf(name: string, asked: string | null, parts: PlannerParts, origin: string): Promise<Meaning> {
  const route = (asked ?? '') === '' ? parts.routes.get(name) : undefined
  if (route !== undefined) return aliasMeaning(name, route, parts, origin)
  const target = await namedTarget(name, asked, parts, origin).catch(keyless)
  const { ready, refused } = judged([{ name, target }], parts, null)
  return { targets: ready, refused, retry: () => defaultRetry(parts.retries) }
}

function aliasMeaning(alias: string, route: ModelRoute, parts: PlannerParts, origin: string): Meaning {
  const { strategy } = route
  const { ready, refused } = judged(deploymentsOf(route, parts), parts, alias)
  const targets = parts.order(alias, strategy, ready).map(({ provider, credential, model, because }) => {
    return { provider, credential, model, because: `${origin}alias ${alias} (${strategy}): ${because}` }
  })
  return { alias, targets, refused, retry: (count) => routeRetry(count, route.retry) }
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

/** That a provider has no key is for the planner to judge. */
function keyless(error: unknown): GatewayError {
  if (error instanceof GatewayError && error.code === 'provider_not_configured') return error
  throw error
}

/** The rules by which a name finds its provider, as people call them. */
const RULES: Readonly<Record<ResolvedModel['because'], string>> = {
  query: 'provider query',
  prefix: 'prefix',
  list: 'live list',
  convention: 'naming convention',
}

async function namedTarget(
  name: string,
  asked: string | null,
  { rules, target }: PlannerParts,
  origin: string,
): Promise<PlannedTarget> {
  const { provider: id, model, because } = await resolveModelName(name, asked, rules)
  const { provider, credential } = target(id, model)
  return { provider, credential, model, because: origin + RULES[because] }
}

/**
 * Members whose providers have no key are passed over, since they may be meant for another environment, and so are those
 * that may not be used: as long as somebody is left.
 */
function judged<T extends Target>(members: readonly Member<T>[], { isAllowed }: PlannerParts, alias: string | null) {
  const ready = members.flatMap(({ target }) => (isFine(target) ? [target] : []))
  const refused = members.flatMap(({ name, target }): readonly RefusedMember[] => {
    if (target instanceof GatewayError) return [{ name, why: target }]
    // A name of which nothing may be used is itself what may not be.
    return isFine(target) ? [] : [{ name, why: notAllowed(ready.length > 0 ? name : (alias ?? name), target) }]
  })
  return { ready, refused }

  function isFine(target: T | GatewayError): target is T {
    return !(target instanceof GatewayError) && isAllowed(target.provider.id, target.model, alias)
  }
}

const notAllowed = (name: string, { provider, model }: Target) =>
  new GatewayError(
    'model_not_allowed',
    `The model ${name.slice(0, 200)} may not be used here (ALLOWED_MODELS, DISALLOWED_MODELS).`,
    { param: 'model', headers: answererHeaders(provider.id, model) },
  )
