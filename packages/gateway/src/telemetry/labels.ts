import { errors } from '../kernel/errors.ts'

/** The value of a label for everything that is not known beforehand. */
export const OTHER = 'other'

/** More models than a page of a dashboard holds; each has some hundred series. */
const MODEL_LIMIT = 100

export interface LabelOptions {
  /** Whether a provider lists the model, or the configuration names it. */
  readonly knowsModel: (provider: string, model: string) => boolean
}

/**
 * Turns what clients and providers say into label values. Whatever is not ours, and has not been configured, is `other`:
 * a label must not take its values from outside, or anybody could fill the memory of whoever collects them.
 */
export interface Labels {
  model(provider: string, model: string): string
  method(method: string): string
  status(status: number): string
  /** `null`: all went well. */
  error(code: string | null, status: number): string | null
  operation(route: string, path: string): string
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What the paths of OpenAI-like routes ask for, in the words of the GenAI conventions. */
const OPERATIONS: readonly (readonly [end: RegExp, operation: string])[] = [
  [/\/(?:chat\/completions|messages|responses|chat)$/, 'chat'],
  [/\/embed(?:dings)?$|:(?:batchE|e)mbedContents?$/, 'embeddings'],
  [/\/completions$/, 'text_completion'],
  [/:(?:streamG|g)enerateContent$/, 'generate_content'],
]

export function createLabels({ knowsModel }: LabelOptions): Labels {
  const known = new Set<string>()
  const operations = new Map<string, string>()

  function operationAt(path: string): string {
    return OPERATIONS.find(([end]) => end.test(path))?.[1] ?? OTHER
  }

  return {
    model(provider, model) {
      const key = `${provider}/${model}`
      if (known.has(key)) return model
      if (known.size >= MODEL_LIMIT || !knowsModel(provider, model)) return OTHER
      known.add(key)
      return model
    },
    method: (method) => (METHODS.has(method) ? method : OTHER),
    // Providers choose their own; the families tell enough of those nobody has heard of.
    status: (status) => (STATUSES.has(status) ? String(status) : `${Math.trunc(status / 100)}xx`),
    error(code, status) {
      if (code !== null && Object.hasOwn(errors, code)) return code
      if (code === null && status === CLIENT_LEFT) return 'client_closed_request'
      if (status >= 400) return `provider_${Math.trunc(status / 100)}xx`
      return code === null ? null : 'provider_error'
    },
    operation(route, path) {
      if (route.startsWith('/proxy/')) return operationAt(path)
      const told = operations.get(route) ?? operationAt(route)
      operations.set(route, told)
      return told
    },
  }
}

const CLIENT_LEFT = errors.client_closed_request.status

const STATUSES = new Set([
  200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415,
  416, 422, 424, 425, 429, 451, 499, 500, 501, 502, 503, 504, 529,
])
