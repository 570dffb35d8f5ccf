import { jsonMembers } from '@inference-gateway/protocol/json'
import { GatewayError } from '../kernel/errors.ts'

type IsAllowed = (model: string) => boolean

export interface ProxiedRequest {
  readonly path: string
  readonly contentType: string
  readonly body: Uint8Array
}

/**
 * Holds a provider's own API to ALLOWED_MODELS and DISALLOWED_MODELS. Throws model_not_allowed when the request names a
 * model that may not be used, or carries a body whose model cannot be told: what cannot be checked cannot be let pass.
 */
export function requirePermittedModels(request: ProxiedRequest, isAllowed: IsAllowed): void {
  const models = [...modelsInPath(request.path), ...modelsInBody(request)]
  const refused = models.find((model) => !isAllowed(model))
  if (refused !== undefined) throw notAllowed(`The model ${refused.slice(0, 200)} may not be used here`)
  if (models.length === 0 && request.body.byteLength > 0)
    throw notAllowed('The request does not say in a readable way which model it is for')
}

const notAllowed = (what: string) =>
  new GatewayError('model_not_allowed', `${what} (ALLOWED_MODELS, DISALLOWED_MODELS).`, { param: 'model' })

/** `/models/{id}:generateContent` (Google), `/run/{id}` (Cloudflare), `/deployments/{id}/…` (Azure), `/models/{id}` (all). */
function modelsInPath(path: string): string[] {
  const [, kind, rest = ''] = /\/(models|run|deployments|model)\/(.+)$/.exec(decode(path)) ?? []
  if (kind === undefined) return []
  if (kind === 'run') return [rest]
  return [kind === 'models' ? rest.replace(/:\w+$/, '') : (rest.split('/')[0] ?? rest)]
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path // not UTF-8: no model is called so
  }
}

function modelsInBody({ contentType, body }: ProxiedRequest): string[] {
  const text = new TextDecoder().decode(body)
  return contentType.startsWith('multipart/') ? modelsInForm(text) : modelsInJson(body, text)
}

/** Every `model` member counts: a reader that takes another than we do must not get round the check. */
function modelsInJson(body: Uint8Array, text: string): string[] {
  try {
    JSON.parse(text)
  } catch {
    return []
  }
  const decoder = new TextDecoder()
  return jsonMembers(body)
    .filter(({ name }) => name === 'model')
    .map(({ valueStart, valueEnd }): unknown => JSON.parse(decoder.decode(body.subarray(valueStart, valueEnd))))
    .filter((model) => typeof model === 'string')
}

const modelsInForm = (text: string): string[] =>
  [...text.matchAll(/;\s*name="?model"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)/gi)].flatMap(
    ([, model]) => model ?? [],
  )

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
