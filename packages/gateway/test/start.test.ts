import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'bun:test'

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

const messages = (lines: readonly string[]) => warnings(lines).map(({ msg }) => String(msg))

const warnings = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line)).filter(({ level }) => level !== 'info' && level !== 'debug')

test('with nothing set there is nothing to warn of', async () => {
  const lines = await linesOf({}, /model list unavailable/)
  expect(lines.join()).toContain('ollama')
  expect(warnings(lines)).toEqual([])
})

test('a local server that was set and is not there is warned of', async () => {
  const lines = await linesOf({ OLLAMA_API_URL: 'http://127.0.0.1:1' }, /model list unavailable/)
  expect(warnings(lines)).toMatchObject([{ level: 'warn', provider: 'ollama' }])
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

test.each(['ENABLE_AUTH', 'AUTH_ENABLED'])('%s with an empty issuer does not start', async (name) => {
  const [heading, ...problems] = await linesOf({ [name]: 'true', OIDC_ISSUER_URL: '' }, /listening on/)
  expect(heading).toBe('One setting is wrong:')
  expect(problems).toEqual(['  OIDC_ISSUER_URL: expected a value, since ENABLE_AUTH is true'])
})
