import { readFileSync, statSync } from 'node:fs'
import { parse } from 'yaml'
import manifest from '../package.json' with { type: 'json' }
import { banner, waitingProviders } from './banner.ts'
import { configReport } from './config/config-report.ts'
import { parseEnvFile } from './config/env-file.ts'
import { flags as knownFlags, helpText } from './config/help.ts'
import { type Loaded, loadSettings, type Settings, SettingsError } from './config/load.ts'
import type { Source } from './config/sources.ts'
import { type ConfigFiles, createConfigFiles } from './config-files.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { catalog } from './providers/catalog.ts'
import { createReload } from './reload.ts'
import { type Listener, listen } from './server/listen.ts'
import { shutDown } from './server/shutdown.ts'
import { createLog, type Log } from './telemetry/log.ts'
import { findLocalServers } from './upstream/local-servers.ts'

const CONTRACT = new URL('../../../openapi.yaml', import.meta.url)

/** Exits with 1 and says why. */
function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/** The environment, a file `.env` beside us, and what `--dev` presets: the strongest first. */
function readSources(flags: ReadonlySet<string>): Source[] {
  return [
    { name: 'environment', values: process.env },
    ...(statSync('.env', { throwIfNoEntry: false })?.isFile() === true
      ? [parseEnvFile(readFileSync('.env', 'utf8'), '.env')]
      : []),
    ...(flags.has('--dev') ? [{ name: '--dev', values: { ENVIRONMENT: 'development' } }] : []),
  ]
}

/** Reads and checks all that can be set. Called again, it reads the configuration files again; variables do not change. */
function createLoad(flags: ReadonlySet<string>, files: ConfigFiles): () => Loaded {
  let sources: readonly Source[] | null = null
  return () => loadSettings((sources ??= readSources(flags)), { catalog, readFile: files.read })
}

function loadOrFail(load: () => Loaded): Loaded {
  try {
    return load()
  } catch (error) {
    if (error instanceof SettingsError) fail(error.message)
    throw error
  }
}

/** Answers the flags that only ask something, and ends; refuses those nobody knows. */
function obeyFlags(flags: ReadonlySet<string>, load: () => Loaded): void {
  const unknown = [...flags].find((flag) => !(flag in knownFlags))
  if (unknown !== undefined)
    fail(`Unknown flag ${unknown}. Known: ${Object.keys(knownFlags).join(', ')}. All else is set by variables.`)
  if (flags.has('--help')) process.stdout.write(helpText(catalog))
  else if (flags.has('--version')) process.stdout.write(`${manifest.version}\n`)
  else if (flags.has('--print-config')) process.stdout.write(configReport(loadOrFail(load).effective))
  else return
  process.exit(0)
}

function readTls({ tlsCertPath, tlsKeyPath }: Loaded['settings']['server']) {
  if (tlsCertPath === null || tlsKeyPath === null) return null
  try {
    return { cert: readFileSync(tlsCertPath, 'utf8'), key: readFileSync(tlsKeyPath, 'utf8') }
  } catch (error) {
    return fail(
      `SERVER_TLS_CERT_PATH, SERVER_TLS_KEY_PATH: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** How many ports after the usual one are tried when it is taken and nobody asked for it by name. */
const NEXT_PORTS = 20

function open({ settings, effective }: Loaded, gateway: Gateway, log: Log): Listener {
  const { host, port, idleTimeoutMs, readTimeoutMs } = settings.server
  const isChosen = !effective.find(({ env }) => env === 'SERVER_PORT')?.source.startsWith('default')
  const tls = readTls(settings.server)
  const onBug = (error: unknown) => {
    log.error(error, 'uncaught error')
    return Response.json({ error: 'The gateway failed.', code: 'internal_error', type: 'api_error' }, { status: 500 })
  }
  const tries = settings.isDevelopment && !isChosen ? NEXT_PORTS : 0
  for (let offset = 0; ; offset++) {
    try {
      return listen({ host, port: port + offset, tls, idleTimeoutMs, readTimeoutMs, fetch: gateway.fetch, onBug })
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (isTaken && offset < tries) continue
      const hint = isTaken ? 'The port is taken: choose another with SERVER_PORT.' : String(error)
      fail(`Cannot listen on ${host}:${port}. ${hint}`)
    }
  }
}

/** What works, but not as somebody may expect. */
function doubts({ environment, enableTelemetry }: Settings): string[] {
  return [
    ...(['production', 'development'].includes(environment)
      ? []
      : [`ENVIRONMENT=${environment} counts as production: only \`development\` changes anything.`]),
    ...(enableTelemetry
      ? ['ENABLE_TELEMETRY: this version collects no metrics yet, nothing listens on TELEMETRY_METRICS_PORT.']
      : []),
  ]
}

