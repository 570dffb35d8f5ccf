import type { Price, PriceOf } from '../kernel/prices.ts'
import { type Model, type ModelDirectory, qualifiedId } from './model-directory.ts'
import type { IsModelAllowed } from './model-policy.ts'
import type { ModelRoute } from './planner.ts'

export interface ModelListingOptions {
  readonly directory: ModelDirectory
  readonly isAllowed: IsModelAllowed
  /** `qualified`: every id as `provider/id`. `native`: as the provider calls it, qualified where it could mean another's. */
  readonly idFormat: 'native' | 'qualified'
  /** The ids of those that can be asked. */
  readonly providers: ReadonlySet<string>
  /** The operator's own model names, and who would answer for them. */
  readonly routes: ReadonlyMap<string, Pick<ModelRoute, 'strategy' | 'deployments'>>
  readonly priceOf: PriceOf
}

/** A model under the id that clients see, and what it costs under its provider's. */
export interface ShownModel extends Model {
  readonly price: Price | null
  /** Of a name of the operator's own: the models it stands for, as `provider/model`. */
  readonly deployments?: readonly string[]
}

/** The model lists as clients see them: what may not be used is not there, and every id is one that can be asked for. */
export interface ModelListing {
  all(): Promise<readonly ShownModel[]>
  of(provider: string): Promise<readonly ShownModel[]>
  /** The models an id may mean: as listed, as `provider/id`, or as the provider's own. */
  find(id: string): Promise<readonly ShownModel[]>
  /** The providers of which a list was never read: a model that is not found may be theirs. */
  unread(): readonly string[]
}

export function createModelListing(options: ModelListingOptions): ModelListing {
  const { directory, isAllowed, idFormat, providers, routes, priceOf } = options

  const permitted = (models: readonly Model[]) => models.filter((model) => isAllowed(model.served_by, model.id))
  const shown = (models: readonly Model[], isAmbiguous: (model: Model) => boolean) =>
    models.map((model): ShownModel => {
      const isQualified = idFormat === 'qualified' || isAmbiguous(model)
      return { ...model, id: isQualified ? qualifiedId(model) : model.id, price: priceOf(model.served_by, model.id) }
    })
  /** OpenRouter's `openai/gpt-4o` would be taken for OpenAI's own, where that can be asked too. */
  const pointsElsewhere = ({ id, served_by: provider }: Model) => {
    const [prefix = ''] = id.split('/')
    return prefix !== id && prefix !== provider && providers.has(prefix)
  }
  async function all(): Promise<readonly ShownModel[]> {
    const models = permitted(await directory.list())
    const isShared = sharedIds(models)
    const isOurs = (id: string) => routes.has(id)
    const listed = shown(models, (model) => isShared(model.id) || isOurs(model.id) || pointsElsewhere(model))
    return [...ownModels(options), ...listed]
  }

  return {
    all,
    unread: () => directory.unread(),
    async of(provider) {
      return shown(permitted(await directory.list(provider)), () => false)
    },
    async find(id) {
      const models = await all()
      const listed = models.filter((model) => model.id === id)
      if (listed.length > 0) return listed
      return models.filter((model) => qualifiedId(model) === id || model.id === `${model.served_by}/${id}`)
    },
  }
}

/** An alias is listed with all who can be asked for it; what it costs depends on who answers. */
export function ownModels({
  routes,
  providers,
  isAllowed,
}: Pick<ModelListingOptions, 'routes' | 'providers' | 'isAllowed'>): readonly ShownModel[] {
  return [...routes].flatMap(([id, { strategy, deployments }]) => {
    const usable = deployments.filter(
      ({ provider, model }) => providers.has(provider) && isAllowed(provider, model, id),
    )
    // There is one member for who serves it: the one that most requests go to, as far as that is settled.
    const [first] = strategy === 'weighted' ? usable.toSorted((one, other) => weightOf(other) - weightOf(one)) : usable
    if (first === undefined) return []
    const names = usable.map(({ provider, model }) => qualifiedId({ id: model, served_by: provider }))
    return [
      {
        id,
        object: 'model',
        created: 0,
        owned_by: 'gateway',
        served_by: first.provider,
        deployments: names,
        price: null,
      },
    ]
  })
}

const weightOf = ({ weight = 1 }: ModelRoute['deployments'][number]): number => weight

function sharedIds(models: readonly Model[]): (id: string) => boolean {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const { id } of models) (seen.has(id) ? shared : seen).add(id)
  return (id) => shared.has(id)
}
