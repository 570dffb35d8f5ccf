import { expect, test } from 'bun:test'
import { startGateway } from './support/gateway.ts'
import { ask } from './support/raw-client.ts'
import { startScriptedProvider } from './support/scripted-provider.ts'

const choice = (index: number, finish: string | null) =>
  `data: ${JSON.stringify({ choices: [{ index, delta: { content: 'a' }, finish_reason: finish }] })}\n\n`

const endings: [name: string, events: string, isWhole: boolean][] = [
  ['both finished', choice(0, 'stop') + choice(1, 'length'), true],
  ['one finished', choice(0, 'stop') + choice(1, null), false],
  ['an empty finish reason each', choice(0, '') + choice(1, ''), false],
  ['one finished, and [DONE]', `${choice(0, 'stop')}data: [DONE]\n\n`, true],
]

const asked: [path: string, body: object][] = [
  ['/v1/chat/completions', { n: 2, messages: [{ role: 'user', content: 'Hi' }] }],
  ['/v1/completions', { n: 2, prompt: [1, 2, 3] }],
  ['/v1/completions', { prompt: ['a', 'b'] }],
]
const cases = asked.flatMap(([path, body]) =>
  endings.map(([name, events, isWhole]) => [path, body, name, events, isWhole] as const),
)

test.each(cases)('%s %j: a stream of two choices that ends with %s', async (path, asking, _, events, isWhole) => {
  await using provider = await startScriptedProvider(async ({ write, end }) => {
    await write(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n${events}`)
    end()
  })
  await using gateway = await startGateway({ providers: { openai: provider.origin } })
  const body = { model: 'openai/x', stream: true, ...asking }
  const answer = await ask(gateway.url, `POST ${path}`, {}, JSON.stringify(body))
  expect(answer.isWhole).toBe(isWhole)
})
