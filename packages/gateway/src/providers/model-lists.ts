import type { ModelListDialect } from './provider.ts'

/** A model as its provider lists it. What the provider does not tell is left out. */
export interface ListedModel {
  /** What the provider calls it. Google's `models/` in front is not part of it. */
  readonly id: string
  /** Seconds since 1970; 0 when unknown. */
  readonly created: number
  readonly owned_by?: string
  /** For people: `Claude Opus 5`. Left out where it only repeats the id. */
  readonly name?: string
  /** Tokens that fit into one request, answer included. */
  readonly context_length?: number
  /** Tokens one answer may have. */
  readonly max_output_tokens?: number
}

export interface ModelPage {
  readonly models: readonly ListedModel[]
  /** The query that asks for the next page, such as `after_id=…`; `null` after the last one. */
  readonly next: string | null
}

type JsonObject = Readonly<Record<string, unknown>>

/** How one kind of list is read. */
interface ListDialect {
  /** What a body must be; said when it is something else. */
  readonly expected: string
  /** The entries of a page; `null` when the body is no list at all. */
  entries(body: unknown): readonly unknown[] | null
  /** The members that may hold the id, best first. */
  readonly id: readonly string[]
  /** Whether an entry can chat. Lists that do not tell are taken whole. */
  canChat?(entry: JsonObject): boolean
  /** Facts the entry keeps somewhere else than in its own members. */
  facts?(entry: JsonObject): JsonObject
  next?(body: JsonObject): string | null
}

/** The longest model id taken from a list or a request, in UTF-16 units. */
export const MODEL_ID_LIMIT = 512

/** Whether a value can name a model: a text, not empty, not endless, no control characters, no half surrogates. */
export function isModelId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MODEL_ID_LIMIT &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  )
}

const dialects: Record<ModelListDialect, ListDialect> = {
  // Together sends the bare array, llama.cpp `models` beside `data`, Ollama `data: null` while no model is installed.
  openai: {
    expected: '{"object": "list", "data": […]} or an array',
    entries: (body) =>
      listIn(body) ?? listIn(member(body, 'data')) ?? listIn(member(body, 'models')) ?? emptyIf(isEmptyList(body)),
    id: ['id', 'model', 'name'],
  },
  // https://platform.claude.com/docs/en/api/models-list
  anthropic: {
    expected: '{"data": […], "has_more": …}',
    entries: (body) => listIn(member(body, 'data')) ?? emptyIf(isEmptyList(body)),
    id: ['id'],
    next: (body) => (body['has_more'] === true ? query('after_id', body['last_id']) : null),
  },
  // https://docs.cohere.com/reference/list-models
  cohere: {
    expected: '{"models": […]}',
    entries: (body) => listIn(member(body, 'models')) ?? emptyIf(member(body, 'models') === null),
    id: ['name'],
    canChat: (entry) => listIn(entry['endpoints'])?.includes('chat') ?? true,
    next: (body) => query('page_token', body['next_page_token']),
  },
  // The same envelope holds fine-tunes and the model catalogue; an entry's own `id` is a UUID nobody can ask for.
  cloudflare: {
    expected: '{"success": true, "result": […]}',
    entries: (body) =>
      member(body, 'success') === true
        ? (listIn(member(body, 'result')) ?? emptyIf(member(body, 'result') === null))
        : null,
    id: ['name'],
    canChat: (entry) => (member(entry['task'], 'name') ?? 'Text Generation') === 'Text Generation',
    facts: (entry) => propertiesOf(entry['properties']),
    next: nextCloudflarePage,
  },
}

/**
 * Reads one page of a model list. An entry that names no model is skipped and duplicates are removed: one odd entry must
 * not cost the list. Throws an Error when the whole body is not a list, such as an error that came with status 200.
 */
export function decodeModelPage(dialect: ModelListDialect, body: unknown): ModelPage {
  const list = dialects[dialect]
  const entries = list.entries(body)
  if (entries === null) throw new Error(`not a model list: expected ${list.expected}`)
  const models = new Map<string, ListedModel>()
  for (const entry of entries) {
    const model = decodeEntry(list, entry)
    if (model !== null && !models.has(model.id)) models.set(model.id, model)
  }
  return { models: [...models.values()], next: isObject(body) ? (list.next?.(body) ?? null) : null }
}

