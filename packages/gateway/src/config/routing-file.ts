import { nearest } from './nearest.ts'
import { duration, oneOf } from './readers.ts'
import { listOf, mapOf, mapWith, textLike, textReadBy } from './shape.ts'
import type { Field, Shape } from './shape.ts'
import { parseYaml } from './yaml-document.ts'

interface Deployment {
  readonly provider: string
  readonly model: string
  readonly weight?: number
}

/** A model name of one's own: which targets answer for it, and how they are tried. */
export interface ModelRoute {
  readonly strategy: 'round_robin' | 'weighted' | 'least_busy' | 'priority' | 'lowest_latency'
  /** At least one; none twice. */
  readonly deployments: readonly Deployment[]
  /** What was written; `undefined` leaves it to whoever follows the route. */
  readonly retry: {
    readonly maxAttempts: number | undefined
    readonly baseDelayMs: number | undefined
    readonly maxDelayMs: number | undefined
    readonly budgetMs: number | undefined
    readonly firstTokenTimeoutMs: number | undefined
    readonly responseHeaderTimeoutMs: number | undefined
  }
}

/** By the name that clients ask for. */
export type ModelRoutes = ReadonlyMap<string, ModelRoute>

export interface RoutingFile {
  readonly models: ModelRoutes
  /** Lines ready to be shown: `file:line:column: what is wrong`. */
  readonly problems: readonly string[]
}

function wholeNumber(smallest: number, largest: number): Shape<number> {
  return (value, path, report) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= smallest && value <= largest) return value
    report(path, `expected a whole number, ${smallest} to ${largest}`)
    return undefined
  }
}

const time = textReadBy(duration)

/** One of the providers there are. */
function knownProvider(ids: ReadonlySet<string>): Shape<string> {
  return (value, path, report) => {
    if (typeof value === 'string' && ids.has(value)) return value
    if (typeof value !== 'string') report(path, 'expected the id of a provider')
    else {
      const known = [...ids]
      const meant = nearest(value, known)
      const hint = meant === null ? `expected ${known.join(', ')}` : `did you mean ${meant}?`
      report(path, `no provider has this id; ${hint}`)
    }
    return undefined
  }
}

const retryFields = {
  attempts: {
    shape: wholeNumber(1, 100),
    about: 'Tries in all, the first included. Default: one for each deployment, and two for a single one.',
  },
  base_delay: {
    shape: time,
    about: 'Wait before the second try at one deployment; it doubles each time. Default: `500ms`.',
  },
  max_delay: { shape: time, about: 'What that wait grows to. Default: `8s`.' },
  budget: {
    shape: time,
    about: 'How long a request may wait between its tries in total; a longer `retry-after` ends it. Default: `10s`.',
  },
  first_token_timeout: {
    shape: time,
    about:
      'Limit of each try of a stream until its first token; then the next deployment is tried. Whole answers have no ' +
      'first token that could be seen. Default: none.',
  },
  response_header_timeout: {
    shape: time,
    about:
      'Limit of each try, of streams and of whole answers, from the sent request to the head of the answer; then the ' +
      'next deployment is tried. Providers send the head of a whole answer when all of it is ready. `0` is none. ' +
      'Default: `<ID>_RESPONSE_HEADER_TIMEOUT` of the provider, or `CLIENT_RESPONSE_HEADER_TIMEOUT`.',
  },
} as const satisfies Record<string, Field>

function deploymentFields(ids: ReadonlySet<string>) {
  return {
    provider: { shape: knownProvider(ids), required: true, about: 'Id of a provider.' },
    model: {
      shape: textLike(/\S/, 'the name of a model'),
      required: true,
      about: "The provider's name for the model.",
    },
    weight: {
      shape: wholeNumber(0, 1_000_000),
      about: 'Its share of the traffic for `weighted`; 0 is for fallback only. Default: 1.',
    },
  } as const satisfies Record<string, Field>
}

