import { afterAll, describe, expect, test } from 'bun:test'
import { askOnce, createClient } from './client.ts'
import { FAULTS, type Script } from './script.ts'
import { listenAsProvider } from './provider.ts'

const provider = listenAsProvider(0)
afterAll(() => provider.stop(true))

const stream: Script = { id: 7, events: 4, gapMs: 1, fault: null }
const whole: Script = { ...stream, events: 0 }

describe('a client that asks the provider itself', () => {
  test('finds every byte of a stream and of a whole answer right, on one connection', async () => {
    const client = createClient(provider.port)
    for (const script of [stream, whole, stream]) {
      const { end, status, isRight, problem } = await client.ask(script).outcome
      expect({ end, status, isRight, problem }).toEqual({ end: 'whole', status: 200, isRight: true, problem: null })
    }
    client.close()
  })

  test.each([stream, whole])('never takes a faulty answer for a right one: $events events', async (script) => {
    for (const fault of FAULTS.filter((fault) => fault !== 'stall')) {
      const { isRight } = await askOnce(provider.port, { ...script, fault }).outcome
      expect([fault, isRight]).toEqual([fault, false])
    }
  })

  test.each([
    ['reset', 'unanswered'],
    ['cut', 'broken'],
    ['junk', 'broken'],
    ['status', 'whole'],
  ] as const)('tells how a stream with the fault %s ends', async (fault, end) => {
    expect((await askOnce(provider.port, { ...stream, fault }).outcome).end).toBe(end)
  })

  test('leaves when it is told to', async () => {
    const stays = askOnce(provider.port, { ...stream, fault: 'stall' })
    await stays.begun
    stays.leave()
    expect((await stays.outcome).end).toBe('left')
    expect((await askOnce(provider.port, stream, { leaveAfterBytes: 10 }).outcome).end).toBe('left')
  })
})

test('a connection that nobody accepts is refused', async () => {
  const gone = listenAsProvider(0)
  gone.stop(true)
  expect((await askOnce(gone.port, stream).outcome).end).toBe('refused')
})
