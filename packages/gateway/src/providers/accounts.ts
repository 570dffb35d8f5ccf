import type { Account, Credential, Provider } from './provider.ts'

/** What the settings say about a provider. */
export interface AccountSettings {
  /** `null`: the provider's own. */
  readonly apiUrl: string | null
  readonly apiKey: Credential | null
}

export interface AccountsOptions {
  readonly settings: Readonly<Record<string, AccountSettings>>
  /** Base URLs of servers found on this machine, by provider id. */
  readonly found: Readonly<Record<string, string>>
  /** Whether a provider that needs no key may be taken for running at its default URL. */
  readonly trustsDefaults: boolean
}

/** The providers that can be asked: those with a key, and those that need none and have an address. */
export function configuredAccounts(rows: readonly Provider[], options: AccountsOptions): readonly Account[] {
  return rows.flatMap((row) => {
    const { apiUrl = null, apiKey = null } = options.settings[row.id] ?? {}
    const url = apiUrl ?? options.found[row.id] ?? null
    const needsNoKey =
      row.keyOptional === true ? url !== null : row.auth.kind === 'none' && (url !== null || options.trustsDefaults)
    const provider = url === null ? row : { ...row, baseUrl: url }
    return (apiKey !== null || needsNoKey) && isComplete(provider) ? [{ provider, credential: apiKey }] : []
  })
}

/** A base URL may have a blank to fill in: Cloudflare's holds `{ACCOUNT_ID}`. */
const isComplete = ({ baseUrl }: Provider): boolean => !/[{}]/.test(baseUrl)

/** What has to be set before a provider can be asked. */
export function requirementOf(provider: Provider, { settings }: AccountsOptions): string {
  const prefix = envPrefix(provider.id)
  const { apiUrl = null, apiKey = null } = settings[provider.id] ?? {}
  if (!isComplete({ ...provider, baseUrl: apiUrl ?? provider.baseUrl }) && apiKey !== null)
    return `${prefix}_API_URL with your account id`
  if (provider.keyOptional === true || provider.auth.kind === 'none') return `${prefix}_API_URL`
  return keySource(provider)
}

/** The variable that holds a provider's key. */
export const keySource = ({ id, keyEnv }: Provider): string => keyEnv ?? `${envPrefix(id)}_API_KEY`

/** Where somebody who doubts a provider's address looks. */
export const urlSource = ({ id, urlSource }: Pick<Provider, 'id' | 'urlSource'>): string =>
  urlSource ?? `${envPrefix(id)}_API_URL`

/** `ollama_cloud` → `OLLAMA_CLOUD`: how a provider's settings begin. */
export const envPrefix = (id: string): string => id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
