// A process of its own, so that the load beside it does not look like a stall of the gateway: asks for the health every
// 20 ms until its parent sends a word, and answers the longest wait in ms. `bun bench/soak/pulse-process.ts PORT`.
import { connection } from '../connection.ts'

const EVERY_MS = 20
const HEALTH = 'GET /health HTTP/1.1\r\nhost: soak.localhost\r\n\r\n'

const stopped = new AbortController()
process.on('message', () => stopped.abort())

const client = connection(Number(Bun.argv[2]))
let longestMs = 0
while (!stopped.signal.aborted) {
  const sentAt = performance.now()
  const { status } = await client.ask(HEALTH)
  if (status !== 200) throw new Error(`/health answered ${status}`)
  const tookMs = performance.now() - sentAt
  longestMs = Math.max(longestMs, tookMs)
  await Bun.sleep(Math.max(0, EVERY_MS - tookMs))
}
client.close()
process.send?.(longestMs)
process.exit(0)
