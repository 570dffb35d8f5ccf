import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../kernel/errors.ts'
import { attempt } from './attempt.ts'
import { createBreakers } from './breaker.ts'
import { defaultRetry, type Plan, type PlannedTarget, type RetryPolicy, routeRetry } from './plan.ts'
import { createRetryBudget } from './retry-budget.ts'
import { answered, fault, handClock, target } from './test/targets.ts'

const [a, b, c] = [target('a'), target('b'), target('c')]
const a2 = { ...a, model: 'other' }
const steady: RetryPolicy = { ...routeRetry(3), maxAttempts: 3, baseDelayMs: 100, maxDelayMs: 1000, budgetMs: 5000 }

const planOf = (targets: readonly PlannedTarget[], retry: Partial<RetryPolicy> = {}): Plan => ({
  requested: 'fast',
  targets,
  retry: { ...steady, ...retry },
})

/** Runs plans against scripted outcomes: what each target fails with, in turn; then it answers with its id. */
function scene(script: Readonly<Record<string, readonly unknown[]>> = {}) {
  const clock = handClock()
  const abort = new AbortController()
  const breakers = createBreakers({ clock, random: () => 0, emit: () => {} })
  const budget = createRetryBudget({ clock })
  const left = new Map(Object.entries(script).map(([id, errors]) => [id, [...errors]]))
  const seen = { asked: '', slept: [] as number[], indexes: [] as number[] }
  const parts = {
    clock,
    breakers,
    budget,
    random: () => 1,
    signal: abort.signal,
    sleep: async (ms: number, signal: AbortSignal) => {
      seen.slept.push(ms)
      clock.pass(ms)
      signal.throwIfAborted()
    },
  }
  const send = async ({ provider }: PlannedTarget, index: number) => {
    seen.asked += provider.id
    seen.indexes.push(index)
    const errors = left.get(provider.id) ?? []
    if (errors.length > 0) throw errors.shift()
    return provider.id
  }
  return { ...parts, parts, abort, seen, send, run: (plan: Plan) => attempt(plan, send, parts, parts) }
}

async function outcomeOf(run: Promise<unknown>): Promise<unknown> {
  try {
    return await run
  } catch (error) {
    return error
  }
}

const down = fault('connection_refused')
const busy = answered(503)
const wait = (seconds: number, status = 429) => answered(status, { headers: { 'retry-after': String(seconds) } })
const refused = answered(400)
const badKey = answered(401)
const bug = new TypeError('bug')
const empty = answered(429, { code: 'insufficient_quota' })
const stop = answered(500, { headers: { 'x-should-retry': 'false' } })
const tls = fault('tls_certificate_error')

type Script = Readonly<Record<string, readonly unknown[]>>
type Case = readonly [string, Plan, Script, { asked: string; slept: readonly number[]; outcome: unknown }]

