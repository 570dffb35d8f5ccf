import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { makeCertificate } from '../packages/gateway/test/faults/certificates.ts'
import { type GatewayProcess, startGatewayProcess } from '../packages/gateway/test/faults/gateway-process.ts'

const ROOT = resolve(import.meta.dir, '..')
const NOWHERE = 'http://127.0.0.1:1'

let folder: string
let tls: { readonly SERVER_TLS_CERT_PATH: string; readonly SERVER_TLS_KEY_PATH: string }
let plain: GatewayProcess
let secure: GatewayProcess
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'health-check-'))
  tls = { SERVER_TLS_CERT_PATH: join(folder, 'cert.pem'), SERVER_TLS_KEY_PATH: join(folder, 'key.pem') }
  const { cert, key } = makeCertificate({ address: '192.0.2.1' })
  writeFileSync(tls.SERVER_TLS_CERT_PATH, cert)
  writeFileSync(tls.SERVER_TLS_KEY_PATH, key)
  plain = await startGatewayProcess(NOWHERE)
  secure = await startGatewayProcess(NOWHERE, tls)
})
afterAll(async () => {
  await plain[Symbol.asyncDispose]()
  await secure[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const portOf = ({ url }: GatewayProcess) => new URL(url).port

/** The health check as the container runs it; answers its exit code, and what it says. */
function check(
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, ['--no-env-file', join(ROOT, 'scripts/health-check.ts')], { env })
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
  return new Promise((done) => child.on('close', (code) => done({ code, said })))
}

test('a gateway that lives is found', async () => {
  expect(await check({ SERVER_PORT: portOf(plain) })).toEqual({ code: 0, said: '' })
})

test('by TLS too, for whatever name its certificate is', async () => {
  expect((await check({ SERVER_PORT: portOf(secure), ...tls })).code).toBe(0)
})

test('a proxy is not asked for it', async () => {
  const proxies = { HTTP_PROXY: NOWHERE, http_proxy: NOWHERE, HTTPS_PROXY: NOWHERE, https_proxy: NOWHERE }
  expect((await check({ SERVER_PORT: portOf(plain), ...proxies })).code).toBe(0)
  expect((await check({ SERVER_PORT: portOf(secure), ...tls, ...proxies })).code).toBe(0)
})

test('where none is it fails, and says so', async () => {
  const { code, said } = await check({ SERVER_PORT: '1' })
  expect(code).toBe(1)
  expect(said).toContain('127.0.0.1:1/')
})

test.each(['', '0.0.0.0', '::'])('what listens everywhere (%p) is asked on loopback', async (host) => {
  expect((await check({ SERVER_HOST: host, SERVER_PORT: portOf(plain) })).code).toBe(0)
})

test.each([
  ['127.0.0.2', '127.0.0.2:1/'],
  ['::1', '[::1]:1/'],
])('what listens on %s alone is asked there', async (host, address) => {
  expect((await check({ SERVER_HOST: host, SERVER_PORT: '1' })).said).toContain(address)
})

test('an empty port is the usual one', async () => {
  // One may stand there: whoever is asked, it is not port 80.
  expect((await check({ SERVER_PORT: '', SERVER_TLS_CERT_PATH: '' })).said).not.toMatch(/127\.0\.0\.1(:80)?\//)
})

test('what the Dockerfile copies and runs is there, and is let through to it', () => {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  )
  const run = [...dockerfile.matchAll(/"([^"]+\.ts)"/g)].map(([, file = '']) => file)
  const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
  const allowed = [...ignore.matchAll(/^!(.+)$/gm)].map(([, path = '']) => path)
  const within = (file: string, places: readonly string[]) =>
    places.some((place) => file === place || file.startsWith(`${place}/`))
  expect(run).toHaveLength(2)
  expect(run.filter((file) => !within(file, copied))).toEqual([])
  expect([...copied, ...run].filter((file) => !existsSync(join(ROOT, file)) || !within(file, allowed))).toEqual([])
})
