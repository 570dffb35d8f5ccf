import { customProvider } from './custom-provider.ts'
import type { CustomProvider } from './custom-provider.ts'
import { envPrefix, providerSettings } from './provider-settings.ts'
import type { KnownProvider } from './provider-settings.ts'
import { modelRoutes } from './routing-file.ts'
import type { ModelRoutes } from './routing-file.ts'
import { listOf, mapWith } from './shape.ts'
import type { Report, Shape } from './shape.ts'
import { parseYaml } from './yaml-document.ts'

/** What the file that GATEWAY_CONFIG_PATH names says. */
export interface GatewayFile {
  readonly providers: readonly CustomProvider[]
  readonly models: ModelRoutes
  /** Lines ready to be shown: `file:line:column: what is wrong`. */
  readonly problems: readonly string[]
}

/** Ids that are taken without being rows of the catalog. */
const RESERVED: ReadonlySet<string> = new Set(['simulator'])

/** The ids a model may be routed to. */
export function routableIds(providers: readonly KnownProvider[]): ReadonlySet<string> {
  return new Set([...providers.map(({ id }) => id), ...RESERVED])
}

/** Why a provider cannot stand beside the others, or `null`. */
function clash({ id }: CustomProvider, builtIn: readonly KnownProvider[], earlier: readonly CustomProvider[]) {
  const same = builtIn.find((other) => other.id === id)
  if (same !== undefined) {
    const { apiUrl, apiKey } = providerSettings(same)
    return `${id} is built in. Set ${apiUrl.env} and ${apiKey.env} to change it, or choose another id`
  }
  if (RESERVED.has(id)) return `${id} is built in; choose another id`
  if (earlier.some((other) => other.id === id)) return `there is a provider ${id} above; choose another id`
  const neighbour = [...builtIn, ...earlier].find((other) => envPrefix(other.id) === envPrefix(id))
  return neighbour === undefined ? null : `${id} would share its variables with ${neighbour.id}; choose another id`
}

/** The section `providers`; every entry is held against those before it. */
function providersBeside(builtIn: readonly KnownProvider[]): Shape<readonly CustomProvider[]> {
  const earlier: CustomProvider[] = []
  return listOf('providers, each with id and base_url', (value, path, report) => {
    const provider = customProvider(value, path, report)
    if (provider === undefined) return undefined
    const reason = clash(provider, builtIn, earlier)
    if (reason !== null) report([...path, 'id'], reason)
    earlier.push(provider)
    return provider
  })
}

/** Reads the text of the file. `file` is its name in messages. Never throws: everything wrong is in `problems`. */
export function parseGatewayFile(text: string, file: string, builtIn: readonly KnownProvider[]): GatewayFile {
  const { content, locate, problems: syntaxProblems } = parseYaml(text, file)
  const sections = mapWith({
    providers: { shape: providersBeside(builtIn), about: 'OpenAI-compatible services beside the built-in ones.' },
    // Read below, once it is known which providers there are.
    models: { shape: (section): unknown => section, about: 'Names of your own, and who answers for them.' },
  })
  const problems = [...syntaxProblems]
  const report: Report = (path, message, part) =>
    problems.push(`${locate(path, part)}: ${path.length === 0 ? '' : `${path.join('.')}: `}${message}`)
  const { providers = [], models } = sections(content ?? {}, [], report) ?? {}
  const routes = modelRoutes(routableIds([...builtIn, ...providers]))
  return { providers, models: routes(models ?? {}, ['models'], report) ?? new Map(), problems }
}
