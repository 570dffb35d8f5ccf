import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { catalog } from '../src/providers/catalog.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { answer, cut, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'

// Cohere's native chat is recorded under the same name; it is another dialect.
const exchanges = exchangesOf('chat', 'compat-chat').filter(({ endpoint }) => endpoint.endsWith('/chat/completions'))
const builtIn = new Set(catalog.map(({ id }) => id))
const others = [...new Set(exchanges.map(({ provider }) => provider))].filter((id) => !builtIn.has(id))

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  const everyProvider = Object.fromEntries([...builtIn, ...others].map((id) => [id, `${provider.origin}/v1`]))
  // Providers that are in no catalog are added as a user would.
  const rows = others.map((id) => `  - {id: ${id}, base_url: "${provider.origin}/v1"}`).join('\n')
  gateway = await startGateway({ providers: everyProvider, config: `providers:\n${rows}\n` })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

/** What the client sends: what was recorded, or the smallest request that could have had this answer. */
function requestOf({ request, model, isStream }: Exchange): string {
  if (request !== null) return request.toString()
  const messages = [{ role: 'user', content: 'Hello' }]
  return JSON.stringify({ model: model ?? 'some-model', messages, ...(isStream && { stream: true }) })
}

async function replay(exchange: Exchange, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const url = `${gateway.url}/v1/chat/completions?provider=${exchange.provider}`
  return fetch(url, { method: 'POST', body: requestOf(exchange), headers, signal: AbortSignal.timeout(15_000) })
}

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())
const table = (some: readonly Exchange[]) => some.map((exchange) => [exchange.name, exchange] as const)

describe('whole answers', () => {
  // MiniMax's refusals have the status 200 and are no answers: see odd-exchanges.test.ts.
  const isRefusal = ({ provider, response }: Exchange) =>
    provider === 'minimax' && /"choices": ?null/.test(response.toString())
  const answers = exchanges.filter((exchange) => exchange.status < 400 && !exchange.isStream && !isRefusal(exchange))

  test.each(table(answers))('%s comes out byte for byte', async (_, exchange) => {
    provider.play(answer(exchange.status, { 'content-type': exchange.contentType }, exchange.response))
    const response = await replay(exchange)
    expect(response.status).toBe(exchange.status)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('x-gateway-provider')).toBe(exchange.provider)
    expect((await bytesOf(response)).equals(exchange.response)).toBe(true)
    await expectCounted(response, exchange)
  })
})

/**
 * The tokens that the provider counted last are those that listeners hear of, wherever it wrote them. A prompt's sound
 * Mistral counts elsewhere.
 */
async function expectCounted({ headers }: Response, { response }: Exchange): Promise<void> {
  const counts = [...response.toString().matchAll(/"prompt_tokens": ?(\d+)/g)].map(([, count]) => Number(count))
  const sound = Number(/"prompt_audio_seconds": ?\d[^]*"audio_tokens": ?(\d+)/.exec(response.toString())?.[1] ?? 0)
  const { usage } = await gateway.finished(headers.get('x-request-id') ?? '')
  expect(usage?.input).toBe(counts.length === 0 ? undefined : Number(counts.at(-1)) + sound)
}

describe('errors', () => {
  const errors = exchanges.filter(({ status }) => status >= 400)
  const play = ({ status, contentType, response }: Exchange) =>
    provider.play(answer(status, { 'content-type': contentType }, response))

  test.each(table(errors))('%s keeps its status and its words', async (_, exchange) => {
    play(exchange)
    const response = await replay(exchange)
    expect(response.status).toBe(exchange.status)
    const body = await response.json()
    expect(textsIn(exchange.response)).toContain(withoutAdvice(body.error))
    expect(body).toMatchObject({
      type: expect.any(String),
      code: expect.any(String),
      request_id: response.headers.get('x-request-id'),
      provider: exchange.provider,
      provider_error: JSON.parse(exchange.response.toString()),
    })
  })

  test.each(table(errors))("%s is told in OpenAI's words to OpenAI's SDKs", async (_, exchange) => {
    play(exchange)
    const response = await replay(exchange, { 'x-stainless-lang': 'js' })
    expect(response.status).toBe(exchange.status)
    const { error } = await response.json()
    expect(textsIn(exchange.response)).toContain(withoutAdvice(error.message))
    expect(Object.keys(error)).toEqual(expect.arrayContaining(['message', 'type', 'param', 'code']))
    expect(error.type).toEqual(expect.any(String))
  })
})

