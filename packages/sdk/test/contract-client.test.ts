/** What the contract's client for Rust, 0.9.1, is known to do wrong, one test each: this one must not. */
import { describe, expect, test } from 'bun:test'
import { AuthenticationError, NotFoundError, TimeoutError } from '../src/index.ts'
import {
  chunk,
  chunkedHead,
  delta,
  event,
  HELLO,
  json,
  LAST_CHUNK,
  scripted,
  silence,
  stream,
  thrown,
} from './support/scripted.ts'

const ASK = { model: 'm', messages: 'Hi' }
const OVER = event('[DONE]')
const TOOL = { type: 'function', function: { name: 'weather' } } as const

describe('a stream', () => {
  test('1. sends the token', async () => {
    await using it = await scripted(stream([delta('x', 'stop'), OVER]), { apiKey: 'token' })
    await it.gw.chat.stream(ASK).final()
    expect(it.server.requests[0]?.header('authorization')).toBe('Bearer token')
  })

  test('2. sends tools and max_tokens, of the call and of the client', async () => {
    await using it = await scripted(stream([delta('x', 'stop'), OVER]), { defaults: { max_tokens: 5 } })
    await it.gw.chat.stream({ ...ASK, tools: [TOOL] }).final()
    expect(JSON.parse(it.server.requests[0]?.text ?? '')).toMatchObject({ tools: [TOOL], max_tokens: 5 })
  })

  test('3. looks at the status of its answer', async () => {
    await using it = await scripted(json({ error: 'No.' }, 401))
    expect(await thrown(it.gw.chat.stream(ASK).final())).toBeInstanceOf(AuthenticationError)
  })

  test('4. holds together what the network has cut, in single bytes', async () => {
    await using it = await scripted(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead())
      for (const byte of new TextEncoder().encode(delta('Héllo', 'stop') + OVER))
        await call.write(chunk(Uint8Array.of(byte)))
      await call.write(LAST_CHUNK)
    })
    expect((await it.gw.chat.stream(ASK).final()).text).toBe('Héllo')
  })

  test('5. keeps [DONE] to itself', async () => {
    await using it = await scripted(stream([delta('x', 'stop'), OVER]))
    const chunks: unknown[] = []
    for await (const each of it.gw.chat.stream(ASK).chunks()) chunks.push(each)
    expect(chunks).toHaveLength(1)
    expect(chunks[0]).toMatchObject({ choices: [{ delta: { content: 'x' } }] })
  })

  test('6. takes pieces of a tool call that hold no id, type or name', async () => {
    const piece = (call: object, reason: string | null = null) =>
      event({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...call }] }, finish_reason: reason }] })
    const first = piece({ id: 'a', type: 'function', function: { name: 'weather', arguments: '{"x"' } })
    await using it = await scripted(stream([first, piece({ function: { arguments: ':1}' } }, 'tool_calls'), OVER]))
    const { toolCalls } = await it.gw.chat.stream(ASK).final()
    expect(toolCalls).toEqual([{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{"x":1}' } }])
  })
})

describe('an error', () => {
  test('7. is read in OpenAI’s form as well, and keeps its status and code', async () => {
    await using it = await scripted(json({ error: { message: 'No such thing.', code: 'nope' } }, 404))
    const error = await thrown(it.gw.chat(ASK))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ status: 404, code: 'nope', message: 'No such thing.' })
  })
})

describe('everything else', () => {
  test.each(['', '/', '/v1', '/v1/'])(
    '8. asks for health where it is, with a base URL that ends in "%s"',
    async (end) => {
      await using it = await scripted(json({ message: 'OK' }))
      expect(await it.gw.with({ baseURL: it.server.origin + end }).health()).toMatchObject({ ok: true, ready: true })
      expect(it.server.requests.map(({ target }) => target).toSorted()).toEqual(['/', '/health', '/ready'])
    },
  )

  test('9. tells the usage of an answer that is no stream, and sends more than texts', async () => {
    await using it = await scripted(json(HELLO))
    const content = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }] as const
    const { usage } = await it.gw.chat({ model: 'm', messages: [{ role: 'user', content }], temperature: 0.5 })
    expect(usage?.total_tokens).toBe(2)
    expect(JSON.parse(it.server.requests[0]?.text ?? '')).toMatchObject({ messages: [{ content }], temperature: 0.5 })
  })

  test('10. ends: by a limit of time, or when the caller leaves', async () => {
    await using it = await scripted(silence, { maxRetries: 0 })
    expect(await thrown(it.gw.chat(ASK, { timeouts: { firstByte: 20 } }))).toBeInstanceOf(TimeoutError)
    expect(await thrown(it.gw.chat(ASK, { signal: AbortSignal.timeout(20) }))).toMatchObject({ code: 'aborted' })
  })
})
