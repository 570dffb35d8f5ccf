import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { askable, type BreakerEvent, createBreakers, isBlocked, type Trial } from './breaker.ts'
import { answered, fault, handClock, target } from './test/targets.ts'

const [a, b] = [target('a'), target('b')]
const down = fault('connection_refused')
const pausing = (status: number, seconds: number) => answered(status, { headers: { 'retry-after': String(seconds) } })

function scene(options: { random?: () => number; limit?: number } = {}) {
  const clock = handClock()
  const events: BreakerEvent[] = []
  const emit = (event: BreakerEvent) => events.push(event)
  const breakers = createBreakers({ clock, random: () => 0, emit, ...options })
  const begin = (of = a): Trial => {
    const trial = breakers.begin(of)
    if (trial === null) throw new Error('refused')
    return trial
  }
  const fail = (times: number, error: unknown = down, of = a) => {
    for (let count = 0; count < times; count++) begin(of).failed(error)
  }
  return { clock, breakers, events, begin, fail, states: () => events.map(({ state }) => state) }
}

describe('opening', () => {
  test('takes five failures in a row, and is told once', () => {
    const { breakers, fail, events } = scene()
    fail(4)
    expect(breakers.look(a)).toEqual({ state: 'closed', until: 0, answers: true })
    fail(1)
    expect(breakers.look(a)).toEqual({ state: 'open', until: 10_000, answers: false })
    expect(breakers.begin(a)).toBeNull()
    expect(events).toEqual([{ type: 'breaker', provider: 'a', model: 'm', state: 'open', error: down }])
  })

  test('concerns one model of one provider', () => {
    const { breakers, fail } = scene()
    fail(5)
    expect(breakers.look(b).state).toBe('closed')
    expect(breakers.look({ ...a, model: 'other' }).state).toBe('closed')
  })

  test.each([
    ['a connection that is closed', fault('connection_terminated'), 'open'],
    ['silence', fault('http_response_timeout'), 'open'],
    ['a name that does not resolve', fault('dns_error'), 'open'],
    ['an untrusted certificate', fault('tls_certificate_error'), 'open'],
    ['an overloaded provider', answered(529), 'open'],
    ['a provider that is not there', answered(503), 'open'],
    ['an internal error of the provider', answered(500), 'open'],
    ['a conflict', answered(409), 'closed'],
    ['a limit without its time', answered(429), 'closed'],
    ['a wrong request', answered(400), 'closed'],
    ['a wrong key', answered(401), 'closed'],
    ['a bug', new TypeError('bug'), 'closed'],
  ] as const)('after any number of failures by %s', (_, error, state) => {
    const { breakers, begin } = scene()
    for (let count = 0; count < 50; count++) if (!isBlocked(breakers.look(a), handClock())) begin().failed(error)
    expect(breakers.look(a).state).toBe(state)
  })

  test.each([
    ['an answer', null, 'closed'],
    ['a client error', answered(404), 'closed'],
    ['a server error', answered(500), 'open'],
    ['a limit', answered(429), 'open'],
    ['a bug', new TypeError('bug'), 'open'],
  ] as const)('four failures, %s, one failure', (_, between, state) => {
    const { breakers, begin, fail } = scene()
    fail(4)
    if (between === null) begin().succeeded()
    else begin().failed(between)
    fail(1)
    expect(breakers.look(a).state).toBe(state)
  })
})

describe('one request that fails again and again', () => {
  test.each([
    ['by an answer', answered(500)],
    ['by the connection', down],
  ])('counts once: %s', (_, error) => {
    const { breakers, begin, fail } = scene()
    for (let count = 0; count < 20; count++) begin().failed(error, count > 0)
    fail(3, error)
    expect(breakers.look(a).state).toBe('closed')
    fail(1, error)
    expect(breakers.look(a).state).toBe('open')
  })

  test('is heard as a probe all the same', () => {
    const { clock, breakers, begin, fail } = scene()
    fail(5)
    clock.pass(10_000)
    begin().failed(down, true)
    expect(breakers.look(a).state).toBe('open')
  })
})

