import { describe, expect, test } from 'bun:test'
import { CHAT, CHAT_LINE, codeOf, COMPLETION, WAYS } from '../faults/scene.ts'
import { startGateway } from '../support/gateway.ts'
import { ask } from '../support/raw-client.ts'
import { json, startScriptedProvider } from '../support/scripted-provider.ts'

describe('via', () => {
  test('tells a provider who passes the request on, and not who did before', async () => {
    await using provider = await startScriptedProvider(json(JSON.parse(COMPLETION)))
    await using gateway = await startGateway({ providers: { openai: provider.origin } })
    for (const [, line, body] of WAYS.filter(([way]) => way !== 'streamed'))
      await ask(gateway.url, line, { via: '1.1 inference-gateway-2, 1.0 fred (inference-gateway)' }, body)
    expect(provider.requests.length).toBe(2)
    for (const { headers } of provider.requests)
      expect(headers.filter(([name]) => name === 'via')).toEqual([['via', '1.1 inference-gateway']])
  })

  test.each(['1.1 inference-gateway', '1.0 fred, 1.1   inference-gateway (here)', 'HTTP/1.1 inference-gateway'])(
    '%s has been here before',
    async (via) => {
      await using provider = await startScriptedProvider(json({}))
      await using gateway = await startGateway({ providers: { openai: provider.origin } })
      for (const [, line, body] of WAYS) {
        const answer = await ask(gateway.url, line, { via }, body)
        expect([answer.status, codeOf(answer)]).toEqual([502, 'proxy_loop_detected'])
        expect(answer.header('x-should-retry')).toBe('false')
      }
      expect(provider.requests).toEqual([])
    },
  )
})

describe('a provider whose address is the gateway', () => {
  test('is found out at the second turn', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}/v1`
    await using gateway = await startGateway({ providers: { openai: url }, port })
    for (const [, line, body] of WAYS) {
      const answer = await ask(gateway.url, line, {}, body.replace('openai/', 'openai/openai/openai/'))
      expect(answer.status).toBe(502)
      expect(codeOf(answer)).toBe('proxy_loop_detected')
    }
    const finished = gateway.events.filter(({ type }) => type === 'exchange.finished')
    expect(finished.length).toBeLessThan(15)
  })

  test('is fine when it is another gateway of another name', async () => {
    await using provider = await startScriptedProvider(json(JSON.parse(COMPLETION)))
    await using inner = await startGateway({ providers: { groq: provider.origin } })
    await using outer = await startGateway({
      providers: { openai: `${inner.url}/v1` },
      env: { APPLICATION_NAME: 'the edge' },
    })
    expect((await ask(outer.url, CHAT_LINE, {}, CHAT.replace('openai/x', 'openai/groq/x'))).status).toBe(200)
  })
})

async function freePort(): Promise<number> {
  const provider = await startScriptedProvider()
  await provider.close()
  return Number(new URL(provider.origin).port)
}