describe('a plan', () => {
  const cases: readonly Case[] = [
    ['answers at the first try', planOf([a, b]), {}, { asked: 'a', slept: [], outcome: 'a' }],
    [
      'asks another provider when one refuses the key',
      planOf([a, b]),
      { a: [badKey] },
      { asked: 'ab', slept: [], outcome: 'b' },
    ],
    [
      'asks no other model with a key that was refused',
      planOf([a, a2, b]),
      { a: [badKey] },
      { asked: 'ab', slept: [], outcome: 'b' },
    ],
    [
      'ends with a refused key when all share it',
      planOf([a, a2]),
      { a: [badKey] },
      { asked: 'a', slept: [], outcome: 'same' },
    ],
    [
      'ends with a refused key when there is nobody else',
      planOf([a]),
      { a: [badKey] },
      { asked: 'a', slept: [], outcome: 'same' },
    ],
    ['falls over to the next target at once', planOf([a, b]), { a: [down] }, { asked: 'ab', slept: [], outcome: 'b' }],
    ['waits before the same target', planOf([a]), { a: [down] }, { asked: 'aa', slept: [100], outcome: 'a' }],
    [
      'waits twice as long each time',
      planOf([a]),
      { a: [down, busy] },
      { asked: 'aaa', slept: [100, 200], outcome: 'a' },
    ],
    [
      'waits no longer than the longest delay',
      planOf([a], { maxDelayMs: 150 }),
      { a: [down, down] },
      { asked: 'aaa', slept: [100, 150], outcome: 'a' },
    ],
    [
      'takes every target before it returns to one',
      planOf([a, b]),
      { a: [down], b: [down] },
      { asked: 'aba', slept: [100], outcome: 'a' },
    ],
    [
      'may name a target twice',
      planOf([a, a], { maxAttempts: 2 }),
      { a: [down] },
      { asked: 'aa', slept: [100], outcome: 'a' },
    ],
    [
      'waits at least as long as it is asked to',
      planOf([a]),
      { a: [wait(2)] },
      { asked: 'aa', slept: [2000], outcome: 'a' },
    ],
    ['gives up when that is too long', planOf([a]), { a: [wait(6)] }, { asked: 'a', slept: [], outcome: 'same' }],
    [
      'gives up when all waits together are too long',
      planOf([a]),
      { a: [wait(3), wait(3)] },
      { asked: 'aa', slept: [3000], outcome: 'same' },
    ],
    [
      'prefers the target that may be tried sooner',
      planOf([a, b]),
      { a: [wait(4, 500)], b: [down] },
      { asked: 'abb', slept: [100], outcome: 'b' },
    ],
    [
      'ends after its last attempt',
      planOf([a]),
      { a: [busy, busy, busy, busy] },
      { asked: 'aaa', slept: [100, 200], outcome: 'same' },
    ],
    ['never repeats a client error', planOf([a, b]), { a: [refused] }, { asked: 'a', slept: [], outcome: refused }],
    ['never repeats a bug', planOf([a, b]), { a: [busy], b: [bug] }, { asked: 'ab', slept: [], outcome: bug }],
    [
      'asks somebody else when an account is empty',
      planOf([a, b]),
      { a: [empty] },
      { asked: 'ab', slept: [], outcome: 'b' },
    ],
    ['does not return to an empty account', planOf([a]), { a: [empty] }, { asked: 'a', slept: [], outcome: empty }],
    ['obeys x-should-retry: false', planOf([a]), { a: [stop] }, { asked: 'a', slept: [], outcome: stop }],
    [
      'does not repeat a TLS fault, but falls over',
      planOf([a, b]),
      { a: [tls], b: [down] },
      { asked: 'abb', slept: [100], outcome: 'b' },
    ],
    [
      'throws the answer, not the later fault',
      planOf([a, b], { maxAttempts: 2 }),
      { a: [busy], b: [down] },
      { asked: 'ab', slept: [], outcome: busy },
    ],
    [
      'throws the last of two answers',
      planOf([a, b], { maxAttempts: 2 }),
      { a: [empty], b: [busy] },
      { asked: 'ab', slept: [], outcome: busy },
    ],
  ]
  test.each(cases)('%s', async (_, plan, script, expected) => {
    const { run, seen } = scene(script)
    const outcome = await outcomeOf(run(plan))
    expect({ asked: seen.asked, slept: seen.slept }).toEqual({ asked: expected.asked, slept: [...expected.slept] })
    expect(seen.indexes).toEqual(Array.from(seen.asked, (_, index) => index))
    if (expected.outcome !== 'same') expect(outcome).toBe(expected.outcome)
    else expect(Object.values(script).flat()).toContain(outcome)
  })

  test('draws the wait between half and the whole of the delay', async () => {
    const { parts, send, seen } = scene({ a: [down] })
    await attempt(planOf([a]), send, { ...parts, random: () => 0 }, parts)
    expect(seen.slept).toEqual([50])
  })
})

describe('without configuration', () => {
  const plan = (isEnabled: boolean): Plan => ({ requested: 'm', targets: [a], retry: defaultRetry(isEnabled) })
  test.each([
    ['a closed connection', fault('connection_terminated'), 'aa'],
    ['a refused connection', down, 'aa'],
    ['a timeout', fault('connection_timeout'), 'a'],
    ['silence', fault('http_response_timeout'), 'a'],
    ['a broken answer', fault('http_response_incomplete'), 'a'],
    ['a provider that answers 500', answered(500), 'a'],
    ['a provider that answers 429', wait(0), 'a'],
  ])('%s is met with its number of tries', async (_, error, asked) => {
    const { run, seen } = scene({ a: [error] })
    await outcomeOf(run(plan(true)))
    expect(seen).toMatchObject({ asked, slept: [] })
  })

  test('it is tried once more and never twice', async () => {
    const { run, seen } = scene({ a: [down, down, down] })
    expect(await outcomeOf(run(plan(true)))).toBe(down)
    expect(seen.asked).toBe('aa')
  })

  test('nothing is repeated when retries are off', async () => {
    const { run, seen } = scene({ a: [down] })
    expect(await outcomeOf(run(plan(false)))).toBe(down)
    expect(seen.asked).toBe('a')
  })
})

describe('a client that leaves', () => {
  const gone = new Error('gone')

  test('before another try starts nothing more', async () => {
    const { run, abort, seen } = scene({ a: [down] })
    abort.abort(gone)
    expect(await outcomeOf(run(planOf([a, b])))).toBe(gone)
    expect(seen.asked).toBe('a')
  })

  test('during a try ends the plan with its own reason', async () => {
    const { parts, abort, seen } = scene()
    const send = async () => {
      seen.asked += 'a'
      abort.abort(gone)
      throw down
    }
    expect(await outcomeOf(attempt(planOf([a, b]), send, parts, parts))).toBe(gone)
    expect(seen.asked).toBe('a')
  })

  test('during a wait ends the wait, and nothing new starts', async () => {
    const { parts, send, abort, seen } = scene({ a: [down] })
    const sleep = (_: number, signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        queueMicrotask(() => abort.abort(gone))
      })
    expect(await outcomeOf(attempt(planOf([a]), send, { ...parts, sleep }, parts))).toBe(gone)
    expect(seen.asked).toBe('a')
  })

  test('during a probe leaves the next one free', async () => {
    const { parts, send, breakers, clock } = scene({ a: [down, down, down, down, down] })
    const single = planOf([a], { maxAttempts: 1 })
    for (let count = 0; count < 5; count++) await outcomeOf(attempt(single, send, parts, parts))
    clock.pass(10_000)
    const abort = new AbortController()
    const leave = async () => {
      abort.abort(gone)
      throw gone
    }
    await outcomeOf(attempt(single, leave, parts, abort))
    expect(await attempt(single, send, parts, parts)).toBe('a')
    expect(breakers.look(a).state).toBe('closed')
  })
})