describe('a target that is left alone for its answers', () => {
  const broken = answered(500)

  test('is asked when nobody else is left, unlike one that gives none', () => {
    const { clock, breakers, fail } = scene()
    fail(5, broken)
    fail(5, down, b)
    const other = target('c')
    expect(askable([a, b, other], breakers, clock)).toEqual([other])
    expect(askable([a, b], breakers, clock)).toEqual([a])
    expect(askable([b], breakers, clock)).toEqual([])
  })

  test('is well again as soon as such a request is answered', () => {
    const { breakers, begin, fail } = scene()
    fail(5, broken)
    begin().succeeded()
    expect(breakers.look(a).state).toBe('closed')
  })

  test('rests no longer and no shorter for such requests, and is not asked at all once the connection fails', () => {
    const { clock, breakers, begin, fail } = scene()
    fail(5, broken)
    clock.pass(1)
    fail(3, broken)
    begin().abandoned()
    expect(breakers.look(a)).toEqual({ state: 'open', until: 10_000, answers: true })
    clock.pass(1)
    begin().failed(down)
    expect(breakers.look(a).answers).toBe(false)
    expect(breakers.begin(a)).toBeNull()
  })
})

describe('the probe', () => {
  test('is exactly one, and closes the breaker when it succeeds', () => {
    const { clock, breakers, begin, fail, states } = scene()
    fail(5)
    clock.pass(9999)
    expect(breakers.begin(a)).toBeNull()
    clock.pass(1)
    expect(breakers.look(a).state).toBe('half_open')
    const probe = begin()
    expect(breakers.begin(a)).toBeNull()
    probe.succeeded()
    expect(breakers.look(a).state).toBe('closed')
    expect(states()).toEqual(['open', 'half_open', 'closed'])
  })

  test.each([408, 429, 400])('closes it when the provider answers, be it to refuse: %p', (status) => {
    const { clock, breakers, begin, fail } = scene()
    fail(5)
    clock.pass(10_000)
    begin().failed(answered(status))
    expect(breakers.look(a).state).toBe('closed')
  })

  test('opens it for twice as long when it fails, up to a minute; health resets that', () => {
    const { clock, breakers, begin, fail } = scene()
    fail(5)
    const pauses: number[] = []
    for (let round = 0; round < 5; round++) {
      pauses.push(breakers.look(a).until - clock.elapsed())
      clock.pass(breakers.look(a).until - clock.elapsed())
      begin().failed(down)
    }
    expect(pauses).toEqual([10_000, 20_000, 40_000, 60_000, 60_000])
    clock.pass(60_000)
    begin().succeeded()
    fail(5)
    expect(breakers.look(a).until - clock.elapsed()).toBe(10_000)
  })

  test('comes a little earlier by chance, so that gateways do not probe together', () => {
    const { breakers, fail } = scene({ random: () => 0.5 })
    fail(5)
    expect(breakers.look(a).until).toBe(9000)
  })

  test('makes room for another when its client leaves', () => {
    const { clock, breakers, begin, fail } = scene()
    fail(5)
    clock.pass(10_000)
    begin().abandoned()
    expect(breakers.look(a).state).toBe('half_open')
    begin().succeeded()
    expect(breakers.look(a).state).toBe('closed')
  })

  test('that hangs is followed by another, and still counts', () => {
    const { clock, breakers, begin, fail } = scene()
    fail(5)
    clock.pass(10_000)
    const slow = begin()
    clock.pass(10_000)
    begin()
    slow.succeeded()
    expect(breakers.look(a).state).toBe('closed')
  })

  test('is not judged by requests sent before the breaker opened', () => {
    const { clock, breakers, begin, fail } = scene()
    const [good, bad, gone] = [begin(), begin(), begin()]
    fail(5)
    good.succeeded()
    expect(breakers.look(a).state).toBe('open')
    clock.pass(10_000)
    const probe = begin()
    bad.failed(down)
    gone.abandoned()
    expect(breakers.look(a).state).toBe('half_open')
    expect(breakers.begin(a)).toBeNull()
    probe.succeeded()
    expect(breakers.look(a).state).toBe('closed')
  })
})