/** Where the key was refused, the gateway says after the provider's words whose it was. */
const withoutAdvice = (message: string): string => message.replace(/ \(asked with the gateway's key for [^)]+\)$/, '')

/** Every text anywhere in a JSON body: an error's message is one of them, in whatever envelope it came. */
function textsIn(body: Uint8Array): readonly string[] {
  const texts: string[] = []
  JSON.parse(Buffer.from(body).toString(), (_, value: unknown) => {
    if (typeof value === 'string') texts.push(value)
    return value
  })
  return texts
}

describe('streams', () => {
  const streams = exchanges.filter(({ isStream }) => isStream)
  const expectedOf = (exchange: Exchange): Buffer =>
    asksForUsage(requestOf(exchange)) ? exchange.response : withoutUsage(exchange.response)

  async function expectReplayed(exchange: Exchange, pieces: readonly Uint8Array[], expected: Buffer): Promise<void> {
    provider.play(stream(pieces, { 'content-type': exchange.contentType }))
    const response = await replay(exchange)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(exchange.contentType)
    expect((await bytesOf(response)).toString()).toBe(expected.toString())
    await expectCounted(response, exchange)
  }

  test.each(table(streams))('%s comes out as it went in', (_, exchange) =>
    expectReplayed(exchange, [exchange.response], expectedOf(exchange)),
  )

  test.each(table(streams))('%s comes out as it went in, cut anywhere', (_, exchange) =>
    // About sixty cuts, at other places in every stream: an odd size never keeps step with the events.
    expectReplayed(
      exchange,
      cut(exchange.response, Math.ceil(exchange.response.byteLength / 60) | 1),
      expectedOf(exchange),
    ),
  )

  // A packet for every byte: more than these would take seconds and show nothing new.
  const short = streams.filter(({ response }) => response.byteLength < 64 * 1024)
  const shortest = Object.values(Object.groupBy(short, ({ provider }) => provider)).flatMap((some = []) =>
    some.toSorted((a, b) => a.response.byteLength - b.response.byteLength).slice(0, 3),
  )
  test.each(table(shortest))('%s comes out as it went in, byte by byte', (_, exchange) =>
    expectReplayed(exchange, cut(exchange.response, 1), expectedOf(exchange)),
  )

  test.each(table(shortest))('%s comes out as it went in with CRLF for line ends', (_, exchange) => {
    const crlf = (bytes: Buffer) => Buffer.from(bytes.toString().replaceAll('\n', '\r\n'))
    const response = crlf(exchange.response)
    return expectReplayed(exchange, cut(response, Math.ceil(response.byteLength / 60) | 1), crlf(expectedOf(exchange)))
  })
})

const asksForUsage = (request: string): boolean => JSON.parse(request).stream_options?.include_usage === true

/** The rule, told once more: an event without choices but with usage is the answer to a question the client never asked. */
function withoutUsage(stream: Buffer): Buffer {
  const events = stream.toString().split(/(?<=\n\n)/)
  return Buffer.from(events.filter((event) => !isUsageEvent(event)).join(''))
}

function isUsageEvent(event: string): boolean {
  const data = /^data: (\{.*)$/m.exec(event)?.[1]
  if (data === undefined) return false
  const { choices, usage } = JSON.parse(data)
  return choices?.length === 0 && typeof usage === 'object' && usage !== null
}
