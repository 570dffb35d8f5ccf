import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { parse } from 'yaml'
import { startGatewayProcess } from './faults/gateway-process.ts'
import { until } from './support/wire.ts'
import { startCollector } from './telemetry/otlp-collector.ts'

const CONTRACT = resolve(import.meta.dir, '../../../openapi.yaml')
const MAIN = resolve(import.meta.dir, '../src/main.ts')

let folder: string
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'gateway-start-'))))
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts `main.ts` as operators do, and ends it once it has written `last`. Answers what it has written, line by line. */
async function linesOf(env: Readonly<Record<string, string>>, last: RegExp): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--no-env-file', MAIN], {
    cwd: folder,
    env: { SERVER_HOST: '127.0.0.1', SERVER_PORT: '0', ...env },
  })
  let text = ''
  const read = (bytes: Buffer) => {
    text += bytes.toString()
    if (last.test(text)) child.kill('SIGKILL')
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  await new Promise((resolve) => child.on('close', resolve))
  return text.trim().split('\n')
}

test.each([
  ['none of them', {}, []],
  ['YAML for a file', { GATEWAY_CONFIG_PATH: '/dev/null' }, ['yaml']],
])('libraries that not every start needs are read when they are used: %s', async (_, env, expected) => {
  const spy = join(folder, 'spy.cjs')
  writeFileSync(spy, "process.on('exit', () => console.error(Object.keys(require.cache).join()))")
  const read = await new Promise<string>((resolve) =>
    execFile(process.execPath, ['--no-env-file', '--preload', spy, MAIN, '--print-config'], { env }, (...[, , text]) =>
      resolve(text),
    ),
  )
  expect(read).toContain('/node_modules/hono/')
  expect(['yaml', 'jose'].filter((name) => read.includes(`/node_modules/${name}/`))).toEqual(expected)
})

test('the contract is read in a moment, and nobody else waits meanwhile', async () => {
  await using gateway = await startGatewayProcess('http://127.0.0.1:1')
  const response = await fetch(`${gateway.url}/openapi.json`)
  expect(await response.json()).toEqual(parse(readFileSync(CONTRACT, 'utf8')))
  const [, ownMs] = /gateway;dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '') ?? []
  expect(Number(ownMs)).toBeLessThan(500)
})

const messages = (lines: readonly string[]) => warnings(lines).map(({ msg }) => String(msg))

const warnings = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line)).filter(({ level }) => level !== 'info' && level !== 'debug')

test('with nothing set there is nothing to warn of', async () => {
  const lines = await linesOf({}, /model list unavailable/)
  expect(lines.join()).toContain('ollama')
  expect(warnings(lines)).toEqual([])
})

test('a local server that was set and is not there is warned of', async () => {
  const lines = await linesOf({ OLLAMA_API_URL: 'http://127.0.0.1:1/v1' }, /model list unavailable/)
  expect(warnings(lines)).toMatchObject([{ level: 'warn', provider: 'ollama' }])
})

test('an entry of the rules for models that means nothing known is warned of', async () => {
  const env = { SIMULATOR_ENABLED: 'true', ALLOWED_MODELS: 'simulator/chat', DISALLOWED_MODELS: 'simulatr/echo' }
  const [said, ...others] = messages(await linesOf(env, /simulatr/))
  expect(said).toStartWith(
    'ALLOWED_MODELS, DISALLOWED_MODELS: no model here is called simulatr/echo. Did you mean simulator/echo?',
  )
  expect(others).toEqual([])
})

test('a provider of the file that lacks its key is named, with the variable', async () => {
  const file = join(folder, 'gateway.yaml')
  const entries = [
    "{ id: acme, base_url: 'http://127.0.0.1:1', key_env: ACME_KEY }",
    "{ id: free, base_url: 'http://127.0.0.1:1', auth: none }",
  ]
  writeFileSync(file, `providers:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`)
  const started = (env: Readonly<Record<string, string>>) =>
    linesOf({ GATEWAY_CONFIG_PATH: file, ...env }, /listening on/)
  const said = 'acme cannot be asked yet: set ACME_KEY, and restart.'
  expect(messages(await started({}))).toContain(said)
  expect((await started({ ACME_KEY: 'key' })).join()).not.toContain('ACME_KEY')
})

test('what .env says to OpenTelemetry reaches the collector, and a name that sets nothing is told', async () => {
  await using collector = await startCollector()
  const own = mkdtempSync(join(folder, 'env-'))
  const told = [
    'ENABLE_TELEMETRY=true',
    'TELEMETRY_METRICS_PORT=0',
    `OTEL_EXPORTER_OTLP_ENDPOINT=${collector.url}`,
    'OTEL_EXPORTER_OTLP_HEADERS=api-key=mine',
    'OTEL_METRIC_EXPORT_INTERVAL=50',
    'ALLOW_MODELS=openai/*',
  ]
  writeFileSync(join(own, '.env'), told.join('\n'))
  const child = spawn(process.execPath, ['--no-env-file', MAIN], {
    cwd: own,
    env: { SERVER_HOST: '127.0.0.1', SERVER_PORT: '0' },
  })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()))
  await until(() => collector.requests.length > 0 && text.includes('Did you mean'), 15_000)
  child.kill('SIGKILL')
  expect(collector.requests[0]?.headers).toMatchObject({ 'api-key': 'mine' })
  expect(messages(text.trim().split('\n'))).toEqual([
    'ALLOW_MODELS in .env is not a setting and has no effect. Did you mean ALLOWED_MODELS?',
  ])
})

test('--print-config warns as a start does, beside the report', async () => {
  const [stdout, stderr] = await new Promise<[string, string]>((resolve) =>
    execFile(
      process.execPath,
      ['--no-env-file', MAIN, '--print-config'],
      { env: { LOG_LEVLE: 'debug' } },
      (...[, out, err]) => resolve([out, err]),
    ),
  )
  expect(stdout).toStartWith('APPLICATION_NAME')
  expect(stderr).toBe('LOG_LEVLE is not a setting and has no effect. Did you mean LOG_LEVEL?\n')
})

test.each(['--prot', 'toString', '8080'])('what is no flag, such as %s, does not start', async (argument) => {
  const child = spawn(process.execPath, ['--no-env-file', MAIN, argument], {
    env: { SERVER_PORT: '0' },
    timeout: 30_000,
  })
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1)
})

test.each(['ENABLE_AUTH', 'AUTH_ENABLED'])('%s with an empty issuer does not start', async (name) => {
  const [heading, ...problems] = await linesOf({ [name]: 'true', OIDC_ISSUER_URL: '' }, /listening on/)
  expect(heading).toBe('One setting is wrong:')
  expect(problems).toEqual(['  OIDC_ISSUER_URL: expected a value, since ENABLE_AUTH is true'])
})
