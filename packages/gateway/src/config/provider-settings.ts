import type { Secret } from '../kernel/secret.ts'
import { baseUrl, bearerKey, duration, secret } from './readers.ts'
import type { Setting } from './setting.ts'

/** What the settings need to know of a provider: a part of its row in the catalog. */
export interface KnownProvider {
  readonly id: string
  readonly name: string
  readonly baseUrl: string
  readonly auth: { readonly kind: string }
  readonly keyOptional?: boolean
  /** Where its key's variable is not `<ID>_API_KEY`. */
  readonly keyEnv?: string
}

/** What is set for a provider; `apiUrl: null` leaves it at its own base URL. */
export interface ProviderValues {
  readonly apiUrl: string | null
  readonly apiKey: Secret | null
  /** `null`: CLIENT_RESPONSE_HEADER_TIMEOUT holds. */
  readonly responseHeaderTimeoutMs: number | null
  /** `null`: CLIENT_STREAM_IDLE_TIMEOUT holds. */
  readonly streamIdleTimeoutMs: number | null
}

/** `my-vllm` becomes `MY_VLLM`. */
export function envPrefix(id: string): string {
  return id.toUpperCase().replace(/[^A-Z0-9]/g, '_')
}

function keyAbout({ name, auth, keyOptional }: KnownProvider): string {
  if (auth.kind !== 'none' && keyOptional !== true) return `Key for ${name}. Setting it switches the provider on.`
  return `Key for ${name}, only if the server asks for one; sent as a bearer token.`
}

/** The settings every provider has. */
export function providerSettings(provider: KnownProvider) {
  const prefix = envPrefix(provider.id)
  return {
    apiUrl: {
      env: `${prefix}_API_URL`,
      read: baseUrl,
      fallback: null,
      otherwise: provider.baseUrl,
      about: `Base URL of ${provider.name}.`,
    },
    apiKey: {
      env: provider.keyEnv ?? `${prefix}_API_KEY`,
      // A header of one's own may want more than a key: `Token abc`.
      read: ['bearer', 'none'].includes(provider.auth.kind) ? bearerKey : secret,
      fallback: null,
      secret: true,
      about: keyAbout(provider),
    },
    responseHeaderTimeoutMs: {
      env: `${prefix}_RESPONSE_HEADER_TIMEOUT`,
      read: duration,
      fallback: null,
      about: `CLIENT_RESPONSE_HEADER_TIMEOUT for ${provider.name} alone.`,
    },
    streamIdleTimeoutMs: {
      env: `${prefix}_STREAM_IDLE_TIMEOUT`,
      read: duration,
      fallback: null,
      about: `CLIENT_STREAM_IDLE_TIMEOUT for ${provider.name} alone.`,
    },
  } as const satisfies Record<keyof ProviderValues, Setting>
}
