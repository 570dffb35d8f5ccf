/**
 * `node scripts/launch.mjs <task> [argument …]`: installs what is missing, then runs the task on Bun. Needs nothing but
 * Node and npm, so that a fresh machine is two words away from a running gateway.
 */
import { spawn, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const gateway = ['--no-env-file', join(root, 'packages/gateway/src/main.ts')]

const tasks = {
  start: [...gateway, '--dev'],
  serve: gateway,
  dev: ['--watch', ...gateway, '--dev'],
  test: ['test', '--timeout=20000'],
  bench: [join(root, 'bench/run.ts')],
  install: null,
}

const changedAt = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0

/** npm writes the hidden lock file last: older than ours means that something is missing. */
function install() {
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return
  console.error('Installing dependencies (first start only) …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status, error } = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (error !== undefined) console.error(error.message)
  if (status !== 0) process.exit(status ?? 1)
}

const [task, ...rest] = process.argv.slice(2)
const command = tasks[task]
if (command === undefined) {
  console.error(`Unknown task ${task}. Known: ${Object.keys(tasks).join(', ')}.`)
  process.exit(1)
}
install()
if (command === null) process.exit(0)
const bun = join(root, 'node_modules/bun/bin/bun.exe') // its name on every platform
const child = spawn(bun, [...command, ...rest], {
  stdio: 'inherit',
  // Bun queues calls beyond its limit; a gateway's calls are its answers.
  env: { BUN_CONFIG_MAX_HTTP_REQUESTS: '65535', ...process.env },
})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
// A terminal sends Ctrl-C to the whole group: passed on, it would be the second one, which means "at once".
process.on('SIGINT', () => {})
// npm's shell dies of a signal without passing it on: whoever loses its parent has been told to stop.
const parent = process.ppid
setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref()
child.on('error', (error) => {
  console.error(`Cannot run Bun: ${error.message}. Delete node_modules and try again.`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))
