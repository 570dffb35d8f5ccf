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

/** `provider/id`. Some providers already write their own name before their models'. */
export function qualifiedId({ id, served_by: provider }: Pick<Model, 'id' | 'served_by'>): string {
  return id.startsWith(`${provider}/`) ? id : `${provider}/${id}`
}

export interface ModelDirectoryOptions extends LiveListTiming {
  /** The providers that can be asked, in the order their models are listed. */
  readonly accounts: readonly Account[]
  readonly fetchPage: FetchPage
  /** How long `find` waits for further lists once somebody to ask is known; 500 by default. */
  readonly graceMs?: number
  /** Hears `models.unavailable` and `models.available`; a provider of two lists (Cloudflare) tells of each. */
  readonly emit: Emit
  /** The lists of accounts that stood in an earlier directory: they go on in this one, with what they know. */
  readonly kept?: KeptLists
}

/** By account: one that has changed is another object. */
export type KeptLists = WeakMap<Account, Shelf>

/**
 * What all providers list, from memory. All are asked at once; a slow, dead or senseless one is left out until it
 * answers, and keeps its last list when it fails later. No method rejects.
 */
export interface ModelDirectory {
  /** The models of all providers, or of one. Waits `waitMs` at most, and only for lists never read before. */
  list(provider?: string): Promise<readonly Model[]>
  /**
   * The models of exactly this id, at most one of each provider. `usual` is the provider that the name itself points at;
   * `null`: none that can be asked. Only lists that were never read are waited for, and no longer than they matter:
   *
   * - until `usual` lists the model, since then it answers, whoever else has it; without a `usual`, until two list it;
   * - for `graceMs` while there is somebody to ask, `usual` or the one provider that lists it so far: one that hangs shall
   *   not hold up the others. Until it has arrived, a model that it has too counts as the other's alone;
   * - else like `list`.
   *
   * Once every list was read nothing is waited for, so that a name then always means the same.
   */
  find(id: string, usual?: string | null): Promise<readonly Model[]>
  /** The providers of which a list was never read: a model that nobody lists may be theirs. */
  unread(): readonly string[]
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
  const shelves = options.accounts.map((account) => keptShelf(account, options))
  const lists = shelves.flatMap((shelf) => shelf.lists)
  const ready = (some: readonly LiveList<Model>[]) => Promise.all(some.flatMap((list) => list.ready() ?? []))
  const peek = (id: string) => shelves.map((shelf) => modelOn(shelf, id)).filter((model) => model !== undefined)

  return {
    async list(provider) {
      const asked = shelves.filter((shelf) => provider === undefined || shelf.provider === provider)
      await ready(asked.flatMap((shelf) => shelf.lists))
      return asked.flatMap(modelsOn)
    },
    async find(id, usual = null) {
      const arrivals = lists.flatMap((list) => list.ready() ?? [])
      if (arrivals.length > 0) await settled(arrivals, () => verdictOn(peek(id), usual), options)
      return peek(id)
    },
    unread: () =>
      shelves.filter(({ lists: own }) => own.some((list) => !list.isRead())).map(({ provider }) => provider),
    peek,
    known: () => shelves.flatMap(modelsOn),
    warm: () => lists.forEach((list) => list.refresh()),
    close: () => lists.forEach((list) => list.close()),
  }
}

function keptShelf(account: Account, options: ModelDirectoryOptions): Shelf {
  const shelf = options.kept?.get(account) ?? shelfOf(account, options)
  options.kept?.set(account, shelf)
  return shelf
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

/** Whether more lists can still change who answers for a model, and whether there is somebody to ask meanwhile. */
type Verdict = 'certain' | 'likely' | 'open'

function verdictOn(found: readonly Model[], usual: string | null): Verdict {
  const isCertain = usual === null ? found.length > 1 : found.some((model) => model.served_by === usual)
  if (isCertain) return 'certain'
  return usual !== null || found.length > 0 ? 'likely' : 'open'
}

/** Waits for all arrivals, for a verdict that is certain, or, once the grace is over, for one that is likely. */
function settled(
  arrivals: readonly Promise<void>[],
  verdict: () => Verdict,
  { after, graceMs = 500 }: Pick<ModelDirectoryOptions, 'after' | 'graceMs'>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isGraceOver = false
  const look = () => {
    const now = verdict()
    if (now === 'certain' || (now === 'likely' && isGraceOver)) resolve()
  }
  const cancel = after(graceMs, () => {
    isGraceOver = true
    look()
  })
  for (const arrival of arrivals) void arrival.then(look)
  void Promise.all(arrivals).then(() => resolve())
  look()
  return promise.finally(cancel)
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
