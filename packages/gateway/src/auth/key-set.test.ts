import { describe, expect, test } from 'bun:test'
import type { JsonObject } from './json-object.ts'
import { createKeySet } from './key-set.ts'
import { rsaSigner } from './test/forger.ts'
import { virtualTime } from './test/virtual-time.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const URL = 'https://id.example/certs'

const { jwk: first } = await rsaSigner({ kid: 'first' })
const { jwk: second } = await rsaSigner({ kid: 'second' })

function setUp() {
  const time = virtualTime()
  const issuer: { answer: JsonObject | Error; asked: number } = { answer: { keys: [first] }, asked: 0 }
  const keySet = createKeySet(async () => {
    issuer.asked += 1
    if (issuer.answer instanceof Error) throw issuer.answer
    return issuer.answer
  }, time.clock)
  const kids = (): readonly unknown[] | null => {
    const keys = keySet.current()
    return keys && [...new Set(keys.map(({ kid }) => kid))]
  }
  return { time, issuer, keySet, kids }
}

async function warm() {
  const parts = setUp()
  await parts.keySet.refresh(URL)
  return parts
}

describe('the key set', () => {
  test('has nothing to offer before it was read', () => expect(setUp().kids()).toBeNull())

  test('offers an RSA key that names no algorithm for each it can serve', async () => {
    const { keySet } = await warm()
    expect(keySet.current()?.map(({ algorithm }) => algorithm)).toEqual([
      'RS256',
      'RS384',
      'RS512',
      'PS256',
      'PS384',
      'PS512',
    ])
  })

  test('is read once for all who ask at the same time', async () => {
    const { issuer, keySet } = setUp()
    await Promise.all(Array.from({ length: 500 }, () => keySet.refresh(URL)))
    expect(issuer.asked).toBe(1)
  })

  const useless: readonly (readonly [string, JsonObject])[] = [
    ['an empty set', { keys: [] }],
    ['no set', { error: 'maintenance' }],
    ['a set that is an object', { keys: { first } }],
    ['shared secrets', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'first', alg: 'HS256' }] }],
    ['keys for encryption', { keys: [{ ...first, use: 'enc' }] }],
    ['keys that may not verify', { keys: [{ ...first, key_ops: ['encrypt'] }] }],
    ['a private key', { keys: [{ ...first, d: 'AQAB' }] }],
    ['a key for an algorithm that is not its own', { keys: [{ ...first, alg: 'ES256' }] }],
    [
      'broken keys',
      { keys: [{ kty: 'RSA', n: '!', e: 7 }, null, 'key', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }] },
    ],
  ]
  test.each(useless)('keeps what it has when it reads %s', async (_, answer) => {
    const { issuer, keySet, kids } = await warm()
    issuer.answer = answer
    await expect(keySet.refresh(URL)).rejects.toThrow(/no usable key/)
    expect(kids()).toEqual(['first'])
  })

  test('cools down for five seconds after a failure', async () => {
    const { time, issuer, keySet } = await warm()
    issuer.answer = new Error('down')
    await expect(keySet.refresh(URL)).rejects.toThrow('down')
    time.advance(4999)
    await expect(keySet.refresh(URL)).rejects.toThrow('down')
    expect([issuer.asked, keySet.coolDownMs()]).toEqual([2, 1])
    time.advance(1)
    await expect(keySet.refresh(URL)).rejects.toThrow('down')
    expect(issuer.asked).toBe(3)
  })

  test('serves stale keys for an hour beyond their age of ten minutes, and no longer', async () => {
    const { time, kids } = await warm()
    time.advance(70 * MINUTE - 1)
    expect(kids()).toEqual(['first'])
    time.advance(1)
    expect(kids()).toBeNull()
  })

  test('looks for an unknown key at most once in 30 s, known ones cost nothing', async () => {
    const { time, issuer, keySet, kids } = await warm()
    issuer.answer = { keys: [first, second] }
    await keySet.seek('first')
    expect(issuer.asked).toBe(1)
    await Promise.all(['second', 'third', 'fourth'].map((kid) => keySet.seek(kid)))
    expect([issuer.asked, kids()]).toEqual([2, ['first', 'second']])
    time.advance(30 * SECOND - 1)
    await keySet.seek('third')
    expect(issuer.asked).toBe(2)
    time.advance(1)
    await keySet.seek('third')
    expect(issuer.asked).toBe(3)
  })

  test('does not let an unknown key end the cool-down', async () => {
    const { time, issuer, keySet } = await warm()
    issuer.answer = new Error('down')
    await keySet.refresh(URL).catch(() => undefined)
    await keySet.seek('second')
    expect(issuer.asked).toBe(2)
    issuer.answer = { keys: [second] }
    time.advance(5 * SECOND)
    await keySet.seek('second')
    expect(issuer.asked).toBe(3)
  })

  test('looks for nothing before it was told where', async () => {
    const { issuer, keySet } = setUp()
    await keySet.seek('first')
    expect(issuer.asked).toBe(0)
  })
})
