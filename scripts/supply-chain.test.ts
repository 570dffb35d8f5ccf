import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'bun:test'

const read = (path: string): string => readFileSync(resolve(import.meta.dir, '..', path), 'utf8')

interface Installed {
  readonly version: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

const { packages }: { readonly packages: Readonly<Record<string, Installed>> } = JSON.parse(read('package-lock.json'))
const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
const dependenciesOf = (path: string) =>
  Object.entries(packages[path]?.dependencies ?? {}).filter(([name]) => !name.startsWith('@inference-gateway/'))

test('every package is the one that was locked, byte for byte', () => {
  expect(installed.length).toBeGreaterThan(100)
  expect(installed.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))).toEqual([])
})

test('none but Bun runs a script when it is installed', () => {
  const running = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)
  expect(running.map(([path]) => path)).toEqual(['node_modules/bun'])
  expect(JSON.parse(read('package.json'))).toMatchObject({ allowScripts: { bun: true } })
})

test('the gateway needs ten packages at most, each in its exact version; what travels on the wire and the SDK need none', () => {
  const own = dependenciesOf('packages/gateway')
  expect(own.length).toBeLessThanOrEqual(10)
  expect(own.filter(([name, range]) => packages[`node_modules/${name}`]?.version !== range)).toEqual([])
  expect([...dependenciesOf('packages/protocol'), ...dependenciesOf('packages/sdk')]).toEqual([])
})

test('the image runs as nobody in particular', () => {
  expect(/^USER (.*)$/m.exec(read('Dockerfile'))?.[1]).toBe('65532:65532')
})
