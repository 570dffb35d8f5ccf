import { describe, expect, test } from 'bun:test'
import { answersAll, type FaultScript, type Peer, says, sized } from '../support/fault-provider.ts'
import {
  CHAT,
  CHAT_LINE,
  codeOf,
  COMPLETION,
  PROXY_LINE,
  type Scene,
  startScene,
  STREAMED_CHAT,
  WAYS,
} from './scene.ts'

const GOOD = sized(COMPLETION, ['content-type: application/json'])

/** Reads one request and breaks off before a byte of the answer. */
const breaksOff =
  (how: 'end' | 'reset'): FaultScript =>
  async (peer) => {
    await peer.request()
    peer[how]()
  }

/** The first connection does this, all others answer. */
const firstOf =
  (first: FaultScript): FaultScript =>
  (peer) =>
    peer.index === 0 ? first(peer) : answersAll(GOOD)(peer)

const HOWS = [
  ['FIN', 'end'],
  ['RST', 'reset'],
] as const

describe('a fresh connection that breaks before the answer', () => {
  describe.each(HOWS)('by %s', (_, how) => {
    test.concurrent.each([
      ['whole', CHAT],
      ['streamed', STREAMED_CHAT],
    ])('gets one more try, %s', async (_, body) => {
      await using scene = await startScene(firstOf(breaksOff(how)))
      expect((await scene.ask(CHAT_LINE, body)).status).toBe(200)
      expect(scene.provider.requests).toHaveLength(2)
      await scene.calm({ pooled: true })
    })

    test.concurrent('gets no third try', async () => {
      await using scene = await startScene(breaksOff(how))
      const answer = await scene.ask(CHAT_LINE, CHAT)
      expect([answer.status, codeOf(answer)]).toEqual([502, 'connection_terminated'])
      expect(scene.provider.requests).toHaveLength(2)
      await scene.calm()
    })

    test.concurrent('gets none where retries are switched off', async () => {
      await using scene = await startScene(breaksOff(how), { env: { RETRY_ENABLED: 'false' } })
      expect((await scene.ask(CHAT_LINE, CHAT)).status).toBe(502)
      expect(scene.provider.requests).toHaveLength(1)
      await scene.calm()
    })

    test.concurrent.each(['GET', 'DELETE', 'POST', 'PUT', 'PATCH'])(
      'gets none on /proxy: %s may have been carried out',
      async (method) => {
        await using scene = await startScene(breaksOff(how))
        const answer = await scene.ask(`${method} /proxy/openai/files/a`, method === 'GET' ? '' : CHAT)
        expect([answer.status, codeOf(answer)]).toEqual([502, 'connection_terminated'])
        expect(scene.provider.requests).toHaveLength(1)
        await scene.calm()
      },
    )
  })

  test.concurrent('is not mended by a flood of second tries', async () => {
    await using scene = await startScene(breaksOff('end'))
    const answers = await Promise.all(Array.from({ length: 100 }, () => scene.ask(CHAT_LINE, CHAT)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([502]))
    expect(scene.provider.requests.length).toBeLessThanOrEqual(120)
    await scene.calm()
  })
})

describe('an idle connection', () => {
  test.concurrent('that always ends under its second request costs the client nothing, however often', async () => {
    await using scene = await startScene(async (peer) => {
      await says(GOOD)(peer)
      await breaksOff('end')(peer)
    })
    const statuses: number[] = []
    for (let count = 0; count < 40; count++) statuses.push((await scene.ask(CHAT_LINE, CHAT)).status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    await scene.calm({ pooled: true })
  })

  /** Answers once, and settles when that answer has been given. */
  function onceThen(act: FaultScript): { readonly script: FaultScript; readonly first: Promise<Peer> } {
    const { promise, resolve } = Promise.withResolvers<Peer>()
    const script = firstOf(async (peer) => {
      await says(GOOD)(peer)
      resolve(peer)
      await act(peer)
    })
    return { script, first: promise }
  }

  async function warmed(act: FaultScript): Promise<{ readonly scene: Scene; readonly first: Peer }> {
    const { script, first } = onceThen(act)
    const scene = await startScene(script)
    expect((await scene.ask(CHAT_LINE, CHAT)).status).toBe(200)
    return { scene, first: await first }
  }

  test.concurrent('is used again', async () => {
    await using scene = await startScene(answersAll(GOOD))
    for (let count = 0; count < 3; count++) expect((await scene.ask(CHAT_LINE, CHAT)).status).toBe(200)
    expect(scene.provider.connections).toBe(1)
  })

  test.concurrent.each([
    ['FIN', 'end', CHAT_LINE],
    ['RST', 'reset', CHAT_LINE],
    ['FIN', 'end', PROXY_LINE],
    ['RST', 'reset', PROXY_LINE],
  ] as const)('that the provider has ended by %s is left alone (%s, %s)', async (_, how, line) => {
    const { scene, first } = await warmed(() => {})
    await using _scene = scene
    first[how]()
    await first.closed
    expect((await scene.ask(line, CHAT)).status).toBe(200)
    expect(scene.provider.requests).toHaveLength(2)
    await scene.calm({ pooled: true })
  })

  test.concurrent.each(HOWS)('that ends by %s under a request costs the client nothing', async (_, how) => {
    const { scene } = await warmed(breaksOff(how))
    await using _scene = scene
    expect((await scene.ask(CHAT_LINE, CHAT)).status).toBe(200)
    // The one before, the one that was lost, and one more: nothing is sent a third time.
    expect(scene.provider.requests).toHaveLength(3)
    await scene.calm({ pooled: true })
  })

  test.concurrent('that ends under a request is not replaced by another old one', async () => {
    const { promise: both, resolve } = Promise.withResolvers<void>()
    await using scene = await startScene(async (peer) => {
      await peer.request()
      if (peer.index === 1) resolve()
      await both // so that neither is free for the other's request
      await peer.write(GOOD)
      if (peer.index < 2) await breaksOff('end')(peer)
    })
    await Promise.all([scene.ask(CHAT_LINE, CHAT), scene.ask(CHAT_LINE, CHAT)])
    expect((await scene.ask(CHAT_LINE, CHAT)).status).toBe(200)
    expect(scene.provider.requests.map(({ connection }) => connection).slice(2)).toEqual([expect.any(Number), 2])
    await scene.calm({ pooled: true })
  })

  test.concurrent.each(
    ['POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method) => HOWS.map(([, how]) => [method, how] as const)),
  )('under a %s on /proxy (%s): what may have been carried out is not sent again', async (method, how) => {
    const { scene } = await warmed(breaksOff(how))
    await using _scene = scene
    const answer = await scene.ask(`${method} /proxy/openai/files/a`, CHAT)
    expect([answer.status, codeOf(answer)]).toEqual([502, 'connection_terminated'])
    expect(scene.provider.requests).toHaveLength(2)
    await scene.calm()
  })

  test.concurrent.each(['GET', 'HEAD'].flatMap((method) => HOWS.map(([, how]) => [method, how] as const)))(
    'under a %s on /proxy (%s): what only reads is asked once more, on a new connection',
    async (method, how) => {
      const { scene } = await warmed(breaksOff(how))
      await using _scene = scene
      expect((await scene.ask(`${method} /proxy/openai/files/a`)).status).toBe(200)
      expect(scene.provider.requests.map(({ connection }) => connection)).toEqual([0, 0, 1])
      await scene.calm({ pooled: true })
    },
  )

  test.concurrent('that has asked to be closed is', async () => {
    await using scene = await startScene(says(sized(COMPLETION, ['connection: close'])))
    for (let count = 0; count < 2; count++) expect((await scene.ask(CHAT_LINE, CHAT)).status).toBe(200)
    expect(scene.provider.connections).toBe(2)
    await scene.calm()
  })

  test.concurrent('of HTTP/1.0 is not kept', async () => {
    await using scene = await startScene(says(sized(COMPLETION).replace('HTTP/1.1', 'HTTP/1.0')))
    for (let count = 0; count < 2; count++) expect((await scene.ask(CHAT_LINE, CHAT)).status).toBe(200)
    expect(scene.provider.connections).toBe(2)
    await scene.calm()
  })

  test.concurrent('on which bytes come that nobody asked for is not used: they answer no request', async () => {
    const ghost = sized('{"ghost":1}')
    const { scene, first } = await warmed(() => {})
    await using _scene = scene
    await first.write(ghost)
    for (const [, line, body] of WAYS) {
      const answer = await scene.ask(line, body)
      expect([answer.status, answer.text]).toEqual([200, COMPLETION])
    }
    await first.closed
  })

  test.concurrent.each([
    ['a body longer than its length', `${GOOD}{"ghost":1}`],
    ['a second answer behind the first', GOOD + sized('{"ghost":1}')],
    [
      'bytes behind the last chunk',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ne\r\n${COMPLETION}\r\n0\r\n\r\nghost`,
    ],
  ])('never carries %s over to the next request', async (_, bytes) => {
    await using scene = await startScene(answersAll(bytes))
    for (let count = 0; count < 2; count++) {
      for (const [, line, body] of WAYS) {
        const answer = await scene.ask(line, body)
        if (answer.status === 200) expect(answer.text).toBe(COMPLETION)
        else expect(codeOf(answer)).toBe('http_protocol_error')
      }
    }
    expect(scene.provider.connections).toBe(6)
    await scene.calm()
  })
})