/** Those that need no key and of which nobody said anything: they may run at their usual address, or not at all. */
function assumedProviders({ providers }: Settings): ReadonlySet<string> {
  const assumed = catalog.filter(({ id, auth }) => auth.kind === 'none' && providers[id]?.apiUrl === null)
  return new Set(assumed.map(({ id }) => id))
}

/** The first signal asks to leave in good order, the second to leave at once. */
function stopOnSignals(listener: Listener, gateway: Gateway, { server }: Settings, log: Log): void {
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  let isStopping = false
  const stop = async (signal: string) => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info(`${signal}: finishing ${listener.pending()} running requests; a second signal stops at once`)
    log.flush()
    const { lameDuckMs, shutdownTimeoutMs: timeoutMs } = server
    await shutDown({ listener, drain: gateway.drain, breakOff: gateway.breakOff, lameDuckMs, timeoutMs, sleep })
    gateway.close()
    log.flush()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal))
}

/** SIGHUP and other text in a configuration file mean the same. */
function reloadOnChange(reload: (cause: string) => void, files: ConfigFiles, log: Log): void {
  process.on('SIGHUP', () => reload('SIGHUP'))
  files.watch(
    () => reload('configuration file changed'),
    (error) => log.error(error, 'changes of the configuration files go unseen: send SIGHUP'),
  )
}

async function main(): Promise<void> {
  const flags = new Set(process.argv.slice(2))
  const files = createConfigFiles()
  const load = createLoad(flags, files)
  obeyFlags(flags, load)
  const loaded = loadOrFail(load)
  const { settings, customProviders, warnings } = loaded
  process.stdout.on('error', () => {}) // whoever read the log has gone; that is no reason to stop
  const log = createLog({
    name: settings.applicationName,
    level: settings.logLevel,
    format: settings.logFormat,
    write: (text) => process.stdout.write(text),
    assumed: assumedProviders(settings),
  })
  for (const warning of [...warnings, ...doubts(settings)]) log.warn(warning)
  const unset = (id: string) => settings.providers[id]?.apiUrl === null
  const found = settings.isDevelopment ? await findLocalServers(unset) : {}
  let contractRead: unknown
  const contract = async (): Promise<unknown> => (contractRead ??= parse(readFileSync(CONTRACT, 'utf8')))
  const gateway = createGateway({
    settings,
    customProviders,
    routes: loaded.models,
    found,
    version: manifest.version,
    contract,
    emit: log.listen,
  })
  for (const waiting of waitingProviders(customProviders, gateway.requirements)) log.warn(waiting)
  const listener = open(loaded, gateway, log)
  stopOnSignals(listener, gateway, settings, log)
  reloadOnChange(createReload({ loaded, load, gateway, log }), files, log)
  const startedInMs = performance.now()
  if (settings.logFormat === 'pretty')
    process.stdout.write(banner({ url: listener.url, startedInMs, gateway, found, version: manifest.version }))
  else
    log.info(
      `listening on ${listener.url}, providers: ${gateway.accounts.map(({ provider }) => provider.id).join(', ') || 'none'}`,
    )
}

await main()
