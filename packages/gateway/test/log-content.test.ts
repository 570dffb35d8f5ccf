import { describe, expect, test } from 'bun:test'
import { CHAT, CHAT_LINE, STREAMED_CHAT } from './faults/scene.ts'
import { type TestGateway, startGateway } from './support/gateway.ts'
import { ask, connect, request } from './support/raw-client.ts'
import { chunkedHead, json, type Script, startScriptedProvider, stream } from './support/scripted-provider.ts'
import { chunk, until } from './support/wire.ts'

const HEARD = { LOG_CONTENT: 'true', LOG_LEVEL: 'debug' }
const WHOLE = json({ choices: [{ message: { content: 'Höre!' } }] })
const EVENTS = ['data: {"choices":[{"delta":{"content":"Hö"}}]}\n\n', 'data: [DONE]\n\n']

/** What was told of one request to this gateway: direction and text. */
const contentsOf = ({ events }: TestGateway) =>
  events.flatMap((event) => (event.type === 'content' ? [[event.direction, event.text]] : []))

async function tell(env: Readonly<Record<string, string>>, script: Script, line: string, body: string) {
  await using provider = await startScriptedProvider(script)
  await using gateway = await startGateway({ providers: { openai: provider.origin }, env })
  const answer = await ask(gateway.url, line, {}, body)
  return { answer, contents: contentsOf(gateway), asked: provider.requests[0]?.text }
}

describe('LOG_CONTENT', () => {
  test('tells what is asked and answered, and changes neither', async () => {
    const { answer, contents, asked } = await tell(HEARD, WHOLE, CHAT_LINE, CHAT)
    expect(contents).toEqual([
      ['request', CHAT],
      ['answer', answer.text],
    ])
    expect([answer.status, asked]).toEqual([200, CHAT.replace('openai/', '')])
  })

  test('tells a stream once it is over', async () => {
    const { answer, contents } = await tell(HEARD, stream(EVENTS), CHAT_LINE, STREAMED_CHAT)
    expect([answer.isWhole, answer.text]).toEqual([true, EVENTS.join('')])
    expect(contents).toEqual([
      ['request', STREAMED_CHAT],
      ['answer', EVENTS.join('')],
    ])
  })

  test('tells what passes on /proxy', async () => {
    const { contents } = await tell(HEARD, WHOLE, 'POST /proxy/openai/chat/completions', CHAT)
    expect(contents.map(([direction]) => direction)).toEqual(['request', 'answer'])
  })

  test('tells the beginning of what is very long', async () => {
    const { contents } = await tell(HEARD, WHOLE, CHAT_LINE, CHAT.replace('canary-prompt', 'Hi'.repeat(100_000)))
    expect(contents[0]?.[1]).toHaveLength(64 * 1024 + 1)
    expect(contents[0]?.[1]).toEndWith('…')
  })

  test('tells what there was of a stream whose client leaves, and the provider is left too', async () => {
    await using provider = await startScriptedProvider(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead())
      await call.write(chunk(EVENTS[0] ?? ''))
    })
    await using gateway = await startGateway({ providers: { openai: provider.origin }, env: HEARD })
    const connection = await connect(gateway.url)
    await connection.send(request(CHAT_LINE, {}, STREAMED_CHAT))
    await until(() => provider.requests.length === 1)
    await connection.saw('"content"')
    connection.cut()
    await provider.requests[0]?.closed
    await until(() => contentsOf(gateway).length === 2)
  })

  test.each([{}, { LOG_CONTENT: 'true' }, { LOG_LEVEL: 'debug' }])('is off with %j', async (env) => {
    expect((await tell(env, WHOLE, CHAT_LINE, CHAT)).contents).toEqual([])
  })
})
