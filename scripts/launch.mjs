/**
 * `node scripts/launch.mjs <task> [argument …]`: installs what is missing, then runs the task on Bun. Needs nothing but
 * Node and npm, so that a fresh machine is two words away from a running gateway.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const main = join(root, 'packages/gateway/src/main.ts')
// Heads of twice the runtime's usual size: tokens that list their owner's groups are long.
const gateway = ['--no-env-file', '--max-http-header-size=32768', main]

const tasks = {
  start: [...gateway, '--dev'],
  serve: gateway,
  dev: ['--watch', ...gateway, '--dev'],
  test: ['test', '--timeout=60000', `--preload=${join(root, 'packages/gateway/test/support/kept-seed.ts')}`],
  'build:sdk': [join(root, 'packages/sdk/build.ts')],
  bench: [join(root, 'bench/run.ts')],
  'bench:translate': [join(root, 'bench/translate.ts')],
  soak: [join(root, 'bench/soak.ts')],
  compat: [join(root, 'compat/run.ts')],
  install: null,
}

const changedAt = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0

const BUN = 'node_modules/bun/bin/bun.exe' // its name on every platform

/**
 * npm writes the hidden lock file last: older than ours means that something is missing. One that was stopped may have
 * written it all the same.
 */
const isInstalled = () =>
  changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json') && changedAt(BUN) > 0

/** One launcher at a time: two at once would take each other's files away. Answers npm's exit code. */
async function install() {
  takeLock()
  try {
    // Who held the lock before us has done it.
    return isInstalled() ? 0 : await runNpm()
  } finally {
    giveBack()
  }
}

/** A dot every two seconds shows that it lives. What npm has to say comes after them. */
async function runNpm() {
  const isWindows = process.platform === 'win32'
  const npm = spawn(isWindows ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: isWindows,
  })
  let said = ''
  npm.stderr.on('data', (bytes) => (said += bytes))
  npm.on('error', ({ message }) => (said += `${message}\n`))
  let isStopped = false
  const stop = () => {
    isStopped = true
    npm.kill()
  }
  process.on('SIGTERM', stop)
  process.stderr.write('Installing dependencies (first start only, it may take a minute) ..')
  const dots = setInterval(() => process.stderr.write('.'), 2000)
  const status = await new Promise((resolve) => npm.on('close', resolve))
  process.off('SIGTERM', stop)
  clearInterval(dots)
  process.stderr.write(`\n${said}`)
  if (status !== 0 && !isStopped)
    console.error('The dependencies could not be installed: once, npm needs a way to its registry.')
  return status ?? 1
}

/** A folder that holds one more, named by its owner's process id. npm empties `node_modules`, so it lies beside it. */
const lock = join(root, '.install-lock')
const mine = `${lock}-${process.pid}`

/** Takes the lock away in one step: half removed, it would be empty, and another's by the time the rest goes. */
function giveBack() {
  renameSync(lock, mine)
  rmSync(mine, { recursive: true })
}

function takeLock() {
  let isTold = false
  while (!isTaken()) {
    if (!isHeld()) continue
    if (!isTold)
      console.error(`Another start is installing the dependencies: waiting (if there is none, delete ${lock}) …`)
    isTold = true
    pause(100)
  }
}

/** Puts the folder in its place in one step, owner and all; not where one stands that is not empty. */
function isTaken() {
  try {
    mkdirSync(join(mine, String(process.pid)), { recursive: true })
  } catch (error) {
    console.error(`Cannot write to ${root} (${error.code}): run \`npm ci\` there once as somebody who may.`)
    process.exit(1)
  }
  try {
    renameSync(mine, lock)
    return true
  } catch (error) {
    rmSync(mine, { recursive: true })
    if (['EEXIST', 'ENOTEMPTY', 'EPERM'].includes(error.code)) return false
    throw error
  }
}

/** Removes a lock whose owner is gone: by the owner's name, so that one taken meanwhile stays. */
function isHeld() {
  try {
    for (const owner of readdirSync(lock)) {
      if (isRunning(Number(owner))) return true
      rmdirSync(join(lock, owner))
    }
    rmdirSync(lock)
    return false
  } catch (error) {
    return error.code !== 'ENOENT' // what another launcher has just removed is free
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM' // it runs, and is somebody else's
  }
}

const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const [task, ...rest] = process.argv.slice(2)
const command = tasks[task]
if (command === undefined) {
  console.error(`Unknown task ${task}. Known: ${Object.keys(tasks).join(', ')}.`)
  process.exit(1)
}
const installed = isInstalled() ? 0 : await install()
if (installed !== 0 || command === null) process.exit(installed)

// Only the gateway knows what it means when the channel to it closes: to leave in good order.
const hasChannel = command.includes(main)
const stdio = ['inherit', 'inherit', 'inherit', ...(hasChannel ? ['ipc'] : [])]
const child = spawn(join(root, BUN), [...command, ...rest], { stdio })
child.on('error', (error) => {
  console.error(`Cannot run Bun: ${error.message}. Delete node_modules and try again.`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))

/**
 * A signal to the whole group has reached the gateway already, and npm sends us a second copy of ours: passed on, each
 * would be the one that means "at once". A channel closes once, `kill -9` closes it too.
 */
const letGo = () => (hasChannel ? child.connected && child.disconnect() : child.kill())

/** npm's copy comes within milliseconds. */
const SAME_SIGNAL_MS = 2000
let toldAt = null
process.on('SIGTERM', () => {
  if (toldAt !== null && Date.now() - toldAt > SAME_SIGNAL_MS)
    // At once. Two, since the first one after the channel has closed may be a signal to the group.
    for (const signal of ['SIGTERM', 'SIGINT']) child.kill(signal)
  toldAt ??= Date.now()
  letGo()
})
process.on('SIGHUP', () => child.kill('SIGHUP'))
// A terminal sends Ctrl-C to the whole group, the gateway too.
process.on('SIGINT', () => {})
// Who loses its parent, npm, has been told to stop.
const parent = process.ppid
setInterval(() => process.ppid === parent || letGo(), 500).unref()
