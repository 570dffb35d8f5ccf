import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type ChildServer, freePort, startServer } from '../child-server.ts'
import { LOAD_CORE, SERVER_CORE } from '../cores.ts'
import { residentBytes } from '../process-memory.ts'
import type { ProviderCounts } from './provider.ts'

const MAIN = join(import.meta.dir, '../../packages/gateway/src/main.ts')
const PROVIDER = join(import.meta.dir, 'provider.ts')

type Environment = Readonly<Record<string, string>>

/** A gateway as operators run it, and the provider behind it, for one scenario. */
export interface Stage {
  readonly gateway: ChildServer
  readonly provider: ChildServer
  /** Ends both at once. */
  close(): Promise<void>
}

export type OpenStage = (env?: Environment) => Promise<Stage>

/** Starts both. All settings of the gateway are its defaults, but for those in `env`. */
export async function openStage(folder: string, env: Environment = {}): Promise<Stage> {
  const provider = await startProvider(folder)
  const gateway = await startGateway({ folder, env, providerPort: provider.port, port: freePort() })
  return { gateway, provider, close: () => end(gateway, provider) }
}

export function startProvider(folder: string): Promise<ChildServer> {
  const port = freePort()
  const command = [process.execPath, PROVIDER, String(port)]
  return startServer({ name: `provider-${port}`, command, port, core: LOAD_CORE, readyPath: '/counts', folder })
}

interface GatewayStart {
  readonly folder: string
  readonly port: number
  readonly providerPort: number
  readonly env: Environment
}

export function startGateway({ folder, port, providerPort, env }: GatewayStart): Promise<ChildServer> {
  return startServer({
    name: `gateway-${port}`,
    command: [process.execPath, '--no-env-file', MAIN],
    port,
    core: SERVER_CORE,
    readyPath: '/ready',
    folder,
    env: {
      ENVIRONMENT: 'production',
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(port),
      OPENAI_API_URL: `http://127.0.0.1:${providerPort}/v1`,
      OPENAI_API_KEY: 'soak-key',
      ...env,
    },
  })
}

export async function end(...servers: readonly ChildServer[]): Promise<void> {
  for (const { pid } of servers) process.kill(pid, 'SIGKILL')
  await Promise.all(servers.map(({ exited }) => exited))
}

export async function providerCounts({ provider }: Stage): Promise<ProviderCounts> {
  const response = await fetch(`http://127.0.0.1:${provider.port}/counts`)
  // Our own process on the other end.
  return (await response.json()) as ProviderCounts
}

/** Resident memory, MiB. */
export const residentMib = ({ pid }: ChildServer): number => residentBytes(pid) / 1024 ** 2

/** Sockets that the process holds, listening ones included. */
export function socketsOf({ pid }: ChildServer): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((file) => isSocket(join(folder, file))).length
}

function isSocket(link: string): boolean {
  try {
    return readlinkSync(link).startsWith('socket:')
  } catch {
    return false // closed since it was listed
  }
}

/** Milliseconds until the condition held; `null` when it did not within the limit. */
export async function msUntil(limitMs: number, holds: () => Promise<boolean> | boolean): Promise<number | null> {
  const start = performance.now()
  for (;;) {
    if (await holds()) return performance.now() - start
    if (performance.now() - start > limitMs) return null
    await Bun.sleep(25)
  }
}
