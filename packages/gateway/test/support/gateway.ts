import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { loadSettings } from '../../src/config/load.ts'
import { createGateway } from '../../src/gateway.ts'
import type { ExchangeSummary, GatewayEvent } from '../../src/kernel/events.ts'
import { envPrefix } from '../../src/providers/accounts.ts'
import { catalog } from '../../src/providers/catalog.ts'
import { listen } from '../../src/server/listen.ts'
import { until } from './wire.ts'

const CONTRACT = resolve(import.meta.dir, '../../../../openapi.yaml')

export interface TestGatewayOptions {
  /** Where each provider is, by id: a provider's origin, with or without a path. */
  readonly providers?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** The text of the configuration file. */
  readonly config?: string
}

export interface TestGateway {
  readonly url: string
  readonly events: readonly GatewayEvent[]
  /** What was told of the exchange with this request id, once it has finished. */
  finished(id: string): Promise<ExchangeSummary>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The key that the gateway of a test holds for a provider. */
export const keyOf = (provider: string): string => `key-of-${provider}`

/** Starts the real gateway on a socket, as `main.ts` does, with settings read from `env` alone. */
export async function startGateway({ providers = {}, env = {}, config }: TestGatewayOptions): Promise<TestGateway> {
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
  } = loadSettings([{ name: 'test', values }], {
    catalog,
    readFile: () => config ?? '',
  })
  const events: GatewayEvent[] = []
  const gateway = createGateway({
    settings,
    customProviders,
    routes,
    version: '0.0.0',
    contract: async () => parse(readFileSync(CONTRACT, 'utf8')),
    emit: (event) => void events.push(event),
  })
  const { host, idleTimeoutMs, readTimeoutMs } = settings.server
  const onBug = (error: unknown) => new Response(String(error), { status: 599 })
  const listener = listen({ host, port: 0, tls: null, idleTimeoutMs, readTimeoutMs, fetch: gateway.fetch, onBug })
  const close = async () => {
    gateway.close()
    await listener.stop(true)
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
