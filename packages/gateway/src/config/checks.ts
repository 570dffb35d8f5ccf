import type { Secret } from '../kernel/secret.ts'
import { nearest } from './nearest.ts'
import { providerSettings } from './provider-settings.ts'
import type { KnownProvider, ProviderValues } from './provider-settings.ts'
import type { Setting } from './setting.ts'
import { settings as table } from './settings.ts'
import type { SettingValues } from './settings.ts'

type ProviderTable = Readonly<Record<string, ProviderValues>>

/** What cannot work together. `isBlank` tells whether a setting was set, but to nothing. */
export function conflicts(
  settings: SettingValues,
  given: ProviderTable,
  isBlank: (setting: Setting) => boolean,
): readonly string[] {
  const { server, enableAuth, strict } = settings
  const problems = strict ? [...openDoor(settings, given)] : []
  if ((server.tlsCertPath === null) !== (server.tlsKeyPath === null)) {
    problems.push('SERVER_TLS_CERT_PATH and SERVER_TLS_KEY_PATH: expected both or neither')
  }
  // Blank means the default elsewhere, but nobody who switches authentication on wants tokens of a default issuer.
  for (const setting of enableAuth ? [table.oidc.issuerUrl, table.oidc.clientId].filter(isBlank) : []) {
    problems.push(`${setting.env}: expected a value, since ENABLE_AUTH is true`)
  }
  return problems
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/

/** Whether only this machine can reach what listens there. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)
/** Names without a dot, reserved suffixes and private addresses: hosts that are not reached over the internet. */
const PRIVATE_HOST =
  /^([^.]+|.*\.(local|localhost|internal|lan|test|svc)|10\..*|127\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*)$/

function isPlainOnTheInternet(address: string): boolean {
  const { protocol, hostname } = new URL(address)
  return protocol === 'http:' && !PRIVATE_HOST.test(hostname)
}

function isSet(key: Secret | null): boolean {
  return key !== null
}

/** Keys behind a door that stands open: a warning, or with STRICT the end of the start. */
function openDoor({ server, enableAuth }: SettingValues, given: ProviderTable): readonly string[] {
  const hasKeys = Object.values(given).some(({ apiKey }) => isSet(apiKey))
  if (enableAuth || isLoopback(server.host) || !hasKeys) return []
  return [
    `Authentication is off and SERVER_HOST is ${server.host}: whoever reaches this port uses your provider keys. ` +
      'Set ENABLE_AUTH=true, or SERVER_HOST=127.0.0.1.',
  ]
}

function telemetryDoubts({ enableTelemetry, telemetry }: SettingValues): readonly string[] {
  const { otlpProtocol, otlpEndpoint, otlpTracesEndpoint, captureContent, isDisabled } = telemetry
  if (!enableTelemetry || isDisabled) return []
  const warnings: string[] = []
  if (otlpProtocol !== 'http/protobuf')
    warnings.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${otlpProtocol}: the collector is spoken to in http/protobuf all the same.`,
    )
  if (captureContent && (otlpTracesEndpoint ?? otlpEndpoint) !== null)
    warnings.push(
      'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is true: prompts and answers are written into the traces.',
    )
  return warnings
}

/** What works but is likely not meant. */
export function doubts(
  settings: SettingValues,
  given: ProviderTable,
  providers: readonly KnownProvider[],
): readonly string[] {
  const { enableAuth, oidc, routing, logContent, logLevel } = settings
  const warnings = [...openDoor(settings, given), ...telemetryDoubts(settings)]
  if (logContent) {
    const isHeard = logLevel === 'debug'
    warnings.push(
      isHeard
        ? 'LOG_CONTENT is true: all prompts and answers are written into the log.'
        : `LOG_CONTENT is true, but LOG_LEVEL is ${logLevel}: content is written at debug only.`,
    )
  }
  if (enableAuth && isPlainOnTheInternet(oidc.issuerUrl)) {
    warnings.push('OIDC_ISSUER_URL is a public address without TLS: whoever sits between can let anybody in.')
  }
  if (routing.configPath !== null && !routing.enabled) {
    warnings.push('ROUTING_CONFIG_PATH is set, but its file is not read: set ROUTING_ENABLED=true.')
  }
  for (const provider of providers) {
    const { apiUrl, apiKey } = given[provider.id] ?? { apiUrl: null, apiKey: null }
    const placeholder = /\{\w+\}/.exec(apiUrl ?? provider.baseUrl)?.[0]
    if (!isSet(apiKey) || placeholder === undefined) continue
    const { env } = providerSettings(provider).apiUrl
    warnings.push(`${env} still holds ${placeholder}: put your own in its place.`)
  }
  return warnings
}

/** What is left of a name when it is written as carelessly as can be. */
const letters = (name: string): string => name.replaceAll('_', '').toUpperCase()

/**
 * Variables that look like misspelt ones of ours: their first word is one of ours and a known name is near, or only
 * underscores and capitals differ. `PORT` comes from many platforms: a hint, while nobody has set ours.
 */
export function nearMisses(names: ReadonlySet<string>, known: readonly string[]): readonly string[] {
  const firstWords = new Set(known.map((name) => name.split('_', 1)[0]))
  const byLetters = new Map(known.map((name) => [letters(name), name]))
  return [...names].flatMap((name) => {
    if (name === 'PORT' && !names.has('SERVER_PORT')) return ['PORT is not read here: SERVER_PORT sets the port.']
    if (known.includes(name)) return []
    const same = byLetters.get(letters(name)) ?? null
    if (same === null && !firstWords.has(name.split('_', 1)[0])) return []
    const meant = same ?? nearest(name, known)
    return meant === null ? [] : [`${name} is not a setting. Did you mean ${meant}?`]
  })
}
