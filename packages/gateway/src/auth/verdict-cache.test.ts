import { describe, expect, test } from 'bun:test'
import type { Caller } from '../kernel/caller.ts'
import { virtualTime } from './test/virtual-time.ts'
import { createVerdictCache, type Verdict } from './verdict-cache.ts'

const caller: Caller = { kind: 'oidc', id: 'ada', scopes: new Set() }

function setUp({ lifetimeMs = 600_000, limit = 10 } = {}) {
  const time = virtualTime()
  const verdicts = createVerdictCache({ clock: time.clock, limit })
  const examined: string[] = []
  const ask = (token: string): Promise<Caller> =>
    verdicts(token, async (): Promise<Verdict> => {
      examined.push(token)
      return { caller, expiresAt: time.clock.now() + lifetimeMs }
    })
  return { time, verdicts, examined, ask }
}

describe('the verdict on a token', () => {
  test('is remembered for a minute', async () => {
    const { time, examined, ask } = setUp()
    expect(await ask('good')).toBe(caller)
    time.advance(59_999)
    expect(await ask('good')).toBe(caller)
    expect(examined.length).toBe(1)
    time.advance(1)
    await ask('good')
    expect(examined.length).toBe(2)
  })

  test('is not remembered beyond the expiry of the token', async () => {
    const { time, examined, ask } = setUp({ lifetimeMs: 2000 })
    await ask('good')
    time.advance(2000)
    await ask('good')
    expect(examined.length).toBe(2)
  })

  test('is found by the whole token only', async () => {
    const { examined, ask } = setUp()
    const token = 'x'.repeat(300)
    await ask(token)
    for (const length of [20, 64, 256, 299]) await ask(`${token.slice(0, length)}${'y'.repeat(300 - length)}`)
    expect(examined.length).toBe(5)
  })

  test('gives way when it was not used for longest', async () => {
    const { examined, ask } = setUp({ limit: 2 })
    for (const token of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(token)
    expect(examined).toEqual(['a', 'b', 'c', 'b'])
  })

  test('is reached once for many who ask at the same time', async () => {
    const { examined, ask } = setUp()
    await Promise.all(Array.from({ length: 100 }, () => ask('good')))
    expect(examined.length).toBe(1)
  })

  test('is not remembered when it is bad', async () => {
    const { verdicts, examined, ask } = setUp()
    await expect(verdicts('late', () => Promise.reject(new Error('bad')))).rejects.toThrow('bad')
    await ask('late')
    expect(examined).toEqual(['late'])
  })
})
