import { describe, expect, test } from 'bun:test'
import { aborted } from './faults.ts'
import { bodyOf } from './stream.ts'
import { simulated, user } from './testing.ts'

const messages = [user('one two three four')]
const total = (slept: readonly number[]) => Math.round(slept.reduce((sum, ms) => sum + ms, 0))

describe('pace', () => {
  const cases: [string, object, string, boolean, number[]][] = [
    ['waits for the first token, then for each', { tokensPerSecond: 20 }, 'echo', true, [150, 50, 50, 50, 50]],
    ['a plain answer waits for the first token alone', { tokensPerSecond: 20 }, 'echo', false, [150]],
    ['0 tokens per second waits for nothing', { tokensPerSecond: 0 }, 'echo', true, []],
    ['the first token can be set alone', { tokensPerSecond: 0, firstTokenMs: 40 }, 'echo', true, [40]],
    ['the model name sets the pace', {}, 'echo?tps=10&ttft=500', true, [500, 100, 100, 100, 100]],
    ['the model name sets it to none', {}, 'echo?tps=0&ttft=0', true, []],
    ['several tokens share a wait at a high pace', {}, 'echo?tps=100&ttft=0', true, [20, 20]],
    ['a very high pace waits for nothing in a short answer', {}, 'echo?tps=1000&ttft=0', true, []],
  ]
  test.each(cases)('%s', async (_name, options, model, stream, expected) => {
    const { ask, slept } = simulated(options)
    await (await ask({ model, messages, stream })).text()
    expect(slept).toEqual(expected)
  })

  test('slow takes its time even where nothing else does', async () => {
    const { ask, slept } = simulated({ tokensPerSecond: 0 })
    await (await ask({ model: 'slow', messages, stream: true })).text()
    expect(slept.slice(0, 3)).toEqual([3000, 200, 200])
  })

  test('a long answer takes as long as its tokens do', async () => {
    for (const [tps, ms] of [
      [50, 6000],
      [1000, 300],
      [100_000, 0],
    ] as const) {
      const { ask, slept } = simulated()
      await (await ask({ model: `lorem?tokens=300&tps=${tps}&ttft=0`, messages, stream: true })).text()
      expect(Math.abs(total(slept) - ms)).toBeLessThanOrEqual(15)
    }
  })

  test('choices told side by side take no longer than one', async () => {
    const { ask, slept } = simulated({ tokensPerSecond: 20 })
    await (await ask({ model: 'echo', messages, stream: true, n: 3 })).text()
    expect(total(slept)).toBe(350)
  })

  test('the status line does not wait', async () => {
    const { ask, slept } = simulated()
    const response = await ask({ model: 'slow', messages, stream: true })
    expect([response.status, slept]).toEqual([200, []])
  })
})

describe('leaving', () => {
  const reason = new Error('gone')
  const forEver = { sleep: (_ms: number, signal: AbortSignal) => aborted(signal) }

  test('ends a wait for the first token at once', async () => {
    const leaving = new AbortController()
    const response = await simulated(forEver).ask({ model: 'chat', messages, stream: true }, leaving.signal)
    const reading = response.text()
    leaving.abort(reason)
    expect(await reading.catch((error: unknown) => error)).toBe(reason)
  })

  test('ends the wait of a plain answer at once', async () => {
    const leaving = new AbortController()
    const asking = simulated(forEver).ask({ model: 'chat', messages }, leaving.signal)
    leaving.abort(reason)
    expect(await asking.catch((error: unknown) => error)).toBe(reason)
  })

  test('ends a stream that nobody reads at the moment', async () => {
    const leaving = new AbortController()
    const { ask } = simulated({ tokensPerSecond: 0 })
    const reader = (await ask({ model: 'chat', messages, stream: true }, leaving.signal)).body?.getReader()
    await reader?.read()
    leaving.abort(reason)
    expect(await reader?.read().catch((error: unknown) => error)).toBe(reason)
  })

  test('before asking is answered with the reason', async () => {
    const asking = simulated().ask({ model: 'chat', messages }, AbortSignal.abort(reason))
    expect(await asking.catch((error: unknown) => error)).toBe(reason)
  })

  test('while the request is still arriving ends it', async () => {
    const leaving = new AbortController()
    const asking = simulated().send({ body: new ReadableStream(), signal: leaving.signal })
    leaving.abort(reason)
    expect(await asking.catch((error: unknown) => error)).toBe(reason)
  })

  test('after the end changes nothing', async () => {
    const leaving = new AbortController()
    const response = await simulated().ask({ model: 'echo', messages, stream: true }, leaving.signal)
    const text = await response.text()
    leaving.abort(reason)
    expect(text).toEndWith('data: [DONE]\n\n')
  })

  test('by cancelling the body ends the wait it is in', async () => {
    const ends: unknown[] = []
    const sleep = (_ms: number, signal: AbortSignal) =>
      aborted(signal).catch((error: unknown) => {
        ends.push(error)
        throw error
      })
    const response = await simulated({ sleep }).ask({ model: 'chat', messages, stream: true })
    const reader = response.body?.getReader()
    const reading = reader?.read()
    await reader?.cancel(reason)
    expect(await reading).toEqual({ done: true, value: undefined })
    expect(ends).toEqual([reason])
  })
})

test('nothing is made before it is read, and one event for each read', async () => {
  const made: number[] = []
  async function* texts() {
    for (let index = 0; ; index++) {
      made.push(index)
      yield `${index}`
    }
  }
  const reader = bodyOf(texts, new AbortController().signal).getReader()
  expect(made).toEqual([])
  await reader.read()
  await reader.read()
  expect(made).toEqual([0, 1])
  await reader.cancel()
  expect(made).toEqual([0, 1])
})
