import { join } from 'node:path'
import { type ChildServer, freePort, startServer } from './child-server.ts'
import { SERVER_CORE } from './cores.ts'

const main = join(import.meta.dir, '../packages/gateway/src/main.ts')

/**
 * The gateway, as a process of its own on a core of its own. Another gateway is measured with BENCH_GATEWAY_COMMAND, in
 * which `{port}` and `{upstream}` stand for where to listen and the provider's base URL, and BENCH_GATEWAY_HEALTH, the
 * path that answers 200 once it is ready.
 */
export async function startGateway(upstreamPort: number, folder: string): Promise<ChildServer> {
  const port = freePort()
  const upstream = `http://127.0.0.1:${upstreamPort}/v1`
  const custom = process.env['BENCH_GATEWAY_COMMAND']
    ?.replaceAll('{port}', String(port))
    .replaceAll('{upstream}', upstream)
  return startServer({
    name: 'gateway',
    command: custom?.split(' ').filter(Boolean) ?? [process.execPath, main],
    port,
    core: SERVER_CORE,
    readyPath: process.env['BENCH_GATEWAY_HEALTH'] ?? '/health',
    folder,
    env: {
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(port),
      OPENAI_API_URL: upstream,
      OPENAI_API_KEY: 'bench-key',
      ENVIRONMENT: 'production',
      // As many idle connections as nginx is given.
      CLIENT_MAX_IDLE_CONNS: '256',
      CLIENT_MAX_IDLE_CONNS_PER_HOST: '256',
    },
  })
}
