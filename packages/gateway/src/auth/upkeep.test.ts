import { describe, expect, test } from 'bun:test'
import { keepFresh } from './upkeep.ts'

/** Runs through readings, `false` for one that fails, and tells the pauses after each in seconds. */
async function pausesAfter(
  readings: readonly boolean[],
  { jitter = 0, coolDownMs = 0 } = {},
): Promise<readonly number[]> {
  const closing = new AbortController()
  const left = [...readings]
  const pauses: number[] = []
  await keepFresh({
    read: async () => {
      if (left.shift() === false) throw new Error('down')
    },
    coolDownMs: () => coolDownMs,
    outcome: () => undefined,
    sleep: async (ms) => {
      pauses.push(ms / 1000)
      if (left.length === 0) closing.abort()
    },
    random: () => jitter,
    closed: closing.signal,
  })
  return pauses
}

describe('the upkeep', () => {
  test('refreshes within nine minutes, so that a verdict cached for one more keeps to ten', async () => {
    expect(await pausesAfter([true, true], { jitter: 0 })).toEqual([540, 540])
    expect(await pausesAfter([true], { jitter: 1 })).toEqual([480])
  })

  test('tries again with growing pauses that stay below five seconds', async () => {
    const down = [false, false, false, false, false, false]
    expect(await pausesAfter(down, { jitter: 1 })).toEqual([0.5, 1, 2, 4, 4, 4])
    expect(await pausesAfter(down, { jitter: 0 })).toEqual([0.25, 0.5, 1, 2, 2, 2])
  })

  test('begins with short pauses again after a success', async () => {
    expect(await pausesAfter([false, false, true, false], { jitter: 1 })).toEqual([0.5, 1, 480, 0.5])
  })

  test('waits for the cool-down', async () => {
    expect(await pausesAfter([false], { coolDownMs: 5000 })).toEqual([5])
  })
})
