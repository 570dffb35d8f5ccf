import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'bun:test'
import { parseEnvFile } from '../packages/gateway/src/config/env-file.ts'
import { parseGatewayFile } from '../packages/gateway/src/config/gateway-file.ts'
import { loadSettings } from '../packages/gateway/src/config/load.ts'
import { catalog } from '../packages/gateway/src/providers/catalog.ts'
import { pages, stalePages } from './print-reference.ts'
import { PROVIDERS_EXAMPLE, ROUTING_EXAMPLE } from './reference-examples.ts'

const root = resolve(import.meta.dir, '..')

test('the reference pages and .env.example are current: run scripts/print-reference.ts', async () => {
  expect(await stalePages(root)).toEqual([])
})

test('a page that is missing or differs by a byte is stale', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'reference-'))
  try {
    for (const [path, text] of pages()) await Bun.write(join(elsewhere, path), text)
    expect(await stalePages(elsewhere)).toEqual([])
    await Bun.write(join(elsewhere, 'docs/reference/errors.md'), `${pages().get('docs/reference/errors.md')} `)
    await rm(join(elsewhere, '.env.example'))
    expect(await stalePages(elsewhere)).toEqual(['docs/reference/errors.md', '.env.example'])
  } finally {
    await rm(elsewhere, { recursive: true })
  }
})

test('the example of the providers page is one the gateway takes', () => {
  const { providers, problems } = parseGatewayFile(PROVIDERS_EXAMPLE, 'example', catalog)
  expect(problems).toEqual([])
  expect(providers.map(({ id }) => id)).toEqual(['my-vllm', 'acme'])
})

test('the example of the routing page is one the gateway takes', () => {
  const { models, problems } = parseGatewayFile(ROUTING_EXAMPLE, 'example', catalog)
  expect(problems).toEqual([])
  expect([...models.keys()]).toEqual(['fast', 'careful'])
})

test('.env.example changes nothing as it is, and nothing when its settings are uncommented', async () => {
  const text = pages().get('.env.example') ?? ''
  const load = (envFile: string) => loadSettings([parseEnvFile(envFile)], { catalog, readFile: () => '' })
  expect(parseEnvFile(text)).toMatchObject({ values: {}, problems: [], warnings: [] })
  const uncommented = text.replace(/^# (?=[A-Z_]+=)/gm, '')
  expect(Object.keys(parseEnvFile(uncommented).values).length).toBeGreaterThan(50)
  const { settings, warnings } = await load(uncommented)
  expect(settings).toEqual((await load('')).settings)
  expect(warnings).toEqual([])
})
