import { conflicts, doubts } from './checks.ts'
import type { CustomProvider } from './custom-provider.ts'
import type { GatewayFile } from './gateway-file.ts'
import { keyDoubts } from './key-doubts.ts'
import type { PriceList } from '../kernel/prices.ts'
import type { PricesFile } from './prices-file.ts'
import { providerSettings } from './provider-settings.ts'
import type { KnownProvider, ProviderValues } from './provider-settings.ts'
import { valueReader } from './read-table.ts'
import type { EffectiveValue } from './read-table.ts'
import type { ModelRoutes, RoutingFile } from './routing-file.ts'
import { rowsOf } from './setting.ts'
import type { Setting } from './setting.ts'
import { settings as table } from './settings.ts'
import type { SettingValues } from './settings.ts'
import { givenFor, isBlank } from './sources.ts'
import type { Source } from './sources.ts'
import { unknownNames } from './unknown-names.ts'

/** Everything that can be set, read and checked. Frozen. */
export interface Settings extends SettingValues {
  /** ENVIRONMENT is `development`. */
  readonly isDevelopment: boolean
  /** By provider id: the built-in ones and those of the configuration file. */
  readonly providers: Readonly<Record<string, ProviderValues>>
}

export interface Loaded {
  readonly settings: Settings
  /** The providers of the configuration file, ready to stand beside the catalog's rows. */
  readonly customProviders: readonly CustomProvider[]
  /** Model names of one's own, of the configuration file and of the routing file. */
  readonly models: ModelRoutes
  /** Prices of one's own. */
  readonly prices: PriceList
  /** Every setting with its source, for `--print-config`; secrets are masked already. */
  readonly effective: readonly EffectiveValue[]
  /** What works but is likely not meant; one sentence or two each. */
  readonly warnings: readonly string[]
}

interface Surroundings {
  /** The built-in providers. */
  readonly catalog: readonly KnownProvider[]
  /** Reads the configuration file; throws when it cannot. */
  readonly readFile: (path: string) => string
}

/** Everything that is wrong with the settings, one line each in the message; then what may be why, such as a misspelt name. */
export class SettingsError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[], hints: readonly string[] = []) {
    const heading = problems.length === 1 ? 'One setting is wrong:' : `${problems.length} settings are wrong:`
    super([heading, ...problems.map((problem) => `  ${problem}`), ...hints].join('\n'))
    this.name = 'SettingsError'
    this.problems = problems
  }
}

/** The file's text; a problem instead when `setting` names one that cannot be read. */
function readText(path: string, setting: string, { readFile }: Surroundings): { text: string; problems: string[] } {
  try {
    return { text: readFile(path), problems: [] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { text: '', problems: [`${setting}: cannot read the file: ${reason}`] }
  }
}

/** What reads YAML is imported when there is a file: for those who have none it would be a quarter of the start. */
async function readGatewayFile(path: string | null, surroundings: Surroundings): Promise<GatewayFile> {
  if (path === null) return { providers: [], models: new Map(), problems: [] }
  const { parseGatewayFile } = await import('./gateway-file.ts')
  const { text, problems } = readText(path, 'GATEWAY_CONFIG_PATH', surroundings)
  const file = parseGatewayFile(text, path, surroundings.catalog)
  return { ...file, problems: [...problems, ...file.problems] }
}

/** Adds the models of the routing file, if it is switched on, to those of the configuration file. */
async function readModels(
  { routing }: SettingValues,
  file: GatewayFile,
  surroundings: Surroundings,
): Promise<RoutingFile> {
  const { enabled, configPath: path } = routing
  if (!enabled) return { models: file.models, problems: [] }
  if (path === null) {
    // The models may stand in the other file by now.
    const problem = 'ROUTING_CONFIG_PATH: expected a value, since ROUTING_ENABLED is true'
    return { models: file.models, problems: file.models.size > 0 ? [] : [problem] }
  }
  const { routableIds } = await import('./gateway-file.ts')
  const { parseRoutingFile } = await import('./routing-file.ts')
  const { text, problems } = readText(path, 'ROUTING_CONFIG_PATH', surroundings)
  const own = parseRoutingFile(text, path, routableIds([...surroundings.catalog, ...file.providers]))
  const twice = [...own.models.keys()].filter((alias) => file.models.has(alias))
  return {
    models: new Map([...file.models, ...own.models]),
    problems: [
      ...problems,
      ...own.problems,
      ...twice.map((alias) => `${path}: models.${alias}: stands in GATEWAY_CONFIG_PATH as well; expected it in one`),
    ],
  }
}

async function readPrices(path: string | null, surroundings: Surroundings): Promise<PricesFile> {
  if (path === null) return { prices: {}, problems: [] }
  const { parsePrices } = await import('./prices-file.ts')
  const { text, problems } = readText(path, 'PRICES_PATH', surroundings)
  return problems.length > 0 ? { prices: {}, problems } : parsePrices(text, path)
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part)
  return Object.freeze(value)
}

/**
 * Reads all settings from `sources`, the strongest first. Rejects with SettingsError, which holds every problem of every
 * source, of the configuration file and of the settings with each other at once, so that one look is enough to mend them.
 */
export async function loadSettings(sources: readonly Source[], surroundings: Surroundings): Promise<Loaded> {
  const isDevelopment = givenFor(table.environment, sources)[0]?.text === 'development'
  const values = valueReader(sources, isDevelopment)
  const read = values.read(table)
  const file = await readGatewayFile(read.gatewayConfigPath, surroundings)
  const { models, problems: routingProblems } = await readModels(read, file, surroundings)

  const { prices, problems: priceProblems } = await readPrices(read.pricesPath, surroundings)

  const known = [...surroundings.catalog, ...file.providers]
  const rows = Object.fromEntries(known.map((provider) => [provider.id, providerSettings(provider)]))
  const providers = values.read(rows)

  const problems = [
    ...sources.flatMap((source) => source.problems ?? []),
    ...values.problems,
    ...conflicts(read, providers, (setting) => isBlank(setting, sources)),
    ...file.problems,
    ...routingProblems,
    ...priceProblems,
  ]
  const unknown = unknownNames(sources, rowsOf({ ...table, ...rows }))
  if (problems.length > 0) throw new SettingsError(problems, unknown)

  const textOf = (setting: Setting) => givenFor(setting, sources)[0]?.text ?? ''
  const keys = known.map((provider) => {
    const { apiKey, apiUrl } = providerSettings(provider)
    const isElsewhere = textOf(apiUrl) !== '' || !surroundings.catalog.includes(provider)
    return { name: apiKey.env, key: textOf(apiKey), provider, isElsewhere }
  })
  return {
    settings: deepFreeze({ ...read, isDevelopment, providers }),
    customProviders: file.providers,
    models,
    prices,
    effective: values.effective,
    warnings: [
      ...sources.flatMap((source) => source.warnings ?? []),
      ...doubts(read, providers, known, (setting) => textOf(setting) !== ''),
      ...keyDoubts(keys),
      ...unknown,
    ],
  }
}
