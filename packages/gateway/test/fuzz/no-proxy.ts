import { expect } from 'bun:test'
import fc from 'fast-check'
import { readException } from '../../src/upstream/no-proxy.ts'
import { fuzz, textOf } from './fuzz.ts'

/** As URLs write it. */
const ipV6 = fc
  .ipV6()
  .filter((address) => !address.includes('.'))
  .map((address) => new URL(`http://[${address}]`).hostname.slice(1, -1))
const host = fc.oneof(fc.ipV4(), ipV6, fc.domain(), textOf(['a', '.', 'test', '-', '10', '::1'], 6))
const port = fc.constantFrom(80, 443, 8443)

const binary = (address: string) =>
  address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')

/** An address that shares as many bits with another as is drawn. */
const pair = fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat(4)).map(([one, other, shared]) => {
  const parts = [...one.split('.').slice(0, shared), ...other.split('.').slice(shared)]
  return [one, parts.join('.')] as const
})

const ranges = fc.property(pair, fc.nat(40), port, ([network, address], bits, port) => {
  const isInside = bits <= 32 && binary(network).slice(0, bits) === binary(address).slice(0, bits)
  expect(readException(`${network}/${bits}`)(address, port)).toBe(isInside)
})

const entry = textOf(['*', '.', 'a', 'test', ':', '80', '/', '8', '10.0.0.1', '[', ']', '::1', ' ', '%', '\0'], 6)

const narrow = fc.property(entry, host, port, (written, host, port) => {
  if (!readException(written)(host, port) || written === '*' || written.includes('/')) return
  // A name lets through itself and what ends in it, and never a longer word that only ends alike.
  const [name = ''] = /[^[\]*.].*/.exec(written.toLowerCase()) ?? []
  expect(`.${host}:${port}`.replaceAll(/[[\]]/g, '')).toMatch(dotted(name))
})

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

const dotted = (name: string) => new RegExp(`\\.${escaped(name.replaceAll(/[[\]]/g, ''))}(?::\\d+)?$`)

export const noProxy = [
  fuzz('a range of addresses holds what shares its bits', ranges),
  fuzz('an entry excepts no host but its own and those below it', narrow),
]
