import { afterEach, describe, expect, test } from 'bun:test'
import { forge, part, rsaSigner, type Signer } from './test/forger.ts'
import { outcomeOf, startHarness, type Harness } from './test/harness.ts'
import {
  DISCOVERY,
  hang,
  JWKS,
  nonsense,
  startScriptedProvider,
  type ScriptedProvider,
} from './test/scripted-provider.ts'
import { until } from './test/virtual-time.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

const unavailable = [503, { 'retry-after': '5' }]
const invalid = [401, { 'www-authenticate': 'Bearer realm="inference-gateway", error="invalid_token"' }]

const first = await rsaSigner({ kid: 'first' })
const second = await rsaSigner({ kid: 'second' })

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

function startProvider(port = 0): ScriptedProvider {
  const provider = startScriptedProvider({ keys: [first.jwk], port })
  cleanups.push(() => provider.stop())
  return provider
}

function harnessFor(issuerUrl: string): Harness {
  const harness = startHarness(issuerUrl)
  cleanups.push(() => harness.verifier.close())
  return harness
}

async function warm() {
  const provider = startProvider()
  const harness = harnessFor(provider.issuer)
  await harness.nextReading(() => harness.verifier.start())
  return { provider, ...harness }
}

/** A token that stays good for a day. */
function tokenBy({ jwk, sign }: Signer, issuer: string, { time }: Pick<Harness, 'time'>, sub = 'ada'): Promise<string> {
  const exp = Math.floor(time.clock.now() / 1000) + 24 * 3600
  return forge({ alg: 'RS256', kid: jwk.kid }, { iss: issuer, aud: 'gateway', exp, sub }, sign)
}

const madeUp = (kid: string): string => `${part({ alg: 'RS256', kid })}.e30.c2ln`

describe('while the identity provider is down at start', () => {
  test('nobody is let in, whatever the token; once it is back, five seconds are enough', async () => {
    const absent = startScriptedProvider({})
    await absent.stop()
    const harness = harnessFor(absent.issuer)
    const { verifier, time, events } = harness
    await harness.nextReading(() => verifier.start())
    for (let failures = 1; failures < 6; failures++) await harness.nextReading(() => time.advance(4 * SECOND))

    const token = await tokenBy(first, absent.issuer, harness)
    for (const each of ['', 'abc', madeUp('x'), await tokenBy(second, absent.issuer, harness), token]) {
      expect(await outcomeOf(verifier, each)).toEqual(unavailable)
    }
    expect(verifier.ready()).toBe(false)
    expect(events).toEqual([
      { type: 'auth.unavailable', issuer: absent.issuer, reason: expect.any(String), serving: false },
    ])

    startProvider(absent.port)
    await harness.nextReading(() => time.advance(5 * SECOND))
    expect([verifier.ready(), await outcomeOf(verifier, token)]).toEqual([true, 'ada'])
    expect(events.at(-1)).toEqual({ type: 'auth.available', issuer: absent.issuer })
  })

  test('500 requests that come with the first reading wait for it together', async () => {
    const provider = startProvider()
    const { verifier, time } = harnessFor(provider.issuer)
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, n) => tokenBy(first, provider.issuer, { time }, `u${n}`)),
    )
    verifier.start()
    verifier.start()
    const outcomes = await Promise.all(Array.from({ length: 500 }, (_, n) => outcomeOf(verifier, tokens[n % 20] ?? '')))
    expect(outcomes).toEqual(Array.from({ length: 500 }, (_, n) => `u${n % 20}`))
    expect([provider.asked(DISCOVERY), provider.asked(JWKS)]).toEqual([1, 1])
  })
})

describe('metadata', () => {
  const otherHost = 'http://127.0.0.2/jwks'
  const refused: readonly (readonly [string, (provider: ScriptedProvider) => void, RegExp])[] = [
    ...Object.entries(nonsense).map(
      ([name, answer]) =>
        [name, ({ answers }: ScriptedProvider) => answers.set(DISCOVERY, answer), /openid-configuration: /] as const,
    ),
    [
      'of another issuer',
      (provider) => (provider.metadata['issuer'] = `${provider.issuer}/`),
      /^issuer_mismatch want=.* got=/,
    ],
    [
      'with keys on another host',
      (provider) => (provider.metadata['jwks_uri'] = otherHost),
      /^jwks_uri .*not on the host/,
    ],
    ['of an issuer without keys', (provider) => (provider.keys = []), /no usable key/],
  ]
  test.each(refused)('is not believed: %s', async (_, script, reason) => {
    const provider = startProvider()
    script(provider)
    const harness = harnessFor(provider.issuer)
    await harness.nextReading(() => harness.verifier.start())
    expect(harness.events).toMatchObject([
      { type: 'auth.unavailable', reason: expect.stringMatching(reason), serving: false },
    ])
    expect(await outcomeOf(harness.verifier, await tokenBy(first, provider.issuer, harness))).toEqual(unavailable)
    expect(provider.asked('/elsewhere')).toBe(0)
  })

  test('is waited for five seconds', async () => {
    const provider = startProvider()
    provider.answers.set(DISCOVERY, hang)
    const harness = harnessFor(provider.issuer)
    harness.verifier.start()
    await harness.nextReading(() => harness.time.advance(5 * SECOND))
    expect(harness.events).toMatchObject([{ reason: expect.stringContaining('no answer within 5000 ms') }])
  })
})

