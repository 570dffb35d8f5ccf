import { expect, test } from 'bun:test'
import { withoutDoubledVersion } from '../src/handlers/proxy-path.ts'
import { startGateway } from './support/gateway.ts'

const clients: [headers: Record<string, string>, envelope: 'object' | 'string' | 'anthropic'][] = [
  [{}, 'string'],
  [{ 'user-agent': 'curl/8.5.0' }, 'string'],
  [{ 'x-stainless-lang': 'js' }, 'object'],
  [{ 'x-stainless-lang': 'js', 'anthropic-version': '2023-06-01' }, 'anthropic'],
  [{ 'user-agent': 'ai-sdk/openai/1.0.0' }, 'object'],
  [{ 'user-agent': 'codex_exec/0.171.0 (Debian 12.0.0; x86_64) xterm' }, 'object'],
  [{ 'user-agent': 'ai/7.0.173 ai-sdk-provider-utils/5.0.81 node.js/v20.20.2' }, 'object'],
]
test('an error comes in the envelope that the client’s SDK reads', async () => {
  await using gateway = await startGateway({})
  for (const [headers, envelope] of clients) {
    const answer = await fetch(`${gateway.url}/v1/nope`, { headers })
    const { error, type }: { error?: unknown; type?: unknown } = JSON.parse(await answer.text())
    expect([headers, type === 'error' ? 'anthropic' : typeof error]).toEqual([headers, envelope])
  }
})

test.each([
  ['https://a.test/v1', '/v1/files', '/files'],
  ['https://a.test/openai/v1', '/openai/v1/files', '/files'],
  ['https://a.test/openai/v1', '/v1/files', '/files'],
  ['https://a.test/openai/v1', '/openai/files', '/openai/files'],
  ['https://a.test', '/v1/files', '/v1/files'],
  ['https://a.test/v1', '/v1beta/files', '/v1beta/files'],
])('behind %s the path %s is %s', (base, path, sent) => {
  expect(withoutDoubledVersion(base, path)).toBe(sent)
})
