import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { loadSettings } from '../../src/config/load.ts'
import { createGateway } from '../../src/gateway.ts'
import type { ExchangeSummary, GatewayEvent } from '../../src/kernel/events.ts'
import { priceTable } from '../../src/kernel/price-table.ts'
import { priceLookup } from '../../src/kernel/prices.ts'
import { startMonitoring } from '../../src/monitoring.ts'
import { envPrefix } from '../../src/providers/accounts.ts'
import { catalog } from '../../src/providers/catalog.ts'
import { listen } from '../../src/server/listen.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { CANARY, refuseCanaries } from './canaries.ts'
import { until } from './wire.ts'

const CONTRACT = resolve(import.meta.dir, '../../../../openapi.yaml')

export interface TestGatewayOptions {
  /** Where each provider is, by id: a provider's origin, with or without a path. */
  readonly providers?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** The text of the configuration file. */
  readonly config?: string
  /** Other files that settings name, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** All authorities that are trusted, in PEM. */
  readonly authorities?: readonly string[]
  /** By default any free one. */
  readonly port?: number
}

export interface TestGateway {
  readonly url: string
  readonly events: readonly GatewayEvent[]
  /** What was told of the exchange with this request id, once it has finished. */
  finished(id: string): Promise<ExchangeSummary>
  /** The text of `/metrics`, from its own port; for a gateway with ENABLE_TELEMETRY. */
  metrics(): Promise<string>
  /** Rejects when a key, a prompt or an answer has got into its log, which is kept at debug level, or its metrics. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The key that the gateway of a test holds for a provider. */
export const keyOf = (provider: string): string => `${CANARY}key-of-${provider}`

/** Starts the real gateway on a socket, as `main.ts` does, with settings read from `env` alone. */
export async function startGateway({
  providers = {},
  env = {},
  config,
  files = {},
  authorities,
  port = 0,
}: TestGatewayOptions): Promise<TestGateway> {
  const values = {
    // Only what a test names is there to be asked: outside of development Ollama is trusted to run somewhere.
    ENVIRONMENT: 'development',
    SIMULATOR_ENABLED: 'false',
    SERVER_HOST: '127.0.0.1',
    ...Object.fromEntries(Object.entries(providers).flatMap(([id, url]) => settingsFor(id, url))),
    ...(config === undefined ? {} : { GATEWAY_CONFIG_PATH: 'gateway.yaml' }),
    ...env,
  }
  const {
    settings,
    customProviders,
    models: routes,
    prices,
  } = await loadSettings([{ name: 'test', values }], {
    catalog,
    readFile: (path) => files[path] ?? config ?? '',
  })
  const events: GatewayEvent[] = []
  let logged = ''
  const log = createLog({ name: 'test', level: 'debug', format: 'json', write: (lines) => (logged += lines) })
  const monitoring = await startMonitoring({ settings, version: '0.0.0', droppedLines: () => 0, warn: () => {} })
  const metricsListener = monitoring?.serve(0)
  const gateway = createGateway({
    settings,
    customProviders,
    routes,
    version: '0.0.0',
    ...(authorities === undefined ? {} : { authorities }),
    contract: async () => parse(readFileSync(CONTRACT, 'utf8')),
    emit(event) {
      events.push(event)
      log.listen(event)
      monitoring?.listen(event)
    },
    priceOf: priceLookup(prices, priceTable),
    telemetry: monitoring,
  })
  monitoring?.watch(gateway)
  const { host, idleTimeoutMs, readTimeoutMs } = settings.server
  const onBug = (error: unknown) => new Response(String(error), { status: 599 })
  const listener = listen({ host, port, tls: null, idleTimeoutMs, readTimeoutMs, fetch: gateway.fetch, onBug })
  let isClosed = false
  const metrics = async () => (await fetch(`${metricsListener?.url}/metrics`)).text()
  const close = async () => {
    if (isClosed) return
    isClosed = true
    gateway.close()
    await listener.stop(true)
    log.flush()
    if (!settings.logContent) refuseCanaries('the log', logged)
    if (metricsListener !== undefined) refuseCanaries('the metrics', await metrics())
    await metricsListener?.stop(true)
    await monitoring?.close()
  }
  const summaryOf = (id: string) =>
    events.flatMap((event) => (event.type === 'exchange.finished' && event.summary.id === id ? [event.summary] : []))[0]
  return {
    url: listener.url,
    events,
    async finished(id) {
      await until(() => summaryOf(id) !== undefined)
      return summaryOf(id) ?? Promise.reject(new Error('unreachable'))
    },
    metrics,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function settingsFor(id: string, url: string): [name: string, value: string][] {
  return [
    [`${envPrefix(id)}_API_URL`, url],
    [`${envPrefix(id)}_API_KEY`, keyOf(id)],
  ]
}
