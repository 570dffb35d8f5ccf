import type { PriceOf } from '../kernel/prices.ts'
import { closest } from './closest.ts'
import { type ModelDirectory, qualifiedId } from './model-directory.ts'
import type { ModelPolicy, PolicyEntry } from './model-policy.ts'
import type { ModelRoute } from './planner.ts'
import { unreadLists } from './unknown-model.ts'

export interface PolicyDoubtsParts {
  readonly policy: Pick<ModelPolicy, 'isOpen' | 'idle'>
  readonly directory: Pick<ModelDirectory, 'list' | 'unread'>
  readonly routes: ReadonlyMap<string, Pick<ModelRoute, 'deployments'>>
  /** The ids of all providers. */
  readonly providers: Iterable<string>
  /** The ids of those that can be asked. */
  readonly configured: ReadonlySet<string>
  readonly priceOf: PriceOf
}

/**
 * The entries of ALLOWED_MODELS and DISALLOWED_MODELS that mean nothing known, a sentence each: a misspelt one lets in, or
 * keeps out, what its writer does not think of. Waits for model lists that were never read. Never rejects.
 *
 * What a provider has that lists nothing, for want of a key perhaps, cannot be known: nothing is said of entries for it alone.
 */
export async function policyDoubts(parts: PolicyDoubtsParts): Promise<readonly string[]> {
  const { policy, directory, routes, providers } = parts
  if (policy.isOpen) return []
  const listed = await directory.list()
  const unread = directory.unread()
  const known = [
    ...listed.map(({ id, served_by: provider }) => ({ provider, model: id })),
    ...[...routes].flatMap(([alias, { deployments }]) => deployments.map((one) => ({ ...one, alias }))),
  ]
  const isKnowable = ({ provider: only }: PolicyEntry) =>
    listed.some(({ served_by: provider }) => only === null || provider === only)
  const names = [...routes.keys(), ...[...providers].map((id) => `${id}/*`), ...listed.map(qualifiedId)]
  return policy
    .idle(known)
    .filter((entry) => isKnowable(entry) && !isPriced(entry, parts))
    .map(({ text }) => {
      const [meant] = closest(text, names, 1)
      const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
      return `ALLOWED_MODELS, DISALLOWED_MODELS: no model here is called ${text}.${hint}${unreadLists(unread)}`
    })
}

/** Providers answer to names that they do not list, such as Anthropic's without a date: the price table knows many. */
function isPriced({ text, provider: only }: PolicyEntry, { configured, priceOf }: PolicyDoubtsParts): boolean {
  const model = only === null ? text : text.slice(only.length + 1)
  return [...configured].some((id) => (only ?? id) === id && priceOf(id, model) !== null)
}
