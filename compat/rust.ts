import { join } from 'node:path'
import type { ClientResults, Place } from './client.ts'
import { ending } from './ending.ts'
import { expectLeft } from './expect.ts'
import { succeeds } from './install.ts'
import { toldIn } from './python.ts'

const folder = join(import.meta.dir, 'rust')
const program = join(folder, 'target/debug', process.platform === 'win32' ? 'compat.exe' : 'compat')

const BUILD_LIMIT_MS = 180_000

/** Builds the crate's checks. Answers why that cannot be, `null` when they are there. */
export async function installRust(): Promise<string | null> {
  if (Bun.which('cargo') === null) return 'cargo is not installed.'
  const build = ['cargo', 'build', '--quiet', '--target-dir', 'target']
  if (await succeeds(build, { limitMs: BUILD_LIMIT_MS, cwd: folder })) return null
  return `cargo could not build the crate within ${BUILD_LIMIT_MS / 1000} s.`
}

const RUN_LIMIT_MS = 30_000

export async function runRust(place: Place): Promise<ClientResults> {
  const limits = { timeout: RUN_LIMIT_MS, signal: ending }
  const child = Bun.spawn([program, place.gateway], { stdout: 'pipe', stderr: 'inherit', ...limits })
  const lines = (await new Response(child.stdout).text()).trim().split('\n')
  const status = await child.exited
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
  await expectLeft(place) // it has left an endless stream by dropping it
  return { name: 'inference-gateway-sdk (crate)', api: '/v1/chat/completions', ...toldIn(lines) }
}