describe('breakers', () => {
  const five = [down, down, down, down, down]
  const single = { maxAttempts: 1 }
  async function opened(script: Script) {
    const stage = scene(script)
    for (const id of Object.keys(script)) {
      for (let count = 0; count < 5; count++) await outcomeOf(stage.run(planOf([target(id)], single)))
    }
    stage.seen.asked = ''
    return stage
  }

  test('a dead target is passed over', async () => {
    const { run, seen } = await opened({ a: five })
    expect(await run(planOf([a, b]))).toBe('b')
    expect(seen.asked).toBe('b')
  })

  test('when every target is dead the answer is quick, and says when to return', async () => {
    const { run, seen, clock } = await opened({ a: five, b: five })
    clock.pass(2500)
    const before = performance.now()
    const error = await outcomeOf(run(planOf([a, b])))
    expect(performance.now() - before).toBeLessThan(500)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: 'destination_unavailable', status: 503, headers: { 'retry-after': '8' } })
    expect(seen.asked).toBe('')
  })

  test('the fault that opens one is thrown, not what follows from it', async () => {
    const { run, seen } = scene({ a: [...five, down] })
    for (let count = 0; count < 4; count++) await outcomeOf(run(planOf([a], single)))
    expect(await outcomeOf(run(planOf([a], { maxAttempts: 9 })))).toBe(down)
    expect(seen.asked).toBe('aaaaa')
  })

  test('a provider that always answers 503 is passed over after five requests', async () => {
    const { run, seen } = await opened({ a: Array.from({ length: 5 }, () => busy) })
    expect(await run(planOf([a, b]))).toBe('b')
    expect(seen.asked).toBe('b')
  })

  test('a request that every provider fails at leaves them to the others, however often it is tried', async () => {
    const failing = Array.from({ length: 12 }, () => answered(500))
    const { run, seen, breakers } = scene({ a: failing, b: failing })
    const patient = planOf([a, b], { maxAttempts: 4, budgetMs: 60_000 })
    for (let count = 0; count < 4; count++) expect(await outcomeOf(run(patient))).toMatchObject({ status: 500 })
    expect([breakers.look(a).state, breakers.look(b).state]).toEqual(['closed', 'closed'])
    for (let count = 0; count < 2; count++) await outcomeOf(run(patient))
    expect([breakers.look(a).state, breakers.look(b).state]).toEqual(['open', 'open'])
    seen.asked = ''
    expect(await run(patient)).toBe('a')
    expect(breakers.look(a).state).toBe('closed')
  })

  test('a target that asked for a pause is passed over, but asked when nobody else is left', async () => {
    const { run, seen } = scene({ a: [wait(30)] })
    await outcomeOf(run(planOf([a], single)))
    expect(await run(planOf([a, b]))).toBe('b')
    expect(await run(planOf([a]))).toBe('a')
    expect(seen.asked).toBe('aba')
  })

  test('after the pause one request finds out', async () => {
    const { run, seen, clock } = await opened({ a: five })
    clock.pass(10_000)
    expect(await run(planOf([a]))).toBe('a')
    expect(await run(planOf([a]))).toBe('a')
    expect(seen.asked).toBe('aa')
  })
})

describe('the budget', () => {
  test('a dead provider gets at most 1.2 times the requests, and the others all of theirs', async () => {
    const { clock, parts } = scene()
    const breakers = createBreakers({ clock, random: () => 0, emit: () => {}, failures: Number.POSITIVE_INFINITY })
    let dead = 0
    const send = async ({ provider }: PlannedTarget) => {
      if (provider.id !== 'a') return provider.id
      dead += 1
      throw down
    }
    const outcomes: unknown[] = []
    for (let count = 0; count < 1000; count++) {
      clock.pass(10)
      await outcomeOf(attempt(planOf([a], { baseDelayMs: 0 }), send, { ...parts, breakers }, parts))
      outcomes.push(await outcomeOf(attempt(planOf([a, b]), send, { ...parts, breakers }, parts)))
    }
    expect(dead).toBeGreaterThan(2000)
    expect(dead).toBeLessThanOrEqual(2400)
    expect(new Set(outcomes)).toEqual(new Set(['b']))
  })

  test('passes over a provider that may not be asked again, to one that may', async () => {
    const other = { ...a, model: 'other' }
    const { parts, send, seen } = scene({ a: [down] })
    const budget = { note: () => {}, take: () => false }
    expect(await attempt(planOf([a, other, c]), send, { ...parts, budget }, parts)).toBe('c')
    expect(seen.asked).toBe('ac')
  })
})
