import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'bun:test'
import { pause, says, saysAndEnds, startFaultProvider } from '../support/fault-provider.ts'
import { connect, request } from '../support/raw-client.ts'
import { cut } from '../support/scripted-provider.ts'
import { LAST_CHUNK, until } from '../support/wire.ts'
import { startGatewayProcess } from './gateway-process.ts'
import { CHAT_LINE, expectBroken, PROXY_LINE, startScene, STREAMED_CHAT } from './scene.ts'
import { DONE, ENDING, event, framed, STREAM_HEAD, streamed } from './stream.ts'

const LINES = [[CHAT_LINE], [PROXY_LINE]] as const

describe('a stream that is cut up', () => {
  const text = Array.from({ length: 8000 }, (_, index) => event(`é😀 ${index} ${'字'.repeat(20)}`)).join('') + ENDING
  const bytes = Buffer.from(text)
  const hash = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')

  test.each(LINES)('into chunks of one byte comes out as it was: %s', async (line) => {
    expect(bytes.byteLength).toBeGreaterThan(1024 * 1024)
    const chunks = Buffer.alloc(bytes.byteLength * 6, '1\r\n_\r\n')
    for (const [index, byte] of bytes.entries()) chunks[index * 6 + 3] = byte
    await using scene = await startScene(says(STREAM_HEAD, chunks, LAST_CHUNK))
    const answer = await scene.ask(line, STREAMED_CHAT)
    expect([hash(answer.body), answer.isWhole]).toEqual([hash(bytes), true])
    await scene.calm({ pooled: true })
  })

  test.each(LINES)('into packets of three bytes comes out as it was: %s', async (line) => {
    const short = text.slice(-6000)
    await using scene = await startScene(says(...cut(Buffer.from(streamed(short)), 3)))
    expect((await scene.ask(line, STREAMED_CHAT)).text).toBe(short)
    await scene.calm({ pooled: true })
  })
})

/** Memory of a process, in MiB; `null` where the system does not tell. */
function memoryMib(pid: number): number | null {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return null
  }
}

test('a line of 64 MiB without an end fills no memory, and the stream goes on behind it', async () => {
  const mib = framed('x'.repeat(1024 * 1024))
  await using provider = await startFaultProvider()
  await using gateway = await startGatewayProcess(provider.origin)
  let size = 0
  provider.play(async (peer) => {
    for (;;) {
      await says(STREAM_HEAD + framed('data: '))(peer)
      for (let count = 0; count < size; count++) await peer.write(mib)
      await peer.write(framed(`\n\n${ENDING}`) + LAST_CHUNK)
    }
  })
  const pour = async (count: number): Promise<number> => {
    size = count
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body: STREAMED_CHAT })
    let last = ''
    let received = 0
    for await (const part of answer.body ?? []) {
      received += part.byteLength
      last = Buffer.from(part.subarray(-200)).toString()
    }
    expect(last).toEndWith(DONE)
    return received
  }
  await pour(8)
  const before = memoryMib(gateway.pid)
  expect(await pour(64)).toBe(64 * 1024 * 1024 + 'data: \n\n'.length + ENDING.length)
  const after = memoryMib(gateway.pid)
  if (before !== null && after !== null) expect(after - before).toBeLessThan(24)
})

describe('a stream that ends after its finish reason, but before [DONE]', () => {
  test.concurrent('by a proper end is complete', async () => {
    await using scene = await startScene(says(streamed(event('Hi', 'stop'))))
    const answer = await scene.ask(CHAT_LINE, STREAMED_CHAT)
    expect([answer.isWhole, answer.text]).toEqual([true, event('Hi', 'stop')])
  })

  test.concurrent.each([
    ['FIN', 'end'],
    ['RST', 'reset'],
  ] as const)('by %s without the last chunk is broken', async (_, how) => {
    await using scene = await startScene(async (peer) => {
      await says(STREAM_HEAD + framed(event('Hi', 'stop')))(peer)
      await pause(50)
      peer[how]()
    })
    expectBroken(await scene.ask(CHAT_LINE, STREAMED_CHAT), 'http_response_incomplete')
    await scene.calm()
  })

  test.concurrent('by neither, but silence, is broken', async () => {
    await using scene = await startScene(says(STREAM_HEAD + framed(event('Hi', 'stop'))))
    expectBroken(await scene.ask(CHAT_LINE, STREAMED_CHAT), 'http_response_timeout')
    await scene.calm()
  })
})

