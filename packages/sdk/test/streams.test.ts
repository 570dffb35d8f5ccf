import { describe, expect, test } from 'bun:test'
import { AbortError, type ChatStream, StreamError } from '../src/index.ts'
import {
  answer,
  chunk,
  chunkedHead,
  delta,
  event,
  json,
  scripted,
  silence,
  stream,
  thrown,
} from './support/scripted.ts'

const ASK = { model: 'm', messages: 'Hi' }
const WHOLE = stream([delta('Hel'), delta('lo'), delta('', 'stop'), event('[DONE]')])

async function textOf(stream: ChatStream): Promise<string> {
  let text = ''
  for await (const piece of stream.text()) text += piece
  return text
}

describe('listeners', () => {
  test.each<[string, (stream: ChatStream) => Promise<unknown>]>([
    ['nobody but final()', (stream) => stream.final()],
    ['a loop', textOf],
    ['a web stream', (stream) => new Response(stream.toReadableStream()).text()],
  ])('hear each event of their kind when the stream is read by %s', async (_name, read) => {
    await using it = await scripted(WHOLE)
    const heard: string[] = []
    const stream = it.gw.chat
      .stream(ASK)
      .on('text', ({ text }) => void heard.push(text))
      .on('finish', ({ reason }) => void heard.push(reason))
    await read(stream)
    expect(heard).toEqual(['Hel', 'lo', 'stop'])
  })

  test('that throw are heard by whoever reads', async () => {
    await using it = await scripted(WHOLE)
    const fault = new Error('mine')
    const stream = it.gw.chat.stream(ASK).on('text', () => {
      throw fault
    })
    expect(await thrown(stream.final())).toBe(fault)
  })
})

test('a stream tells at any time what has come so far', async () => {
  await using it = await scripted(WHOLE)
  const stream = it.gw.chat.stream(ASK)
  const known: unknown[] = []
  for await (const { type } of stream) known.push([type, stream.partial.choices[0]?.message.content])
  expect(known).toEqual([
    ['text', 'Hel'],
    ['text', 'Hello'],
    ['finish', 'Hello'],
  ])
})

describe('a stream that is passed on', () => {
  test('tells what broke it, also to a reader who is slow', async () => {
    await using it = await scripted(stream([delta('Hel'), event({ error: { message: 'No.', code: 'c' } })]))
    const source = it.gw.chat.stream(ASK)
    const reader = source.toReadableStream().getReader()
    const read = async () => new TextDecoder().decode((await reader.read()).value)
    expect(await read()).toContain('Hel')
    await thrown(source.final()) // by now nothing more comes
    expect(await read()).toBe(event({ error: { message: 'No.', code: 'c' } }))
    expect(await thrown(reader.read())).toMatchObject({ name: 'StreamError', message: 'No.' })
  })
})

describe('two streams of one', () => {
  test('say the same, one after the other or side by side, out of one request', async () => {
    await using it = await scripted(WHOLE)
    const [one, other] = it.gw.chat.stream(ASK).tee()
    expect(await textOf(one)).toBe('Hello')
    expect(await textOf(other)).toBe('Hello')
    const [left, right] = it.gw.chat.stream(ASK).tee()
    expect(await Promise.all([left.final(), textOf(right)])).toMatchObject([{ text: 'Hello' }, 'Hello'])
    expect(it.server.requests).toHaveLength(2)
  })

  test('leave the whole with the one they come from', async () => {
    await using it = await scripted(WHOLE)
    const stream = it.gw.chat.stream(ASK)
    const [one] = stream.tee()
    const whole = stream.final()
    await one.final()
    expect((await whole).text).toBe('Hello')
  })

  test('go on when one is left, and end the request when both are', async () => {
    await using it = await scripted(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead() + chunk(delta('Hel')).toString())
    })
    const [one, other] = it.gw.chat.stream(ASK).tee()
    const reader = one.toReadableStream().getReader()
    await reader.read()
    await reader.cancel()
    for await (const text of other.text()) {
      expect(text).toBe('Hel')
      break
    }
    await it.server.requests[0]?.closed
    expect(await thrown(one.final())).toBeInstanceOf(AbortError)
  })

  test('end the request also when one was aborted before anybody read it', async () => {
    await using it = await scripted(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead() + chunk(delta('Hel')).toString())
    })
    const [one, other] = it.gw.chat.stream(ASK).tee()
    other.abort()
    for await (const _ of one) break
    await it.server.requests[0]?.closed
  })

  test('break together, each with what it had', async () => {
    await using it = await scripted(stream([delta('Hel'), event({ error: { message: 'No.' } })]))
    const errors = await Promise.all(
      it.gw.chat
        .stream(ASK)
        .tee()
        .map((each) => thrown(each.final())),
    )
    for (const error of errors) {
      expect(error).toBeInstanceOf(StreamError)
      expect(error).toMatchObject({ message: 'No.', partial: { text: 'Hel' } })
      expect(error instanceof StreamError && error.cause).not.toBeInstanceOf(StreamError)
    }
  })

  test('fail together when there is no answer', async () => {
    await using it = await scripted(json({ error: 'No.' }, 400))
    const errors = await Promise.all(
      it.gw.chat
        .stream(ASK)
        .tee()
        .map((each) => thrown(each.final())),
    )
    expect(errors).toMatchObject([{ status: 400 }, { status: 400 }])
  })
})

describe('the HTTP answer behind a stream', () => {
  test('comes with its body unread, and is read there alone', async () => {
    await using it = await scripted(answer(200, { 'content-type': 'text/event-stream' }, delta('Hello', 'stop')))
    const stream = it.gw.chat.stream(ASK)
    expect(await (await stream.asResponse()).text()).toBe(delta('Hello', 'stop'))
    expect(await thrown(stream.final())).toBeInstanceOf(TypeError)
    expect(() => stream.chunks()).toThrow(TypeError)
  })

  test('ends with the signal', async () => {
    await using it = await scripted(silence)
    const response = it.gw.chat.stream(ASK, { signal: AbortSignal.timeout(20) }).asResponse()
    expect(await thrown(response)).toBeInstanceOf(AbortError)
  })
})
