import { conflicts, doubts, nearMisses } from './checks.ts'
import type { CustomProvider } from './custom-provider.ts'
import { parseGatewayFile } from './gateway-file.ts'
import type { GatewayFile } from './gateway-file.ts'
import { providerSettings } from './provider-settings.ts'
import type { KnownProvider, ProviderValues } from './provider-settings.ts'
import { valueReader } from './read-table.ts'
import type { EffectiveValue } from './read-table.ts'
import { namesOf, rowsOf } from './setting.ts'
import { settings as table } from './settings.ts'
import type { SettingValues } from './settings.ts'
import { givenFor, isBlank } from './sources.ts'
import type { Source } from './sources.ts'

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
  /** The configuration file's section `models`, for the part that reads it. */
  readonly models: GatewayFile['models']
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

/** Everything that is wrong with the settings, one line each in the message. */
export class SettingsError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    const heading = problems.length === 1 ? 'One setting is wrong:' : `${problems.length} settings are wrong:`
    super([heading, ...problems.map((problem) => `  ${problem}`)].join('\n'))
    this.name = 'SettingsError'
    this.problems = problems
  }
}

function readGatewayFile(path: string | null, { catalog, readFile }: Surroundings): GatewayFile {
  const none = { providers: [], models: null, problems: [] }
  if (path === null) return none
  let text: string
  try {
    text = readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ...none, problems: [`GATEWAY_CONFIG_PATH: cannot read the file: ${reason}`] }
  }
  return parseGatewayFile(text, path, catalog)
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part)
  return Object.freeze(value)
}

/**
 * Reads all settings from `sources`, the strongest first. Throws SettingsError with every problem of every source, of
 * the configuration file and of the settings with each other at once, so that one look is enough to mend them.
 */
export function loadSettings(sources: readonly Source[], surroundings: Surroundings): Loaded {
  const isDevelopment = givenFor(table.environment, sources)[0]?.text === 'development'
  const values = valueReader(sources, isDevelopment)
  const read = values.read(table)
  const file = readGatewayFile(read.gatewayConfigPath, surroundings)

  const known = [...surroundings.catalog, ...file.providers]
  const rows = Object.fromEntries(known.map((provider) => [provider.id, providerSettings(provider)]))
  const providers = values.read(rows)

  const problems = [
    ...sources.flatMap((source) => source.problems ?? []),
    ...values.problems,
    ...conflicts(read, (setting) => isBlank(setting, sources)),
    ...file.problems,
  ]
  if (problems.length > 0) throw new SettingsError(problems)

  const names = rowsOf({ ...table, ...rows }).flatMap(namesOf)
  return {
    settings: deepFreeze({ ...read, isDevelopment, providers }),
    customProviders: file.providers,
    models: file.models,
    effective: values.effective,
    warnings: [
      ...doubts(read, providers, known),
      ...nearMisses(new Set(sources.flatMap((source) => Object.keys(source.values))), names),
    ],
  }
}