function decodeEntry(list: ListDialect, entry: unknown): ListedModel | null {
  if (!isObject(entry) || list.canChat?.(entry) === false) return null
  const id = firstText(entry, list.id)?.replace(/^models\//, '')
  if (!isModelId(id)) return null
  return { id, created: createdAt(entry), ...factsOf({ ...list.facts?.(entry), ...entry }, id) }
}

/** What lists tell beyond the id, under the names OpenRouter uses, which model pickers read. */
function factsOf(entry: JsonObject, id: string): Omit<ListedModel, 'id' | 'created'> {
  const ownedBy = firstText(entry, ['owned_by', 'organization'])
  const name = firstText(entry, ['display_name', 'name'])
  const contextLength =
    firstCount(entry, [
      'context_length',
      'context_window',
      'max_context_length',
      'max_model_len',
      'max_input_tokens',
    ]) ?? firstCount(entry['meta'], ['n_ctx']) // llama.cpp: what this server was started with, not what the model could do
  const maxOutputTokens =
    firstCount(entry, ['max_output_tokens', 'max_completion_tokens', 'max_tokens']) ??
    firstCount(entry['top_provider'], ['max_completion_tokens'])
  return {
    ...(ownedBy !== undefined && { owned_by: ownedBy }),
    ...(name !== undefined && name.replace(/^models\//, '') !== id && { name }),
    ...(contextLength !== undefined && { context_length: contextLength }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
  }
}

/** Seconds since 1970, from seconds, milliseconds or a date in any of the members lists use; else 0. */
function createdAt(entry: JsonObject): number {
  for (const key of ['created', 'created_at', 'modified_at']) {
    const seconds = secondsOf(entry[key])
    if (seconds > 0) return seconds
  }
  return 0
}

/** As seconds, 10^11 lies three thousand years ahead; as milliseconds it is long past. */
const SMALLEST_MILLISECONDS = 1e11

function secondsOf(value: unknown): number {
  const number = numberOf(value) ?? (typeof value === 'string' ? parseDate(value) : 0)
  const seconds = Math.floor(number >= SMALLEST_MILLISECONDS ? number / 1000 : number)
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : 0
}

/** Seconds. Cloudflare writes `2025-04-05 20:25:56.137` and means UTC, where `Date.parse` would take local time. */
function parseDate(value: string): number {
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(value) || !value.includes(':')
  return Date.parse(hasZone ? value : `${value.replace(' ', 'T')}Z`) / 1000
}

/** Pages are walked until an empty one: `total_count` counts more models than the account can see. */
function nextCloudflarePage(body: JsonObject): string | null {
  const page = member(body['result_info'], 'page')
  const isLast = listIn(body['result'])?.length === 0
  return typeof page === 'number' && !isLast ? `page=${page + 1}` : null
}

/** `[{property_id: 'context_window', value: '131000'}]` as `{context_window: '131000'}`. */
function propertiesOf(properties: unknown): JsonObject {
  const named = (listIn(properties) ?? []).flatMap((property) => {
    const id = member(property, 'property_id')
    return typeof id === 'string' ? [[id, member(property, 'value')] as const] : []
  })
  return Object.fromEntries(named)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function member(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined
}

function listIn(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null
}

function emptyIf(condition: boolean): readonly unknown[] | null {
  return condition ? [] : null
}

/** `{"object": "list"}` or `{"data": null}`: a list without models, unless it tells of an error. */
function isEmptyList(body: unknown): boolean {
  const data = member(body, 'data')
  const isList = data === null || (data === undefined && member(body, 'object') === 'list')
  return isList && (member(body, 'error') ?? null) === null
}

function query(key: string, value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? `${key}=${encodeURIComponent(value)}` : null
}

function firstText(entry: JsonObject, keys: readonly string[]): string | undefined {
  return keys.map((key) => entry[key]).find((value): value is string => typeof value === 'string' && value !== '')
}

/** The first whole number above 0. */
function firstCount(entry: unknown, keys: readonly string[]): number | undefined {
  return keys.map((key) => numberOf(member(entry, key)) ?? 0).find((count) => Number.isSafeInteger(count) && count > 0)
}

/** A number, also where it is written as text, as Cloudflare does. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : null
}
