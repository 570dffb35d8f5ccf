import { afterAll, describe, expect, test } from 'bun:test'
import { jsonChat, load, streamedChat } from './load.ts'
import { CONTENT_EVENTS, EVENTS_PER_STREAM, chatCompletion, streamEvents } from './messages.ts'

const stream = streamEvents(false).map((data) => `data: ${data}\n\n`)
const ok = (body: string, type: string) => () => new Response(body, { headers: { 'content-type': type } })
const json = (body: string) => ok(body, 'application/json')
const sse = (events: readonly string[]) => ok(events.join(''), 'text/event-stream')

const started: { stop(closeActive: boolean): unknown }[] = []
afterAll(() => started.forEach((server) => server.stop(true)))

function serve(answer: () => Response): number {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer })
  started.push(server)
  return Number(server.url.port)
}

/** A server that writes these bytes to whoever asks, then hangs up. */
function hangUpAfter(bytes: string): number {
  const socket = { data: (client: Bun.Socket) => void client.end(bytes) }
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket })
  started.push(listener)
  return listener.port
}

describe('load', () => {
  test('counts one unit per JSON answer and one per event', async () => {
    const requests = await load(serve(json(chatCompletion)), jsonChat, 1)
    expect(requests.errors).toEqual([])
    expect(requests.units).toBe(requests.responses)
    expect(requests.responses).toBeGreaterThanOrEqual(jsonChat.connections)

    const streams = await load(serve(sse(stream)), streamedChat, 1)
    expect(streams.errors).toEqual([])
    expect(streams.units).toBe(streams.responses * EVENTS_PER_STREAM)
  })

  test('does not count the comments that keep a stream alive', async () => {
    const { units, responses, errors } = await load(serve(sse([':\n\n', ...stream])), streamedChat, 1)
    expect(errors).toEqual([])
    expect(units).toBe(responses * EVENTS_PER_STREAM)
  })

  test('connects again where the server closes after each answer', async () => {
    const answer = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${chatCompletion.length}\r\n\r\n${chatCompletion}`
    const { errors, responses } = await load(hangUpAfter(answer), jsonChat, 50)
    expect(errors).toEqual([])
    expect(responses).toBeGreaterThan(jsonChat.connections)
  })

  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
  test.each([
    ['a status other than 200', jsonChat, serve(() => new Response('busy', { status: 503 })), /503: busy/],
    ['an answer that is not a completion', jsonChat, serve(json('{}')), /not a completion/],
    ['a stream without [DONE]', streamedChat, serve(sse(stream.slice(0, -1))), /does not end with \[DONE\]/],
    ['a stream that lost an event', streamedChat, serve(sse(stream.toSpliced(5, 1))), /events instead of/],
    [
      'a stream without its last chunk',
      streamedChat,
      hangUpAfter(`${chunked}e\r\ndata: [DONE]\n\n\r\n`),
      /closed before/,
    ],
    ['an answer that is not HTTP', jsonChat, hangUpAfter('hello\r\n\r\n'), /not HTTP/],
  ] as const)('reports %s for every client', async (_, scenario, port, reason) => {
    const { errors } = await load(port, scenario, 1)
    expect(errors).toHaveLength(scenario.connections)
    expect(errors.every((error) => reason.test(error))).toBe(true)
  })
})

test('a stream has the size of a usual one', () => {
  expect(stream).toHaveLength(EVENTS_PER_STREAM)
  expect(stream.join('').length / CONTENT_EVENTS).toBeWithin(180, 250)
  expect(chatCompletion.length).toBeWithin(900, 1200)
  expect(jsonChat.request.length).toBeWithin(900, 1200)
})
