import { expect, test } from 'bun:test'
import { event, framed, STREAM_HEAD } from './faults/stream.ts'
import { startScene, STREAMED_CHAT, CHAT_LINE } from './faults/scene.ts'
import { says } from './support/fault-provider.ts'
import { connect, request } from './support/raw-client.ts'

test('limits of idle connections hold back no stream: a hundred begin at once', async () => {
  await using scene = await startScene(says(STREAM_HEAD + framed(event('Hi'))), {
    env: { CLIENT_MAX_IDLE_CONNS: '1', CLIENT_MAX_IDLE_CONNS_PER_HOST: '1', CLIENT_STREAM_IDLE_TIMEOUT: '10s' },
  })
  const clients = await Promise.all(Array.from({ length: 100 }, () => connect(scene.gateway.url)))
  await Promise.all(clients.map((client) => client.send(request(CHAT_LINE, {}, STREAMED_CHAT))))
  // None of them ever ends: whichever waited for another would wait for good.
  for (const client of clients) await client.saw('Hi')
  expect(scene.provider.requests.filter(({ method }) => method === 'POST').length).toBe(100)
  for (const client of clients) client.cut()
  await scene.calm()
})
