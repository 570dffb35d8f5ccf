import { readFileSync, statSync } from 'node:fs'
import manifest from '../package.json' with { type: 'json' }
import { assumedProviders, banner, waitingProviders } from './banner.ts'
import { configReport } from './config/config-report.ts'
import { parseEnvFile } from './config/env-file.ts'
import { flags as knownFlags, helpText } from './config/help.ts'
import { type Loaded, loadSettings, type Settings, SettingsError } from './config/load.ts'
import type { Source } from './config/sources.ts'
import { type ConfigFiles, createConfigFiles } from './config-files.ts'
import { createGateway, type Gateway } from './gateway.ts'
import type { Emit } from './kernel/events.ts'
import { priceTable } from './kernel/price-table.ts'
import { priceLookup } from './kernel/prices.ts'
import { createLeaving, type Leaving } from './leaving.ts'
import { type Monitoring, startMonitoring } from './monitoring.ts'
import { catalog } from './providers/catalog.ts'
import { createReload } from './reload.ts'
import { type Listener, listen, type TlsIdentity } from './server/listen.ts'
import { createLog, type Log, type LogOptions } from './telemetry/log.ts'
import { findLocalServers } from './upstream/local-servers.ts'

const { version } = manifest
const CONTRACT = new URL('../../../openapi.yaml', import.meta.url)

/** Exits with 1 and says why. */
function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy']
const NO_CHECK = 'NODE_TLS_REJECT_UNAUTHORIZED'

/** The environment, a file `.env` beside us, and what `--dev` presets: the strongest first. */
function readSources(flags: ReadonlySet<string>): Source[] {
  const values = { ...process.env }
  // Left there, they would rule the runtime's own `fetch` too: lead to a proxy what is to stay on this machine, and let
  // anybody pass for the issuer of tokens.
  for (const name of [...PROXY_VARIABLES, NO_CHECK]) delete process.env[name]
  const file = statSync('.env', { throwIfNoEntry: false })?.isFile() ? parseEnvFile(readFileSync('.env', 'utf8')) : null
  // OpenTelemetry's exporters read theirs themselves, and know nothing of our file.
  for (const [name, value] of Object.entries(file?.values ?? {}))
    if (name.startsWith('OTEL_')) process.env[name] ??= value
  return [
    { name: 'environment', values },
    ...(file === null ? [] : [file]),
    ...(flags.has('--dev') ? [{ name: '--dev', values: { ENVIRONMENT: 'development' } }] : []),
  ]
}

/** Reads and checks all that can be set. Called again, it reads the configuration files again; variables do not change. */
function createLoad(flags: ReadonlySet<string>, files: ConfigFiles): () => Promise<Loaded> {
  let sources: readonly Source[] | null = null
  return () => loadSettings((sources ??= readSources(flags)), { catalog, readFile: files.read })
}

async function loadOrFail(load: () => Promise<Loaded>): Promise<Loaded> {
  try {
    return await load()
  } catch (error) {
    if (error instanceof SettingsError) fail(error.message)
    throw error
  }
}

/** Answers the flags that only ask something, and ends; refuses those nobody knows. */
async function obeyFlags(flags: ReadonlySet<string>, load: () => Promise<Loaded>): Promise<void> {
  const unknown = [...flags].find((flag) => !Object.hasOwn(knownFlags, flag))
  if (unknown !== undefined)
    fail(`Unknown flag ${unknown}. Known: ${Object.keys(knownFlags).join(', ')}. All else is set by variables.`)
  if (flags.has('--help')) process.stdout.write(helpText(catalog))
  else if (flags.has('--version')) process.stdout.write(`${version}\n`)
  else if (flags.has('--print-config')) printConfig(await loadOrFail(load))
  else return
  process.exit(0)
}

/** The report alone goes where it may be read by a program. */
function printConfig({ effective, warnings }: Loaded): void {
  process.stdout.write(configReport(effective))
  for (const warning of warnings) process.stderr.write(`${warning}\n`)
}

/** The code that reads certificates is read when there is one to read. */
async function readCertificates({ server, client }: Settings, { read }: ConfigFiles) {
  if (server.tlsCertPath === null && client.tlsCaPath === null)
    return { tls: null, authorities: null, renewal: null, doubt: null }
  const { certificateDoubt, readAuthorities, readServerTls, TlsFileError } = await import('./tls-files.ts')
  const { createTlsRenewal } = await import('./tls-renewal.ts')
  try {
    const tls = readServerTls(server, read)
    const authorities = readAuthorities(client.tlsCaPath, (path) => readFileSync(path, 'utf8'))
    const again = () => readServerTls(server, read)
    const doubt = (one: TlsIdentity) => certificateDoubt(one, Date.now())
    const renewal =
      tls === null
        ? null
        : (listener: Listener, log: Log) => createTlsRenewal({ tls, read: again, doubt, listener, log })
    return { tls, authorities, renewal, doubt: tls && doubt(tls) }
  } catch (error) {
    if (error instanceof TlsFileError) fail(error.message)
    throw error
  }
}

/** How many ports after the usual one are tried when it is taken and nobody asked for it by name. */
const NEXT_PORTS = 20

