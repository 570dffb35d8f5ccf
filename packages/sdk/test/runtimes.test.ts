/**
 * The published package where it is said to run. What is not installed here is skipped: `deno`, `publint` and `attw` come
 * from the registry, a browser from the system.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../../gateway/test/support/gateway.ts'
import { createConsumer } from './support/consumer.ts'
import { EXPECTED, loading, program } from './support/program.ts'

const results = new Map<string, PromiseWithResolvers<unknown>>()
const resultOf = (path: string) => {
  const result = results.get(path) ?? Promise.withResolvers<unknown>()
  results.set(path, result)
  return result
}
const site = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })
const server = await startGateway({ env: { SIMULATOR_ENABLED: 'true', CORS_ALLOWED_ORIGINS: site.url.origin } })
const { built, run, write, install, remove } = createConsumer({ INFERENCE_GATEWAY_URL: server.url })
const browser = Bun.which('chromium') ?? Bun.which('google-chrome')

beforeAll(install, 60_000)

afterAll(async () => {
  remove()
  await Promise.all([server.close(), site.stop(true)])
})

const esModule = (main: string, address = (name: string) => name) =>
  `${loading((names, from) => `import { ${names} } from '${address(from)}'`)}\n${main}`
const printing = `console.log(await (async () => {${program()}})())`

describe('the package does its work', () => {
  const commonJs = `${loading((names, from) => `const { ${names} } = require('${from}')`)}
    void (async () => {${program()}})().then(console.log)`
  const programs: [string, string | null, string[], string, string][] = [
    ['on Node, as an ES module', Bun.which('node'), [], 'program.mjs', esModule(printing)],
    ['on Node, as CommonJS', Bun.which('node'), [], 'program.cjs', commonJs],
    ['on Bun', process.execPath, [], 'program.mjs', esModule(printing)],
    ['on Deno', Bun.which('deno'), ['run', '--allow-net', '--allow-env'], 'program.mjs', esModule(printing)],
  ]
  for (const [name, path, flags, file, text] of programs)
    test.skipIf(path === null)(name, async () => {
      expect(JSON.parse(await run(path ?? '', ...flags, write(file, text)))).toEqual(EXPECTED)
    })

  test.skipIf(browser === null)('in a browser, in its page and in a worker', async () => {
    const profile = mkdtempSync(join(tmpdir(), 'browser-'))
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`, site.url.href]
    const child = Bun.spawn([browser ?? '', ...flags], { stdout: 'ignore', stderr: 'ignore' })
    try {
      expect(await Promise.all([resultOf('/page').promise, resultOf('/worker').promise])).toEqual([EXPECTED, EXPECTED])
    } finally {
      child.kill()
      await child.exited
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  })
})

describe('the package is well made', () => {
  const checks: [string, string, string[]][] = [
    ['publint', 'publint', ['run', built, '--strict', '--pack=npm']],
    ['are the types wrong', 'attw', ['--pack', built, '--entrypoints', '.', 'tools', 'schema']],
    [
      'nor those of its ES modules',
      'attw',
      ['--pack', built, '--profile=esm-only', '--entrypoints', 'testing', 'ai-sdk'],
    ],
  ]
  for (const [name, tool, flags] of checks)
    test.skipIf(Bun.which(tool) === null)(name, async () => void (await run(tool, ...flags)), 60_000)
})

/** A page and a worker that run the program and tell what came of it, and the package's own files for both. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (request.method === 'POST') {
    resultOf(pathname).resolve(await request.json().catch(String))
    return new Response()
  }
  const script = (text: string) => new Response(text, { headers: { 'content-type': 'text/javascript' } })
  const main = (path: string) =>
    esModule(
      `const said = await (async () => {${program(JSON.stringify({ baseURL: server.url }))}})().catch((error) => JSON.stringify(String(error)))
       await fetch('${path}', { method: 'POST', body: said })`,
      (name) => name.replace(/^@inference-gateway\/sdk\/?(.*)$/, (_, entry: string) => `/sdk/${entry || 'index'}.js`),
    )
  if (pathname === '/page.js') return script(`new Worker('/worker.js', { type: 'module' })\n${main('/page')}`)
  if (pathname === '/worker.js') return script(main('/worker'))
  if (pathname.startsWith('/sdk/')) return new Response(Bun.file(join(built, pathname.slice('/sdk/'.length))))
  return new Response('<script type="module" src="/page.js"></script>', { headers: { 'content-type': 'text/html' } })
}