test.concurrent('what comes right before the end of a connection is not lost with it', async () => {
  const text = event('Hi') + event('there')
  await using scene = await startScene(saysAndEnds(STREAM_HEAD + framed(event('Hi')), framed(event('there'))))
  const answer = await scene.ask(CHAT_LINE, STREAMED_CHAT)
  expectBroken(answer, 'http_response_incomplete')
  expect(answer.text).toStartWith(text)
  await scene.calm()
})

test.concurrent.each(['end', 'reset'] as const)('behind [DONE] a connection may break (%s)', async (how) => {
  await using scene = await startScene(async (peer) => {
    await says(STREAM_HEAD + framed(event('Hi') + ENDING))(peer)
    await pause(50)
    peer[how]()
  })
  const answer = await scene.ask(CHAT_LINE, STREAMED_CHAT)
  expect([answer.isWhole, answer.text]).toEqual([true, event('Hi') + ENDING])
  await scene.calm()
})

describe('one odd event among a hundred other streams', () => {
  const odd: [behaviour: string, data: string][] = [
    ['no choices', '{"choices":[]}'],
    ['choices of null', '{"choices":null}'],
    ['a choice of null', '{"choices":[null]}'],
    ['choices of another kind', '{"choices":{"0":1}}'],
    ['no delta', '{"choices":[{"index":0}]}'],
    ['a delta of null', '{"choices":[{"index":0,"delta":null}]}'],
    ['a delta that is a number', '{"choices":[{"index":0,"delta":7}]}'],
    ['empty tool calls', '{"choices":[{"index":0,"delta":{"tool_calls":[]}}]}'],
    ['usage of another kind', '{"choices":[],"usage":"many"}'],
    ['usage of null', '{"choices":[],"usage":null}'],
    ['null', 'null'],
    ['a number', '7'],
    ['half of JSON', '{"choices":[{"delta":'],
    ['words', 'so sorry'],
    ['nothing', ''],
  ]
  test.concurrent('passes as it is, and touches no other', async () => {
    const words = (middle: string): string => event('before') + middle + event('after') + ENDING
    await using scene = await startScene(async (peer) => {
      for (;;) {
        const { text } = await peer.request()
        const named = odd.find(([behaviour]) => text.includes(`"${behaviour}"`))
        const middle = named === undefined ? event('even') : `data: ${named[1]}\n\n`
        await peer.write(STREAM_HEAD + framed(words(middle)))
        await pause(30)
        await peer.write(LAST_CHUNK)
      }
    })
    const even = Array.from({ length: 100 }, async () => {
      expect((await scene.ask(CHAT_LINE, STREAMED_CHAT)).text).toBe(words(event('even')))
    })
    const odds = odd.map(async ([behaviour, data]) => {
      const answer = await scene.ask(CHAT_LINE, STREAMED_CHAT.replace('"canary-prompt"', `"${behaviour}"`))
      expect([behaviour, answer.isWhole, answer.text]).toEqual([behaviour, true, words(`data: ${data}\n\n`)])
    })
    await Promise.all([...even, ...odds])
    await scene.calm({ pooled: true })
  })
})

test.concurrent('a stream that has more readers than one connection holds is given to each at once', async () => {
  const { promise: all, resolve } = Promise.withResolvers<void>()
  await using scene = await startScene(async (peer) => {
    await says(STREAM_HEAD + framed(event('Hi')))(peer)
    await all
    await peer.write(framed(ENDING) + LAST_CHUNK)
  })
  const connections = await Promise.all(Array.from({ length: 100 }, () => connect(scene.gateway.url)))
  await Promise.all(connections.map((connection) => connection.send(request(CHAT_LINE, {}, STREAMED_CHAT))))
  await Promise.all(connections.map((connection) => connection.saw('Hi')))
  expect(scene.provider.open).toBe(100)
  resolve()
  for (const connection of connections) {
    expect((await connection.answer()).isWhole).toBe(true)
    connection.cut()
  }
  // No more than are allowed are kept for later.
  await until(() => scene.provider.open <= 20)
})
