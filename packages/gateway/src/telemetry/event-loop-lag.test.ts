import { expect, test } from 'bun:test'
import { until } from '../../test/support/wire.ts'
import { watchEventLoop } from './event-loop-lag.ts'

test('the longest delay is told, also when there was none after it', async () => {
  const time = { ms: 0, looks: 0 }
  const lag = watchEventLoop(() => {
    time.looks += 1
    return time.ms
  })
  expect(lag.worstMs()).toBe(0)
  time.ms = 900 // where 500 were expected
  await until(() => time.looks === 3)
  expect(lag.worstMs()).toBe(400)
  time.ms = 1000 // earlier than expected
  await until(() => time.looks === 5)
  expect(lag.worstMs()).toBe(400)
  lag.stop()
})
