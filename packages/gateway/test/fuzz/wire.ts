import { expect } from 'bun:test'
import fc from 'fast-check'
import { startGuardedGateway, type GuardedGateway } from '../attacks/guarded-gateway.ts'
import { endedEarly } from '../faults/scene.ts'
import { connect, type RawAnswer } from '../support/raw-client.ts'
import { json, type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'
import { fuzz, textOf } from './fuzz.ts'

interface Scene {
  readonly provider: ScriptedProvider
  readonly guarded: GuardedGateway
}

let started: Promise<Scene> | null = null

async function start(): Promise<Scene> {
  const provider = await startScriptedProvider(json({ choices: [] }))
  return { provider, guarded: await startGuardedGateway({ providers: { openai: provider.origin } }) }
}

/** To be called when all is over. */
export async function closeWire(): Promise<void> {
  const scene = await started
  await scene?.guarded[Symbol.asyncDispose]()
  await scene?.provider.close()
}

/** The answer to bytes without a token behind which nothing follows; `null`: the connection was closed without one. */
async function answerTo(bytes: string): Promise<RawAnswer | null> {
  const { provider, guarded } = await (started ??= start())
  const connection = await connect(guarded.gateway.url)
  await connection.send(Buffer.from(bytes, 'latin1'))
  connection.end()
  const answer = await connection.answer(/^\w+/.exec(bytes)?.[0]).catch(endedEarly)
  connection.cut()
  expect(provider.requests).toEqual([])
  return answer
}

const PROBE_ANSWER = /^(?:\{"message":"\w+"\})?$/

const PATHS = ['/', '/', '/v1', '/health', '/ready', '/models', '/chat/completions', '/proxy/openai', 'http://a', '*']
const DETOURS = ['..', '.', '%2e', '%2f', '\\', '//', '?', ';', '@', ':', '%68', 'é', '%00', 'x']
const target = textOf([...PATHS, ...DETOURS])

const asked = fc.asyncProperty(fc.constantFrom('GET', 'POST', 'HEAD'), target, async (method, written) => {
  const answer = await answerTo(`${method} ${written} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
  const statuses = [200, 400, 401, 404, 405]
  if (answer !== null) expect(statuses).toContain(answer.status)
  // However the target was read: what is answered is a probe's answer, which HEAD leaves out.
  if (answer?.status === 200) expect(answer.text).toMatch(PROBE_ANSWER)
})

const FRAMING = [
  'host: a',
  'content-length: 0',
  'content-length: 5',
  'transfer-encoding: chunked',
  'expect: 100-continue',
]
const CREDENTIALS = [
  'authorization: Bearer a.b.c',
  'authorization',
  'x-api-key: y',
  'origin: https://a',
  'upgrade: h2c',
]
const ODD = [':', ' ', '\t', '\0', '\r', '\n', ', ', 'é', '\xff', '0', 'te: trailers', 'connection: close']
const field = textOf([...FRAMING, ...CREDENTIALS, ...ODD], 4)

const headed = fc.asyncProperty(fc.array(field, { maxLength: 6 }), async (fields) => {
  const answer = await answerTo(
    `POST /v1/chat/completions HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  )
  if (answer !== null) expect([100, 400, 401, 403, 417, 431, 501]).toContain(answer.status)
})

export const wire = [
  fuzz('without a token, no target but that of a probe is answered, and no provider is asked', asked, [
    ['GET', 'http://a:%68/ready'],
  ]),
  fuzz('without a token, no header lines open the door', headed),
]