/** A list of different deployments, not empty. */
function deployments(ids: ReadonlySet<string>): Shape<readonly Deployment[]> {
  const entry = mapWith(deploymentFields(ids))
  return (value, path, report) => {
    const seen = new Set<string>()
    const read = listOf<Deployment>('deployments, each with provider and model', (value, path, report) => {
      const deployment = entry(value, path, report)
      if (deployment === undefined) return undefined
      const { provider, model, weight } = deployment
      const name = `${provider}/${model}`
      if (seen.has(name)) report(path, `${name} stands above already; give it a weight instead`)
      seen.add(name)
      return { provider, model, ...(weight === undefined ? {} : { weight }) }
    })(value, path, report)
    if (Array.isArray(value) && value.length === 0) report(path, 'expected at least one deployment')
    return read
  }
}

function routeFields(ids: ReadonlySet<string>) {
  return {
    strategy: {
      shape: textReadBy(oneOf('round_robin', 'weighted', 'least_busy', 'priority', 'lowest_latency')),
      about:
        'Who is asked first: `round_robin` (default), `weighted`, `least_busy`, `priority` (as written) or ' +
        '`lowest_latency` (time to the first token, as measured). The others follow as fallback.',
    },
    deployments: { shape: deployments(ids), required: true, about: 'Who can answer.' },
    retry: { shape: mapWith(retryFields), about: 'How often and how patiently it is tried.' },
  } as const satisfies Record<string, Field>
}

function modelRoute(ids: ReadonlySet<string>): Shape<ModelRoute> {
  const entry = mapWith(routeFields(ids))
  return (value, path, report) => {
    const read = entry(value, path, report)
    if (read === undefined) return undefined
    return {
      strategy: read.strategy ?? 'round_robin',
      deployments: read.deployments,
      retry: {
        maxAttempts: read.retry?.attempts,
        baseDelayMs: read.retry?.base_delay,
        maxDelayMs: read.retry?.max_delay,
        budgetMs: read.retry?.budget,
        // For a limit, 0 is none.
        firstTokenTimeoutMs: read.retry?.first_token_timeout || undefined,
        // Here it is one: there is a limit that it takes the place of.
        responseHeaderTimeoutMs: read.retry?.response_header_timeout,
      },
    }
  }
}

/** The section `models`. `ids` are the providers there are. */
export function modelRoutes(ids: ReadonlySet<string>): Shape<ModelRoutes> {
  const alias: Shape<string> = (value, path, report) => {
    const name = textLike(/^\S+$/, 'a name without blanks')(value, path, report)
    const prefix = name?.split('/', 1)[0] ?? ''
    if (name === undefined || !name.includes('/') || !ids.has(prefix)) return name
    report(path, `never reached, since ${prefix}/ names the provider; choose another name`)
    return undefined
  }
  const routes = mapOf('model names of your own, each with its deployments', alias, modelRoute(ids))
  return (value, path, report) => {
    const read = routes(value, path, report)
    return read === undefined ? undefined : new Map(Object.entries(read))
  }
}

/**
 * Reads the text of the file that ROUTING_CONFIG_PATH names: the section `models` and nothing else. Never throws:
 * everything wrong is in `problems`.
 */
export function parseRoutingFile(text: string, file: string, ids: ReadonlySet<string>): RoutingFile {
  const { content, locate, problems: syntaxProblems } = parseYaml(text, file)
  const problems = [...syntaxProblems]
  const read = mapWith({ models: { shape: modelRoutes(ids), about: '' } })(content ?? {}, [], (path, message, part) =>
    problems.push(`${locate(path, part)}: ${path.length === 0 ? '' : `${path.join('.')}: `}${message}`),
  )
  return { models: read?.models ?? new Map(), problems }
}

/** What an entry of `models` may hold, for the docs. */
export const modelRouteFields: readonly { readonly key: string; readonly field: Field }[] = [
  ...Object.entries(routeFields(new Set())).map(([key, field]) => ({ key, field })),
  ...Object.entries(deploymentFields(new Set())).map(([key, field]) => ({ key: `deployments[].${key}`, field })),
  ...Object.entries(retryFields).map(([key, field]) => ({ key: `retry.${key}`, field })),
]
