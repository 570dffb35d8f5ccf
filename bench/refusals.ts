// `bun bench/refusals.ts`: whether the time a refusal takes tells why a token is not good. Tokens of all reasons take
// turns on one connection, so that whatever else the machine does falls on all of them.
import { parseArgs } from 'node:util'
import { startGuardedGateway } from '../packages/gateway/test/attacks/guarded-gateway.ts'
import { refusedTokens } from '../packages/gateway/test/attacks/refused-tokens.ts'
import { connect, request } from '../packages/gateway/test/support/raw-client.ts'
import { median } from './statistics.ts'

const { values: options } = parseArgs({ options: { times: { type: 'string', default: '1000' } } })

/** Above it, whoever forges tokens could tell how far one got. */
const TARGET_MS = 1

/** What the fastest and the slowest reason differ by is measured after this many of each. */
const WARM_UP = 100

await using guarded = await startGuardedGateway()
const reasons = (await refusedTokens(guarded)).map(([reason, token]) => {
  return { reason, bytes: request('GET /v1/models', { authorization: `Bearer ${token}` }), times: new Array<number>() }
})
// The inbox of a connection keeps every byte: a new one now and then keeps it short.
for (let round = -WARM_UP; round < Number(options.times); round++) {
  const connection = await connect(guarded.gateway.url)
  for (const { bytes, times } of reasons) {
    const start = performance.now()
    await connection.send(bytes)
    const { status } = await connection.answer()
    if (status !== 401) throw new Error(`expected a refusal, not ${status}`)
    if (round >= 0) times.push(performance.now() - start)
  }
  connection.cut()
}

const medians = reasons.map(({ reason, times }) => ({ reason, ms: median(times) })).sort((a, b) => a.ms - b.ms)
for (const { reason, ms } of medians) console.log(`${reason.padEnd(20)} p50 ${ms.toFixed(3)} ms`)
const spread = (medians.at(-1)?.ms ?? 0) - (medians[0]?.ms ?? 0)
console.log(`${options.times} refusals for each of ${medians.length} tokens: p50 spread ${spread.toFixed(3)} ms`)
if (spread > TARGET_MS) console.log(`MISSED: at most ${TARGET_MS} ms`)