describe('while the key set cannot be read anew', () => {
  const broken = { ...nonsense, 'an empty set': () => Response.json({ keys: [] }) }
  test.each(Object.entries(broken))('the keys at hand serve for an hour: %s', async (_, answer) => {
    const { provider, verifier, time, events, nextReading } = await warm()
    const token = await tokenBy(first, provider.issuer, { time })
    provider.answers.set(JWKS, answer)
    await nextReading(() => time.advance(9 * MINUTE))
    expect(events.at(-1)).toMatchObject({ type: 'auth.unavailable', serving: true })
    for (let failures = 1; failures < 4; failures++) await nextReading(() => time.advance(5 * SECOND))
    expect([await outcomeOf(verifier, token), provider.asked(JWKS)]).toEqual(['ada', 5])
    // A key we do not know is an invalid one, not a reason to ask for patience.
    expect(await outcomeOf(verifier, madeUp('unknown'))).toEqual(invalid)

    await nextReading(() => time.advance(61 * MINUTE))
    expect([verifier.ready(), await outcomeOf(verifier, token)]).toEqual([false, unavailable])
    expect(events.at(-1)).toMatchObject({ type: 'auth.unavailable', serving: false })

    provider.answers.clear()
    await nextReading(() => time.advance(5 * SECOND))
    expect([verifier.ready(), await outcomeOf(verifier, token)]).toEqual([true, 'ada'])
  })

  test('no request waits for an answer that never comes', async () => {
    const { provider, verifier, time } = await warm()
    provider.answers.set(JWKS, hang)
    time.advance(9 * MINUTE)
    expect(await outcomeOf(verifier, await tokenBy(first, provider.issuer, { time }))).toBe('ada')
  })
})

describe('when keys rotate', () => {
  test('the first token of a new key is good after one fetch, the old key until it is gone', async () => {
    const { provider, verifier, time, nextReading } = await warm()
    const [old, fresh] = await Promise.all([
      tokenBy(first, provider.issuer, { time }),
      tokenBy(second, provider.issuer, { time }),
    ])
    expect(await outcomeOf(verifier, old)).toBe('ada')

    provider.keys = [first.jwk, second.jwk]
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(verifier, fresh)))
    expect(new Set(outcomes)).toEqual(new Set(['ada']))
    expect(provider.asked(JWKS)).toBe(2)

    provider.keys = [second.jwk]
    await nextReading(() => time.advance(9 * MINUTE))
    expect([await outcomeOf(verifier, old), await outcomeOf(verifier, fresh)]).toEqual([invalid, 'ada'])
  })

  test('a flood of made-up key ids costs two fetches a minute and disturbs nobody', async () => {
    const { provider, verifier, time } = await warm()
    const good = await tokenBy(first, provider.issuer, { time })
    for (let second = 0; second < 60; second++) {
      const flood = Array.from({ length: 150 }, (_, n) => outcomeOf(verifier, madeUp(`${second}-${n}`)))
      expect(await outcomeOf(verifier, good)).toBe('ada')
      expect((await Promise.all(flood)).every((outcome) => Bun.deepEquals(outcome, invalid))).toBe(true)
      time.advance(SECOND)
    }
    expect(provider.asked(JWKS) - 1).toBe(2)
  })

  test('a key set that has moved is found', async () => {
    const { provider, verifier, time, nextReading } = await warm()
    provider.metadata['jwks_uri'] = `${provider.issuer}/moved`
    provider.answers.set(JWKS, () => new Response('', { status: 404 }))
    provider.answers.set('/moved', () => Response.json({ keys: [second.jwk] }))
    await nextReading(() => time.advance(9 * MINUTE))
    expect(await outcomeOf(verifier, await tokenBy(second, provider.issuer, { time }))).toBe('ada')
  })
})

describe('when the gateway closes', () => {
  test('no timer is left', async () => {
    const { verifier, time } = await warm()
    await until(() => time.sleeping() === 1)
    verifier.close()
    expect(time.sleeping()).toBe(0)
  })

  test('the call underway ends and no other follows', async () => {
    const provider = startProvider()
    const gone = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    provider.answers.set(DISCOVERY, (request) => {
      request.signal.addEventListener('abort', () => gone.resolve())
      arrived.resolve()
      return hang(request)
    })
    const { verifier, time, events } = harnessFor(provider.issuer)
    verifier.start()
    await arrived.promise
    verifier.close()
    await gone.promise
    time.advance(10 * MINUTE)
    expect([provider.asked(DISCOVERY), events]).toEqual([1, []])
  })
})
