import { expect, test } from 'bun:test'
import { keyOf, startGateway } from './gateway.ts'
import { ask } from './raw-client.ts'

test('a key that gets into the log fails the test whose gateway it was', async () => {
  const gateway = await startGateway({ providers: { openai: 'http://127.0.0.1:1' } })
  // What callers name their requests is logged.
  await ask(gateway.url, 'GET /v1/models', { 'x-request-id': keyOf('openai') })
  await expect(gateway.close()).rejects.toThrow('is in the log')
})
