import { join } from 'node:path'
import { type ChildServer, freePort, startServer } from './child-server.ts'
import { LOAD_CORE, SERVER_CORE } from './cores.ts'

const main = join(import.meta.dir, '../packages/gateway/src/main.ts')

/** The provider that everybody asks, on the core of those who ask. */
export function startUpstream(folder: string): Promise<ChildServer> {
  const port = freePort()
  const command = [process.execPath, join(import.meta.dir, 'upstream.ts'), String(port)]
  return startServer({ name: 'upstream', command, port, core: LOAD_CORE, readyPath: '/v1/models', folder })
}

interface GatewayStart {
  /** Of its files, where there are several. */
  readonly name?: string
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The gateway, as a process of its own on a core of its own. Another gateway is measured with BENCH_GATEWAY_COMMAND, in
 * which `{port}` and `{upstream}` stand for where to listen and the provider's base URL, and BENCH_GATEWAY_HEALTH, the
 * path that answers 200 once it is ready. BENCH_GATEWAY_HEADERS are lines of further headers that it asks for.
 */
export function startGateway(
  upstream: ChildServer,
  folder: string,
  { name = 'gateway', env = {} }: GatewayStart = {},
): Promise<ChildServer> {
  const port = freePort()
  const custom = process.env['BENCH_GATEWAY_COMMAND']
    ?.replaceAll('{port}', String(port))
    .replaceAll('{upstream}', baseUrl(upstream))
  return startServer({
    name,
    command: custom?.split(' ').filter(Boolean) ?? [process.execPath, main],
    port,
    core: SERVER_CORE,
    readyPath: process.env['BENCH_GATEWAY_HEALTH'] ?? '/health',
    folder,
    env: {
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(port),
      OPENAI_API_URL: baseUrl(upstream),
      OPENAI_API_KEY: 'bench-key',
      ENVIRONMENT: 'production',
      // As many idle connections as nginx is given.
      CLIENT_MAX_IDLE_CONNS: '256',
      CLIENT_MAX_IDLE_CONNS_PER_HOST: '256',
      ...env,
    },
  })
}

/** What the requests carry beside the usual, to every server the same: lines of `name: value`. */
export const headersFor = (upstream: ChildServer): string =>
  (process.env['BENCH_GATEWAY_HEADERS'] ?? '').replaceAll('{upstream}', baseUrl(upstream))

/** Of an upstream, as a client of OpenAI's takes it. */
export const baseUrl = ({ port }: ChildServer): string => `http://127.0.0.1:${port}/v1`
