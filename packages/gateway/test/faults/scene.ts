import { expect } from 'bun:test'
import { type FaultProvider, type FaultScript, startFaultProvider } from '../support/fault-provider.ts'
import { keyOf, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { connect, type RawAnswer, request } from '../support/raw-client.ts'
import { Ended } from '../support/wire.ts'

/** A gateway and the provider behind it. */
export interface Scene {
  readonly provider: FaultProvider
  readonly gateway: TestGateway
  /** Sends one request and, where the connection is still open after its answer, another one behind it. */
  ask(line: string, body?: string, headers?: Readonly<Record<string, string>>): Promise<RawAnswer>
  /** What must be true after every case: alive, no key told, and, if nothing may be pooled, no socket left. */
  calm(options?: { readonly pooled: boolean }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Limits that fit a test on a machine with other work. Each is a limit of silence: what moves is not cut by any of them. */
export const SHORT_LIMITS = {
  CLIENT_TIMEOUT: '1s',
  CLIENT_RESPONSE_HEADER_TIMEOUT: '1s',
  CLIENT_STREAM_IDLE_TIMEOUT: '1s',
} as const

export const CHAT_LINE = 'POST /v1/chat/completions'
export const PROXY_LINE = 'POST /proxy/openai/chat/completions'
export const CHAT = '{"model":"openai/x","messages":[{"role":"user","content":"canary-prompt"}]}'
export const STREAMED_CHAT = CHAT.replace('}]}', '}],"stream":true}')
/** Whole and streamed, on the gateway's own endpoint and on the provider's. */
export const WAYS = [
  ['whole', CHAT_LINE, CHAT],
  ['streamed', CHAT_LINE, STREAMED_CHAT],
  ['on /proxy', PROXY_LINE, STREAMED_CHAT],
] as const

export const COMPLETION = '{"choices":[]}'

/** Starts both, with the lists of models out of the way: what arrives at the provider from now on is the test's. */
export async function startScene(script: FaultScript, options: TestGatewayOptions = {}): Promise<Scene> {
  const provider = await startFaultProvider()
  const gateway = await startGateway({
    ...options,
    providers: { openai: provider.origin, ...options.providers },
    env: { ...SHORT_LIMITS, ...options.env },
  })
  await (await fetch(`${gateway.url}/v1/models?provider=openai`)).text()
  await provider.deserted()
  provider.play(script)
  return {
    provider,
    gateway,
    ask: (line, body = '', headers = {}) => askTwice(gateway.url, line, headers, body),
    async calm({ pooled } = { pooled: false }) {
      expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
      if (!pooled) await provider.deserted()
      expect(Bun.inspect(gateway.events, { depth: 10 })).not.toContain(keyOf('openai'))
    },
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await provider[Symbol.asyncDispose]()
    },
  }
}

/** A connection that goes on after an answer must give the next request its own. */
async function askTwice(
  url: string,
  line: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<RawAnswer> {
  const connection = await connect(url)
  await connection.send(request(line, headers, body))
  const answer = await connection.answer(line.split(' ')[0])
  expect(answer.header('x-request-id')).toBeString()
  expect(connection.received.toString()).not.toContain(keyOf('openai'))
  if (answer.isWhole) {
    await connection.send(request('GET /health'))
    const next = await connection.answer().catch(endedEarly)
    if (next !== null) expect([next.status, next.text]).toEqual([200, '{"message":"OK"}'])
  }
  connection.cut()
  return answer
}

/** For `catch`: a connection that ends before a head is whole has given no answer. */
export function endedEarly(error: unknown): null {
  if (error instanceof Ended) return null
  throw error
}

/** The code of an error's body. */
export const codeOf = ({ text }: RawAnswer): unknown => {
  const { code }: { readonly code?: unknown } = JSON.parse(text)
  return code
}

/** A stream that began well and then tells that it has failed; nothing in it says that it is whole. */
export function expectBroken(answer: RawAnswer, code: string): void {
  expect([answer.status, answer.isWhole]).toEqual([200, false])
  expect(answer.text).toContain(`"code":"${code}"`)
  expect(answer.text).not.toContain('[DONE]')
}
