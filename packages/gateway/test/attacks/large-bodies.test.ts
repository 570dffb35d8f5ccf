import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type GatewayProcess, startGatewayProcess } from '../faults/gateway-process.ts'
import { ask } from '../support/raw-client.ts'
import { json, type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: GatewayProcess
beforeAll(async () => {
  provider = await startScriptedProvider(json({ choices: [] }))
  gateway = await startGatewayProcess(provider.origin)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider.close()
})

/** How long others wait for an answer while a request is worked on, at most. */
async function longestWaitMs(work: Promise<unknown>): Promise<number> {
  let longest = 0
  const state = { isOver: false }
  const end = () => void (state.isOver = true)
  work.then(end, end)
  while (!state.isOver) {
    const before = performance.now()
    await (await fetch(`${gateway.url}/health`)).text()
    longest = Math.max(longest, performance.now() - before)
  }
  return longest
}

const MESSAGES = '"model":"openai/x","messages":[{"role":"user","content":"Hi"}]'
const MEBIBYTE = 1024 * 1024
const keys = Array.from({ length: 200_000 }, (_, index) => `"${index * 7}":0`).join()
const bodies: [what: string, body: string][] = [
  ['200,000 keys that look like numbers', `{${MESSAGES},"x":{${keys}}}`],
  ['200,000 such keys at the top', `{${MESSAGES},${keys}}`],
  ['9 MiB of empty objects', `{${MESSAGES},"x":[${'{},'.repeat(3 * MEBIBYTE)}{}]}`],
  ['9 MiB of nesting', `{${MESSAGES},"x":${'['.repeat(4.5 * MEBIBYTE)}${']'.repeat(4.5 * MEBIBYTE)}}`],
  ['9 MiB of one text', `{${MESSAGES},"x":"${'a'.repeat(9 * MEBIBYTE)}"}`],
  ['9 MiB of quotes', `{${MESSAGES},"x":"${String.raw`\"`.repeat(4.5 * MEBIBYTE)}"}`],
]
test.each(bodies)('%s hold up others for a moment at most', async (_, body) => {
  const sent = ask(gateway.url, 'POST /v1/chat/completions', {}, body)
  const waitedMs = await longestWaitMs(sent)
  // The runtime's JSON parser takes 270 ms for the worst of them, and longer on a machine that is busy with other tests.
  const before = performance.now()
  JSON.parse(body)
  expect(waitedMs).toBeLessThan(5000 + 5 * (performance.now() - before))
  expect([200, 400]).toContain((await sent).status)
})
