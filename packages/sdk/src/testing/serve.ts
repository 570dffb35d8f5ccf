/**
 * The gateway of the tests. Imported, it opens one in this process; run by Bun with its options as an argument, it opens
 * one, says where, and lives as long as its standard input is open.
 */
import { createGateway } from '@inference-gateway/gateway'
import { loadSettings } from '../../../gateway/src/config/load.ts'
import { catalog } from '../../../gateway/src/providers/catalog.ts'
import { listen } from '../../../gateway/src/server/listen.ts'
import { startScriptProvider } from './script-provider.ts'
import type { WrittenScript } from './script.ts'

/** As JSON can carry it. */
export interface ServeOptions {
  readonly env: Readonly<Record<string, string>>
  readonly config: string
  readonly script: WrittenScript | null
}

export interface Served {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Opens a gateway on a free port of this machine. Throws SettingsError when it is set up wrongly. */
export async function serve({ env, config, script }: ServeOptions): Promise<Served> {
  const scripted = script === null ? null : startScriptProvider(script)
  const text = scripted === null ? config : `${config}\n${providerEntry(scripted.url)}`
  const values = {
    ENVIRONMENT: 'development',
    SIMULATOR_ENABLED: 'true',
    SERVER_HOST: '127.0.0.1',
    ...(text.trim() === '' ? {} : { GATEWAY_CONFIG_PATH: 'gateway.yaml' }),
    ...env,
  }
  const { settings, customProviders, models } = await loadSettings([{ name: 'test', values }], {
    catalog,
    readFile: () => text,
  })
  const gateway = createGateway({
    settings,
    customProviders,
    routes: models,
    version: 'test',
    contract: async () => ({}),
    emit: () => {},
  })
  const { host, idleTimeoutMs, readTimeoutMs } = settings.server
  const onBug = (error: unknown) => Response.json({ error: String(error), code: 'internal_error' }, { status: 500 })
  const listener = listen({ host, port: 0, tls: null, idleTimeoutMs, readTimeoutMs, fetch: gateway.fetch, onBug })
  return {
    url: listener.url,
    async close() {
      gateway.close()
      await Promise.all([listener.stop(true), scripted?.stop(true)])
    },
  }
}

const providerEntry = (url: string) => `providers:\n  - { id: sim, base_url: "${url}", auth: none }\n`

if (import.meta.main) {
  const { default: process } = await import('node:process')
  const { url } = await serve(JSON.parse(process.argv[2] ?? '') as ServeOptions) // written by testing.ts
  process.stdout.write(`${url}\n`)
  process.stdin.on('end', () => process.exit(0)).resume()
}
