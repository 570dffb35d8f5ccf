import type { Emit } from '../kernel/events.ts'
import type { ListedModel } from '../providers/model-lists.ts'
import type { Account } from '../providers/provider.ts'
import { createLiveList, type LiveList, type LiveListTiming, type ReadList } from './live-list.ts'
import { type FetchPage, readModels } from './model-pages.ts'

/** A model as the contract lists it. */
export interface Model extends ListedModel {
  readonly object: 'model'
  /** The provider's id where the provider names no owner. */
  readonly owned_by: string
  /** The provider's id. */
  readonly served_by: string
}

export interface ModelDirectoryOptions extends LiveListTiming {
  /** The providers that can be asked, in the order their models are listed. */
  readonly accounts: readonly Account[]
  readonly fetchPage: FetchPage
  /** Hears `models.unavailable` and `models.available`; a provider of two lists (Cloudflare) tells of each. */
  readonly emit: Emit
}

/**
 * What all providers list, from memory. All are asked at once; a slow, dead or senseless one is left out until it
 * answers, and keeps its last list when it fails later. No method rejects.
 */
export interface ModelDirectory {
  /** The models of all providers, or of one. Waits `waitMs` at most, and only for lists never read before. */
  list(provider?: string): Promise<readonly Model[]>
  /** The models of exactly this id, at most one of each provider. Waits like `list`. */
  find(id: string): Promise<readonly Model[]>
  /** Like `find`, of what is known now: asks nobody, waits for nothing. */
  peek(id: string): readonly Model[]
  /** Like `list`, of what is known now: asks nobody, waits for nothing. */
  known(): readonly Model[]
  /** Renews every list that is due, in the background. */
  warm(): void
  /** Ends what is under way and every timer. What is known can still be read. */
  close(): void
}

/** The lists of one provider: most have one, Cloudflare has two that may fail apart. */
interface Shelf {
  readonly provider: string
  readonly lists: readonly LiveList<Model>[]
}

export function createModelDirectory(options: ModelDirectoryOptions): ModelDirectory {
  const shelves = options.accounts.map((account) => shelfOf(account, options))
  const lists = shelves.flatMap((shelf) => shelf.lists)
  const ready = (some: readonly LiveList<Model>[]) => Promise.all(some.flatMap((list) => list.ready() ?? []))
  const peek = (id: string) => shelves.map((shelf) => modelOn(shelf, id)).filter((model) => model !== undefined)

  return {
    async list(provider) {
      const asked = shelves.filter((shelf) => provider === undefined || shelf.provider === provider)
      await ready(asked.flatMap((shelf) => shelf.lists))
      return asked.flatMap(modelsOn)
    },
    async find(id) {
      await ready(lists)
      return peek(id)
    },
    peek,
    known: () => shelves.flatMap(modelsOn),
    warm: () => lists.forEach((list) => list.refresh()),
    close: () => lists.forEach((list) => list.close()),
  }
}

function shelfOf(account: Account, { fetchPage, emit, ...timing }: ModelDirectoryOptions): Shelf {
  const { id, operations } = account.provider
  const { models } = operations
  if (models === undefined) return { provider: id, lists: [] }
  const lists = models.endpoints.map((endpoint) => {
    const list = { dialect: models.dialect, endpoint }
    const read: ReadList<Model> = async (signal) => servedBy(id, await readModels(account, list, fetchPage, signal))
    return createLiveList(id, read, timing, emit)
  })
  return { provider: id, lists }
}

function servedBy(provider: string, models: readonly ListedModel[]): ReadonlyMap<string, Model> {
  return new Map(
    models.map(({ id, created, owned_by: ownedBy = provider, ...facts }) => [
      id,
      { id, object: 'model', created, owned_by: ownedBy, served_by: provider, ...facts },
    ]),
  )
}

/** Of a model on two lists of a provider, the later list is believed. */
function modelsOn({ lists }: Shelf): readonly Model[] {
  return [...new Map(lists.flatMap((list) => [...list.peek()])).values()]
}

function modelOn({ lists }: Shelf, id: string): Model | undefined {
  return lists
    .findLast((list) => list.peek().has(id))
    ?.peek()
    .get(id)
}
