import { statSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dir

/** Has the npm clients that package-lock.json names; answers whether they had to be fetched. Throws when npm cannot. */
export async function installClients(): Promise<boolean> {
  // npm writes the hidden lock file last: older than ours means that something is missing.
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return false
  console.error('Installing the clients (first run only) …')
  const npm = Bun.spawn([process.platform === 'win32' ? 'npm.cmd' : 'npm', 'ci', ...QUIETLY], {
    cwd: folder,
    stdout: 'ignore',
    stderr: 'inherit',
  })
  if ((await npm.exited) !== 0) throw new Error('The clients could not be installed: npm needs a way to its registry.')
  return true
}

const AGENTS_LIMIT_MS = 120_000

/** Has the coding agents. Answers why they cannot be had, `null` when they are there. */
export async function installAgents(): Promise<string | null> {
  const cwd = join(folder, 'agents')
  if (changedAt('agents/node_modules/.package-lock.json') >= changedAt('agents/package-lock.json')) return null
  // Their programs come within packages; whatever a script would fetch besides is not wanted.
  const npm = [process.platform === 'win32' ? 'npm.cmd' : 'npm', 'ci', '--ignore-scripts', ...QUIETLY]
  if (await succeeds(npm, { limitMs: AGENTS_LIMIT_MS, cwd })) return null
  return `npm could not install it within ${AGENTS_LIMIT_MS / 1000} s.`
}

const QUIETLY = ['--no-audit', '--no-fund', '--loglevel=error']

const changedAt = (path: string): number => statSync(join(folder, path), { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Runs a command for its outcome alone. One that takes longer than `limitMs` is ended, and has not succeeded. */
export async function succeeds(
  command: string[],
  { limitMs, cwd = folder }: { readonly limitMs?: number; readonly cwd?: string } = {},
): Promise<boolean> {
  const limit = limitMs === undefined ? {} : { timeout: limitMs }
  return (await Bun.spawn(command, { cwd, stdout: 'ignore', stderr: 'ignore', ...limit }).exited) === 0
}
