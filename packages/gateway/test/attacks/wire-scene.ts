import { expect } from 'bun:test'
import { endedEarly } from '../faults/scene.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { connect, type RawAnswer } from '../support/raw-client.ts'
import { json, type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'

/** A gateway that is sent bytes, and the provider that should hear of them or not. */
export interface WireScene {
  readonly gateway: TestGateway
  readonly provider: ScriptedProvider
  /** Sends bytes on a connection of their own; `null`: it was closed without an answer. */
  send(bytes: Uint8Array | string): Promise<RawAnswer | null>
  /** The same where nothing may come of it: the provider is not asked, and the connection ends. */
  refused(bytes: Uint8Array | string): Promise<RawAnswer | null>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startWireScene(options: TestGatewayOptions = {}): Promise<WireScene> {
  const provider = await startScriptedProvider(json({ choices: [] }))
  const gateway = await startGateway({ ...options, providers: { openai: provider.origin } })
  await (await fetch(`${gateway.url}/v1/models`)).text()
  const sent = async (bytes: Uint8Array | string, mustClose: boolean): Promise<RawAnswer | null> => {
    const connection = await connect(gateway.url)
    await connection.send(bytes)
    const method = /^[A-Z]+/.exec(Buffer.from(bytes).toString('latin1'))?.[0]
    const answer = await connection.answer(method).catch(endedEarly)
    if (mustClose) await connection.closed
    connection.cut()
    return answer
  }
  return {
    gateway,
    provider,
    send: (bytes) => sent(bytes, false),
    async refused(bytes) {
      provider.forget()
      const { connections } = provider
      const answer = await sent(bytes, true)
      expect(provider.requests).toEqual([])
      expect(provider.connections).toBe(connections)
      expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
      return answer
    },
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await provider.close()
    },
  }
}

export const BODY = '{"model":"openai/x","messages":[{"role":"user","content":"canary-prompt"}]}'
const HEX = BODY.length.toString(16)
/** The body in one chunk, and its end. */
export const CHUNKED_BODY = `${HEX}\r\n${BODY}\r\n0\r\n\r\n`

/** A chat with these header lines behind its host. */
export const chat = (fields: readonly string[], body = BODY, line = 'POST /v1/chat/completions HTTP/1.1'): string =>
  [line, 'host: gateway', ...fields, '', body].join('\r\n')

/** A question for this target, with these header lines. */
export const get = (target: string, fields: readonly string[] = ['host: gateway'], method = 'GET'): string =>
  [`${method} ${target} HTTP/1.1`, ...fields, '', ''].join('\r\n')
