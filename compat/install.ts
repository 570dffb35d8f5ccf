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

const QUIETLY = ['--no-audit', '--no-fund', '--loglevel=error']

const changedAt = (path: string): number => statSync(join(folder, path), { throwIfNoEntry: false })?.mtimeMs ?? 0
