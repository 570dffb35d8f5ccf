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

/** Whether a URL leads to one's own network. */
const isPrivateAddress = (address: string): boolean => PRIVATE_HOST.test(URL.parse(address)?.hostname ?? '')

const isPlainOnTheInternet = (address: string): boolean => /^http:/i.test(address) && !isPrivateAddress(address)

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

type IsGiven = (setting: Setting) => boolean

function telemetryDoubts({ enableTelemetry, telemetry }: SettingValues, isGiven: IsGiven): readonly string[] {
  const { otlpProtocol, otlpEndpoint, otlpTracesEndpoint, captureContent, isDisabled } = telemetry
  const isForgotten = otlpEndpoint !== null && !isGiven(table.enableTelemetry)
  if (isForgotten && !isDisabled)
    return ['OTEL_EXPORTER_OTLP_ENDPOINT is set, but nothing goes there: set ENABLE_TELEMETRY.']
  if (!enableTelemetry || isDisabled) return []
  const warnings: string[] = []
  if (otlpEndpoint !== null && new URL(otlpEndpoint).port === '4317')
    warnings.push('OTEL_EXPORTER_OTLP_ENDPOINT has the port of gRPC, 4317: here HTTP is spoken, usually at 4318.')
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

/** A provider alone among the names of models is taken for one. */
function modelDoubts({ models }: SettingValues, providers: readonly KnownProvider[]): readonly string[] {
  const ids = new Set(providers.map(({ id }) => id))
  const lists = [
    [table.models.allowed.env, models.allowed],
    [table.models.disallowed.env, models.disallowed],
  ] as const
  return lists.flatMap(([env, names]) =>
    names
      .filter((name) => ids.has(name))
      .map(
        (name) =>
          `${env}: ${name} stands for a model of that name. Did you mean ${name}/*, all models of the provider?`,
      ),
  )
}

/** What is odd about the address of a provider. */
function addressDoubts(provider: KnownProvider, { apiUrl, apiKey }: ProviderValues): readonly string[] {
  const { env } = providerSettings(provider).apiUrl
  const placeholder = /\{\w+\}/.exec(apiUrl ?? provider.baseUrl)?.[0]
  if (placeholder !== undefined)
    return isSet(apiKey) ? [`${env} still holds ${placeholder}: put your own in its place.`] : []
  const usual = new URL(provider.baseUrl).pathname
  const isBare = apiUrl !== null && new URL(apiUrl).pathname === '/' && usual !== '/'
  return isBare ? [`${env} has no path; usually it ends in ${usual}.`] : []
}

/** A slip of the fingers, or another word for it. Names such as `staging` are meant. */
function isLikeDevelopment(environment: string): boolean {
  const word = environment.toLowerCase()
  const isNear = word === 'local' || 'development'.startsWith(word) || nearest(word, ['development']) !== null
  return environment !== 'development' && isNear
}

/** What works but is likely not meant. `isGiven` tells whether anybody said anything for a setting. */
export function doubts(
  settings: SettingValues,
  given: ProviderTable,
  providers: readonly KnownProvider[],
  isGiven: IsGiven,
): readonly string[] {
  const { environment, enableAuth, oidc, routing, logContent, logLevel } = settings
  const warnings = [...openDoor(settings, given), ...telemetryDoubts(settings, isGiven)]
  if (isLikeDevelopment(environment)) {
    warnings.push(`ENVIRONMENT=${environment} counts as production: only \`development\` changes anything.`)
  }
  if (logContent) {
    const isHeard = logLevel === 'debug'
    warnings.push(
      isHeard
        ? 'LOG_CONTENT is true: all prompts and answers are written into the log.'
        : `LOG_CONTENT is true, but LOG_LEVEL is ${logLevel}: content is written at debug only.`,
    )
  }
  if (!enableAuth && !isGiven(table.enableAuth) && isGiven(table.oidc.issuerUrl)) {
    warnings.push('OIDC_ISSUER_URL is set, but ENABLE_AUTH is not: everybody is let in, without a token.')
  }
  if (enableAuth && !isGiven(table.oidc.issuerUrl)) {
    warnings.push(
      `ENABLE_AUTH is true, but OIDC_ISSUER_URL is not set: only tokens of ${oidc.issuerUrl}, its default, are good. Set your own issuer.`,
    )
  }
  if (enableAuth && isPlainOnTheInternet(oidc.issuerUrl)) {
    warnings.push('OIDC_ISSUER_URL is a public address without TLS: whoever sits between can let anybody in.')
  }
  if (routing.configPath !== null && !routing.enabled) {
    warnings.push('ROUTING_CONFIG_PATH is set, but its file is not read: set ROUTING_ENABLED=true.')
  }
  return [
    ...warnings,
    ...modelDoubts(settings, providers),
    ...providers.flatMap((provider) => {
      const values = given[provider.id]
      return values === undefined ? [] : addressDoubts(provider, values)
    }),
  ]
}