describe('a pause the provider asks for', () => {
  test.each([429, 503, 529])('by %p is kept, while requests may still pass', (status) => {
    const { clock, breakers, begin, states } = scene()
    begin().failed(pausing(status, 20))
    expect(breakers.look(a)).toEqual({ state: 'cooling', until: 20_000, answers: true })
    expect(isBlocked(breakers.look(a), clock)).toBe(false)
    begin().succeeded()
    expect(breakers.look(a).state).toBe('cooling')
    clock.pass(20_000)
    expect(breakers.look(a)).toEqual({ state: 'closed', until: 0, answers: true })
    begin().succeeded()
    expect(states()).toEqual(['cooling', 'closed'])
  })

  test('is a minute at most, and a shorter one does not end a longer one', () => {
    const { breakers, begin } = scene()
    begin().failed(pausing(429, 3600))
    begin().failed(pausing(429, 1))
    expect(breakers.look(a).until).toBe(60_000)
  })

  test('is not read from other answers', () => {
    const { breakers, begin } = scene()
    begin().failed(pausing(500, 20))
    begin().failed(pausing(404, 20))
    expect(breakers.look(a).state).toBe('closed')
  })

  test('ends an opening when the probe hears it', () => {
    const { clock, breakers, begin, fail } = scene()
    fail(5)
    clock.pass(10_000)
    begin().failed(pausing(503, 5))
    expect(breakers.look(a)).toEqual({ state: 'cooling', until: 15_000, answers: true })
  })

  test('is no reason to forget that it answers', () => {
    const { breakers, begin, fail } = scene()
    begin().failed(pausing(429, 20))
    fail(4)
    begin().succeeded()
    fail(4)
    expect(breakers.look(a).state).toBe('cooling')
  })

  test('does not keep it from opening', () => {
    const { breakers, begin, fail } = scene()
    begin().failed(pausing(429, 20))
    fail(5)
    expect(breakers.look(a).state).toBe('open')
  })
})

test('only so many targets are remembered; one that is forgotten is told as closed', () => {
  const { breakers, fail, events } = scene({ limit: 2 })
  fail(5, down, target('first'))
  fail(1, down, target('second'))
  fail(1, down, target('third'))
  expect(breakers.look(target('first')).state).toBe('closed')
  expect(events.at(-1)).toEqual({ type: 'breaker', provider: 'first', model: 'm', state: 'closed', error: null })
})

describe('whatever happens', () => {
  const outcome = fc.constantFrom('succeeded', 'down', 'broken', 'limited', 'refused', 'pause', 'abandoned')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('begin' as const) }),
    fc.record({ kind: fc.constant('settle' as const), which: fc.nat(20), outcome }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 70_000 }) }),
  )
  const errors = { down, broken: answered(500), limited: answered(429), refused: answered(400), pause: pausing(429, 7) }

  test('an open target without answers is never asked, one probe runs at a time, and it comes back within a minute', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (steps, chance) => {
          const { clock, breakers, events } = scene({ random: () => chance })
          const running: Trial[] = []
          for (const action of steps) {
            const { state, until, answers } = breakers.look(a)
            const isShut = state === 'open' || state === 'half_open'
            expect(until - clock.elapsed()).toBeLessThanOrEqual(60_000)
            if (action.kind === 'pass') clock.pass(action.ms)
            else if (action.kind === 'begin') {
              const trial = breakers.begin(a)
              expect(trial === null).toBe(isShut && !answers && until > clock.elapsed())
              if (trial !== null && isShut && !answers) expect(breakers.begin(a)).toBeNull()
              if (trial !== null) running.push(trial)
            } else {
              const [trial] = running.splice(action.which % Math.max(1, running.length), 1)
              if (action.outcome === 'succeeded' || action.outcome === 'abandoned') trial?.[action.outcome]()
              else trial?.failed(errors[action.outcome])
            }
          }
          const told = events.map(({ state }) => state)
          expect(told.some((state, index) => state === (told[index - 1] ?? 'closed'))).toBe(false)
          clock.pass(60_000)
          breakers.begin(a)?.succeeded()
          expect(breakers.look(a).state).toBe('closed')
        },
      ),
    )
  })
})

test('what is forgotten of a provider is closed, and told once; others stay as they are', () => {
  const { breakers, fail, events } = scene()
  fail(5)
  fail(5, down, b)
  breakers.forget('a')
  breakers.forget('a')
  expect([breakers.look(a).state, breakers.look(b).state]).toEqual(['closed', 'open'])
  expect(events.map(({ provider, state }) => `${provider} ${state}`)).toEqual(['a open', 'b open', 'a closed'])
})
