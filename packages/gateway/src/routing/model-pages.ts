import { decodeModelPage, type ListedModel } from '../providers/model-lists.ts'
import type { Account, Endpoint, ModelListDialect } from '../providers/provider.ts'

/**
 * Asks a provider for one page and gives the parsed JSON of its answer. `endpoint.path` holds the page's whole query;
 * `endpoint.auth` and `endpoint.headers` go before the provider's own. Throws when no good answer came.
 */
export type FetchPage = (account: Account, endpoint: Endpoint, signal: AbortSignal) => Promise<unknown>

/** No list is that long: past these, a provider sends us in circles. */
const MOST_PAGES = 50
const MOST_MODELS = 20_000

/**
 * Reads a model list to its end, page by page, each model once. Stops early where a provider repeats itself or never
 * ends; what was read until then counts. Throws what `fetchPage` throws, and an Error when a page is not a list.
 */
export async function readModels(
  account: Account,
  list: { readonly dialect: ModelListDialect; readonly endpoint: Endpoint },
  fetchPage: FetchPage,
  signal: AbortSignal,
): Promise<readonly ListedModel[]> {
  const models = new Map<string, ListedModel>()
  const asked = new Set<string>()
  let path = list.endpoint.path
  while (!asked.has(path) && asked.size < MOST_PAGES) {
    asked.add(path)
    const page = decodeModelPage(list.dialect, await fetchPage(account, { ...list.endpoint, path }, signal))
    const sizeBefore = models.size
    for (const model of page.models) {
      if (models.size < MOST_MODELS && !models.has(model.id)) models.set(model.id, model)
    }
    const isRepeated = page.models.length > 0 && models.size === sizeBefore
    if (page.next === null || isRepeated) break
    path = withQuery(list.endpoint.path, page.next)
  }
  return [...models.values()]
}

function withQuery(path: string, query: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${query}`
}
