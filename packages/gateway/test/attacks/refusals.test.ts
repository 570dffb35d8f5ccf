import { afterAll, beforeAll, expect, test } from 'bun:test'
import { GatewayError } from '../../src/kernel/errors.ts'
import { ask, connect, request } from '../support/raw-client.ts'
import { type GuardedGateway, startGuardedGateway } from './guarded-gateway.ts'
import { refusedTokens } from './refused-tokens.ts'

let guarded: GuardedGateway
beforeAll(async () => (guarded = await startGuardedGateway()))
afterAll(() => guarded[Symbol.asyncDispose]())

const CONNECTIONS = 20
const ON_EACH = 50

/** Every answer to a token, without what tells the time. */
async function answersTo(token: string): Promise<readonly string[]> {
  const bytes = request('GET /v1/models', { authorization: `Bearer ${token}`, 'x-request-id': 'same' })
  const some = Array.from({ length: CONNECTIONS }, async () => {
    const connection = await connect(guarded.gateway.url)
    const seen = new Set<string>()
    for (let count = 0; count < ON_EACH; count++) {
      await connection.send(bytes)
      const { firstLine, headers, text } = await connection.answer()
      const told = headers.filter(([name]) => !['date', 'server-timing'].includes(name.toLowerCase()))
      seen.add(JSON.stringify([firstLine, told, text]))
    }
    connection.cut()
    return [...seen]
  })
  return (await Promise.all(some)).flat()
}

test('a thousand refusals of each reason are the same bytes; the log knows them apart', async () => {
  const seen = new Set<string>()
  for (const [reason, token] of await refusedTokens(guarded)) {
    const id = crypto.randomUUID()
    await ask(guarded.gateway.url, 'GET /v1/models', { authorization: `Bearer ${token}`, 'x-request-id': id })
    const { error } = await guarded.gateway.finished(id)
    const cause = error instanceof GatewayError ? error.cause : null
    expect(cause instanceof Error ? cause.message : '').toStartWith(reason)
    for (const answer of await answersTo(token)) seen.add(answer)
  }
  expect([...seen]).toEqual([expect.stringContaining('error=\\"invalid_token\\"')])
}, 60_000)
