import { startScriptedProvider, type Script } from '../../../gateway/test/support/scripted-provider.ts'
import { Gateway, type GatewayOptions } from '../../src/index.ts'

export { answer, chunkedHead, json, raw, silence, stream } from '../../../gateway/test/support/scripted-provider.ts'
export { chunk, LAST_CHUNK } from '../../../gateway/test/support/wire.ts'

/** A server that says what a test wants it to, byte for byte, and a client of it. */
export async function scripted(script: Script, options: GatewayOptions = {}) {
  const server = await startScriptedProvider(script, { models: null })
  const gw = new Gateway({ baseURL: server.origin, ...options })
  return { gw, server, [Symbol.asyncDispose]: () => server.close() }
}

/** One script after the other; the last one stays. */
export function inTurn(...scripts: [Script, ...Script[]]): Script {
  let turn = 0
  return (call) => (scripts[Math.min(turn++, scripts.length - 1)] ?? scripts[0])(call)
}

export const HELLO = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}

export const event = (data: unknown): string => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

export const delta = (content: string, reason: string | null = null): string =>
  event({ id: 'chatcmpl-1', model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: reason }] })

/** What was thrown; fails when nothing was. */
export async function thrown(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown.')
}
