import { expect } from 'bun:test'
import fc from 'fast-check'
import { proxyPath, withoutDoubledVersion } from '../../src/handlers/proxy-path.ts'
import { GatewayError } from '../../src/kernel/errors.ts'
import { fuzz, textOf } from './fuzz.ts'

const PIECES = [
  '/',
  '/',
  '.',
  '..',
  '%2e',
  '%2E',
  '%2f',
  '%5C',
  '\\',
  ';',
  '%3b',
  'v1',
  'a',
  '%00',
  '%',
  '@b.test',
  ':80',
]
const path = textOf([...PIECES, '%61', '%25', '//', 'é', ' ', '\n', '~', '*'])

const BASE = 'https://api.test/v1'

/** Where the most careless of servers would look: everything decoded once, `\` taken for `/`, parameters ignored. */
function carelessly(path: string): string {
  const decoded = path.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return new URL(
    BASE +
      decoded
        .replaceAll('\\', '/')
        .replaceAll(/;[^/]*/g, '')
        .replaceAll(/[?#]/g, '_'),
  ).href
}

const proxied = fc.property(path, (written) => {
  let passed: string
  try {
    passed = proxyPath(`/proxy/openai/${written}`).path
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toHaveProperty('code', 'invalid_target')
    return
  }
  expect(passed).toBe(`/${written}`)
  expect(new URL(BASE + passed).href).toStartWith(`${BASE}/`)
  expect(carelessly(passed)).toStartWith(`${BASE}/`)
})

const versioned = fc.property(fc.constantFrom('', '/v1', '/v2', '/v1beta', '/a'), path, (end, written) => {
  const shortened = withoutDoubledVersion(`https://api.test${end}`, `/${written}`)
  expect([`/${written}`, `/${written}`.slice(end.length)]).toContain(shortened)
  expect(shortened).toStartWith('/')
})

export const targets = [
  fuzz('a path on /proxy is refused, or stays as written and below the base URL', proxied),
  fuzz('a path loses its version once at most, and still begins with a slash', versioned),
]
