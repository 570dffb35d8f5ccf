import { jsonMembers } from '@inference-gateway/protocol/json'
import { boundaryOf, createFormScanner } from '../dispatch/form.ts'
import { requireOneReading } from '../dispatch/form-reading.ts'
import { GatewayError } from '../kernel/errors.ts'
import { isModelId } from '../providers/model-lists.ts'

type IsAllowed = (model: string) => boolean

export interface ProxiedRequest {
  readonly path: string
  /** With its `?`. */
  readonly search: string
  readonly contentType: string
  readonly body: Uint8Array
}

/**
 * Holds a provider's own API to ALLOWED_MODELS and DISALLOWED_MODELS. Throws model_not_allowed when the request names a
 * model that may not be used, or carries a body whose model cannot be told: what cannot be checked cannot be let pass.
 */
export function requirePermittedModels(request: ProxiedRequest, isAllowed: IsAllowed): void {
  const models = [...modelsInPath(request.path), ...modelsInBody(request)]
  requirePermitted([...models, ...modelsInQuery(request.search)], isAllowed)
  if (models.length === 0 && request.body.byteLength > 0)
    throw notAllowed('The request does not say in a readable way which model it is for')
}

/** More of a body is not searched for a model: telling who was asked must cost nothing that one would notice. */
const SEARCHED_BYTES = 256 * 1024

/**
 * The model a request is for, as its path or its JSON names it first; `null`: not told, not where one looks, or nothing that
 * a model could be called: it goes into a header and the log.
 */
export function modelOf({ path, body }: Pick<ProxiedRequest, 'path' | 'body'>): string | null {
  const [inPath] = modelsInPath(path)
  const isSearched = inPath === undefined && body.byteLength <= SEARCHED_BYTES
  const model = isSearched ? modelsInJson(body)[0] : inPath
  return isModelId(model) ? model : null
}

/** Throws model_not_allowed for the first of the models that may not be used. */
export function requirePermitted(models: readonly string[], isAllowed: IsAllowed): void {
  const refused = models.find((model) => !isAllowed(model))
  if (refused !== undefined) throw notAllowed(`The model ${refused.slice(0, 200)} may not be used here`)
}

const notAllowed = (what: string) =>
  new GatewayError('model_not_allowed', `${what} (ALLOWED_MODELS, DISALLOWED_MODELS).`, { param: 'model' })

/**
 * `/models/{id}:generateContent` (Google), `/run/{id}` (Cloudflare), `/deployments/{id}/…` (Azure), `/models/{id}` (all).
 * Every reading of the path counts.
 */
function modelsInPath(path: string): string[] {
  const plain = plainPath(path)
  return [...plain.matchAll(/\/(?=(models|run|deployments|model)\/(.+)$)/g)].flatMap(([, kind, rest = '']) =>
    kind === 'run'
      ? [rest]
      : [rest.replace(/:\w+$/, ''), ...(kind === 'models' ? [] : [rest.split('/')[0] ?? rest])].slice(-1),
  )
}

/** Where a provider reads it there. It vouches for no body: others read only that. */
const modelsInQuery = (search: string): string[] =>
  [...new URLSearchParams(search)].flatMap(([name, value]) => (name.toLowerCase() === 'model' ? [value] : []))

/** The path as the most forgiving server would read it: decoded to the end, without empty segments. */
export function plainPath(path: string): string {
  const collapsed = path.replaceAll(/\/{2,}/g, '/').replace(/(.)\/$/, '$1')
  const decoded = decode(collapsed)
  return decoded === path ? path : plainPath(decoded)
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path // not UTF-8: no model is called so
  }
}

function modelsInBody({ contentType, body }: ProxiedRequest): string[] {
  // Some servers look at the body and not at what it is called.
  return [...modelsInJson(body), ...(/^\s*multipart\b/i.test(contentType) ? modelsInForm(contentType, body) : [])]
}

/**
 * Every model a JSON body names: each `model` member, duplicates and other spellings too (some readers take the first,
 * some ignore letter case), and the entries of a `models` list, which is a chain of fallbacks. None when it is not JSON.
 */
export function modelsInJson(body: Uint8Array): string[] {
  // Some readers leave out bytes that are no UTF-8: the name of a member may be another one for them.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    JSON.parse(decoder.decode(body))
  } catch {
    return []
  }
  return jsonMembers(body)
    .filter(({ name }) => /^models?$/i.test(name))
    .flatMap(({ valueStart, valueEnd }): unknown => JSON.parse(decoder.decode(body.subarray(valueStart, valueEnd))))
    .filter((model) => typeof model === 'string')
}

function modelsInForm(contentType: string, body: Uint8Array): string[] {
  requireOneReading(contentType, body)
  const scanner = createFormScanner(boundaryOf(contentType) ?? '', 'model')
  scanner.push(body)
  return scanner.values.map(({ text }) => text)
}

/** The models of a list that may be used, in whichever member the provider keeps its list. Everything else stays. */
export function permittedList(body: unknown, isAllowed: IsAllowed): unknown {
  const kept = (list: readonly unknown[]) => list.filter((entry) => namesOf(entry).every(isAllowed))
  if (Array.isArray(body)) return kept(body)
  if (typeof body !== 'object' || body === null) return body
  const entries = Object.entries(body).map(([name, value]) => [
    name,
    LISTS.has(name) && Array.isArray(value) ? kept(value) : value,
  ])
  return Object.fromEntries(entries)
}

const LISTS = new Set(['data', 'models', 'result'])

/** Ids stand in `id`, or in `name` where the provider has no readable id (Cohere, Cloudflare, Google). */
function namesOf(entry: unknown): string[] {
  if (typeof entry !== 'object' || entry === null) return []
  const { id, name } = entry as { id?: unknown; name?: unknown } // both are checked below
  const isReadable = typeof id === 'string' && !/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id)
  return [isReadable ? id : name].filter((value) => typeof value === 'string')
}