function open({ settings, effective }: Loaded, tls: TlsIdentity | null, { fetch }: Gateway, log: Log): Listener {
  const { host, port, idleTimeoutMs, readTimeoutMs } = settings.server
  const isChosen = !effective.find(({ env }) => env === 'SERVER_PORT')?.source.startsWith('default')
  const onBug = (error: unknown) => {
    log.error(error, 'uncaught error')
    return Response.json({ error: 'The gateway failed.', code: 'internal_error', type: 'api_error' }, { status: 500 })
  }
  const tries = settings.isDevelopment && !isChosen ? NEXT_PORTS : 0
  for (let offset = 0; ; offset++) {
    try {
      const listener = listen({ host, port: port + offset, tls, idleTimeoutMs, readTimeoutMs, fetch, onBug })
      if (offset > 0)
        log.warn(`Port ${port} is taken, by another gateway perhaps: this one listens on ${listener.port}.`)
      return listener
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (isTaken && offset < tries) continue
      const hint = isTaken ? 'The port is taken: choose another with SERVER_PORT.' : String(error)
      fail(`Cannot listen on ${host}:${port}. ${hint}`)
    }
  }
}

/** What hears of everything: the log, and, where it is switched on, telemetry. */
const tellAll = (log: Log, monitoring: Monitoring | null): Emit =>
  monitoring === null
    ? log.listen
    : (event) => {
        log.listen(event)
        monitoring.listen(event)
      }

/** Opens the port of the metrics. */
function openMetrics({ serve }: Monitoring, { telemetry }: Settings, log: Log): void {
  try {
    log.info(`metrics at ${serve().url}/metrics`)
  } catch (error) {
    fail(`Cannot listen on TELEMETRY_METRICS_PORT=${telemetry.metricsPort}: choose another. ${String(error)}`)
  }
}

/** By a signal, or by the launcher, whose end closes the channel to it. */
function stopWhenAsked({ obey, released }: Leaving): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => obey(signal))
  process.on('disconnect', released)
}

/** SIGHUP and other text in a configuration file mean the same. */
function reloadOnChange(what: string, reload: (cause: string) => unknown, files: ConfigFiles, log: Log): void {
  process.on('SIGHUP', () => void reload('SIGHUP'))
  files.watch(
    () => void reload(`${what} file changed`),
    (error) => log.error(error, `changes of the ${what} files go unseen: send SIGHUP`),
  )
}

/** Where lines go. Whoever reads them may be slow, or stop: requests do not wait for that, nor does the memory fill. */
function standardOutput(): Pick<LogOptions, 'write' | 'isFull'> {
  let isFull = false
  process.stdout.on('drain', () => (isFull = false)).on('error', () => {})
  return { write: (text) => void (isFull = !process.stdout.write(text)), isFull: () => isFull }
}

async function main(): Promise<void> {
  const flags = new Set(process.argv.slice(2))
  const files = createConfigFiles()
  const load = createLoad(flags, files)
  await obeyFlags(flags, load)
  const loaded = await loadOrFail(load)
  const { settings, customProviders, warnings } = loaded
  const certificateFiles = createConfigFiles()
  const { tls, authorities, renewal, doubt } = await readCertificates(settings, certificateFiles)
  const log = createLog({
    name: settings.applicationName,
    level: settings.logLevel,
    format: settings.logFormat,
    ...standardOutput(),
    assumed: assumedProviders(settings),
  })
  for (const warning of [...warnings, ...(doubt === null ? [] : [doubt])]) log.warn(warning)
  const found = settings.isDevelopment ? await findLocalServers((id) => settings.providers[id]?.apiUrl === null) : {}
  const monitoring = await startMonitoring({
    settings,
    version,
    droppedLines: log.dropped,
    warn: log.warn,
  })
  let contract: unknown
  const gateway = createGateway({
    settings,
    customProviders,
    routes: loaded.models,
    found,
    version,
    authorities,
    // The runtime's parser names no lines, but takes 2 ms for what would take the other a fifth of a second.
    contract: async () => (contract ??= Bun.YAML.parse(readFileSync(CONTRACT, 'utf8'))),
    emit: tellAll(log, monitoring),
    priceOf: priceLookup(loaded.prices, priceTable),
    telemetry: monitoring,
  })
  monitoring?.watch(gateway)
  for (const waiting of waitingProviders(customProviders, gateway.requirements)) log.warn(waiting)
  void gateway.doubts().then((doubts) => doubts.forEach(log.warn))
  const listener = open(loaded, tls, gateway, log)
  if (monitoring !== null) openMetrics(monitoring, settings, log)
  stopWhenAsked(
    createLeaving({
      listener,
      gateway,
      monitoring,
      log,
      limits: settings.server,
      sleep: Bun.sleep,
      exit: (code) => process.exit(code),
    }),
  )
  reloadOnChange('configuration', createReload({ loaded, load, gateway, log }), files, log)
  if (renewal !== null) reloadOnChange('certificate', renewal(listener, log), certificateFiles, log)
  const { pid } = process
  if (settings.logFormat === 'pretty') {
    const startedInMs = performance.now()
    process.stdout.write(banner({ url: listener.url, pid, startedInMs, gateway, found, settings, version }))
  } else {
    const providers = gateway.accounts.map(({ provider }) => provider.id).join(', ') || 'none'
    log.info(`listening on ${listener.url}, pid ${pid}, providers: ${providers}`)
  }
}

await main()
