import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { TokenUsage } from '../../src/kernel/events.ts'
import { catalog } from '../../src/providers/catalog.ts'
import { type Exchange, exchangesOf } from '../support/fixtures.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { chunk } from '../support/wire.ts'
import {
  answer,
  chunkedHead,
  cut,
  type ScriptedProvider,
  startScriptedProvider,
  stream,
} from '../support/scripted-provider.ts'
import { scrape } from './scrape.ts'

const PROXIED = ['messages', 'responses', 'generate', 'embeddings', 'completions'] as const
const chats = exchangesOf('chat', 'compat-chat').filter(({ endpoint }) => endpoint.endsWith('/chat/completions'))
const proxied = exchangesOf(...PROXIED)
const exchanges = [...chats, ...proxied].filter(({ status }) => status === 200)
const builtIn = new Set(catalog.map(({ id }) => id))
const others = [...new Set(exchanges.map(({ provider }) => provider))].filter((id) => !builtIn.has(id))

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  const everyProvider = Object.fromEntries([...builtIn, ...others].map((id) => [id, `${provider.origin}/v1`]))
  const rows = others.map((id) => `  - {id: ${id}, base_url: "${provider.origin}/v1"}`).join('\n')
  const env = { ENABLE_TELEMETRY: 'true' }
  gateway = await startGateway({ providers: everyProvider, config: `providers:\n${rows}\n`, env })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const number = (value: unknown): number => (typeof value === 'number' ? value : 0)

const detail = (details: unknown, name: string): number => (isObject(details) ? number(details[name]) : 0)

/** Every object under one of the names providers count tokens under, in order. */
function usagesIn(value: unknown): Json[] {
  if (Array.isArray(value)) return value.flatMap(usagesIn)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) =>
    (name === 'usage' || name === 'usageMetadata') && isObject(member) ? [member] : usagesIn(member),
  )
}

/** What was recorded, read in the plainest way: all events parsed, the last figure that is one counts. */
function recorded({ isStream, response }: Exchange): Pick<TokenUsage, 'input' | 'output'> | null {
  const text = response.toString()
  const lines = isStream ? text.split(/\r?\n/).filter((line) => line.startsWith('data:')) : [`data:${text}`]
  const parsed = lines.flatMap((line) => {
    try {
      return [JSON.parse(line.slice(5)) as unknown]
    } catch {
      return []
    }
  })
  const known = parsed.flatMap(usagesIn).map((usage) => Object.entries(usage).filter(([, value]) => value !== null))
  const usage: Json = Object.fromEntries(known.flat())
  const counts = isObject(usage['tokens']) ? usage['tokens'] : usage
  if ('promptTokenCount' in counts)
    return {
      input: number(counts['promptTokenCount']) + number(counts['toolUsePromptTokenCount']),
      output: number(counts['candidatesTokenCount']) + number(counts['thoughtsTokenCount']),
    }
  const input = counts['prompt_tokens'] ?? counts['input_tokens']
  const output = counts['completion_tokens'] ?? counts['output_tokens']
  if (input === undefined && output === undefined) return null
  const all = number(input) + number(counts['cache_read_input_tokens']) + number(counts['cache_creation_input_tokens'])
  // Mistral counts a prompt's sound in its details and in the total only.
  const sound = 'prompt_audio_seconds' in counts ? detail(counts['prompt_tokens_details'], 'audio_tokens') : 0
  const heard = all + sound
  return { input: heard, output: Math.max(number(output), number(counts['total_tokens']) - heard) }
}

/** The bytes as the provider sent them. */
const played = ({ isStream, status, contentType, response }: Exchange) =>
  isStream ? stream(cut(response, 700)) : answer(status, { 'content-type': contentType }, response)

function requestOf({ request, model, isStream }: Exchange): string {
  if (request !== null) return request.toString()
  const messages = [{ role: 'user', content: 'Hello' }]
  return JSON.stringify({ model: model ?? 'some-model', messages, ...(isStream && { stream: true }) })
}

let asked = 0

async function usageAfter(exchange: Exchange, path: string): Promise<TokenUsage | null> {
  provider.play(played(exchange))
  const id = `usage-${asked++}`
  const headers = { 'x-request-id': id, 'content-type': 'application/json' }
  const response = await fetch(gateway.url + path, { method: 'POST', body: requestOf(exchange), headers })
  await response.arrayBuffer().catch(() => null)
  return (await gateway.finished(id)).usage
}

const table = (some: readonly Exchange[]) =>
  some.filter(({ status }) => status === 200).map((exchange) => [exchange.name, exchange] as const)

/** Those whose answer tells of an error are none. */
const counted = (usage: TokenUsage | null) => usage && { input: usage.input, output: usage.output }

describe.skipIf(chats.length === 0)('the usage that was recorded is what is counted', () => {
  test.each(table(chats))('%s', async (_, exchange) => {
    const usage = await usageAfter(exchange, `/v1/chat/completions?provider=${exchange.provider}`)
    if (usage?.isEstimated !== true) expect(counted(usage)).toEqual(recorded(exchange))
    else expect(recorded(exchange)).toBe(null)
  })

  test.each(table(proxied))('%s, on /proxy', async (_, exchange) => {
    const usage = await usageAfter(exchange, `/proxy/${exchange.provider}/v1/x`)
    expect(counted(usage)).toEqual(recorded(exchange))
  })

  test('and the counters hold their sum', async () => {
    const scraped = await scrape(gateway)
    const usages = gateway.events.flatMap((event) => (event.type === 'exchange.finished' ? [event.summary.usage] : []))
    const sum = (name: 'input' | 'output' | 'cached' | 'reasoning') =>
      usages.reduce((total, usage) => total + (usage?.[name] ?? 0), 0)
    for (const type of ['input', 'output', 'cached', 'reasoning'] as const)
      expect([type, scraped.value('gen_ai_client_token_usage', { gen_ai_token_type: type })]).toEqual([type, sum(type)])
    expect(scraped.value('llm_usage_prompt_tokens')).toBe(sum('input'))
    expect(scraped.value('llm_usage_completion_tokens')).toBe(sum('output'))
  })
})

describe('a stream that ends without figures', () => {
  const delta = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`
  const body = JSON.stringify({ model: 'openai/gpt-4o', stream: true, messages: [{ role: 'user', content: 'Count' }] })

  test('because it broke counts what came, as an estimate', async () => {
    provider.play(stream(Array.from({ length: 50 }, (_, index) => delta(` ${index}`))))
    const headers = { 'x-request-id': 'broken' }
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body, headers })
    await response.text().catch(() => null)
    const { usage, costUsd } = await gateway.finished('broken')
    expect(usage?.isEstimated).toBe(true)
    expect(usage?.output).toBeWithin(40, 60)
    expect(usage?.input).toBeWithin(10, 60)
    expect(costUsd).toBeGreaterThan(0)
    const scraped = await scrape(gateway)
    const estimated = { gen_ai_provider_name: 'openai', gen_ai_token_type: 'output', estimated: 'true' }
    expect(scraped.value('gen_ai_client_token_usage', estimated)).toBe(usage?.output ?? 0)
  })

  test('because the client left counts what it was sent', async () => {
    provider.play(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead())
      for (let index = 0; index < 20; index++) await call.write(chunk(delta(' word')))
      await call.request.closed
    })
    const leaving = new AbortController()
    const headers = { 'x-request-id': 'left' }
    const init = { method: 'POST', body, headers, signal: leaving.signal }
    const response = await fetch(`${gateway.url}/v1/chat/completions`, init)
    let received = ''
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    while (received.split('word').length <= 20) received += (await reader?.read())?.value ?? ''
    leaving.abort()
    await reader?.cancel().catch(() => null)
    const { usage, outcome } = await gateway.finished('left')
    expect(outcome).toBe('left')
    expect(usage?.isEstimated).toBe(true)
    expect(usage?.output).toBeWithin(20, 31)
  })

  const typed = (event: { readonly type: string; readonly [name: string]: unknown }) =>
    `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
  const words = Array.from({ length: 50 }, (_, index) => ` ${index}`)
  const said = words.map((content) => delta(content))
  const message = [
    typed({ type: 'message_start', message: { usage: { input_tokens: 77, output_tokens: 1 } } }),
    ...words.map((text) => typed({ type: 'content_block_delta', delta: { type: 'text_delta', text } })),
  ]
  const response = words.map((word) => typed({ type: 'response.output_text.delta', delta: word }))
  test.each([
    ['/v1/messages, relayed', '/v1/messages', 'anthropic', message, 77],
    ['/v1/messages, translated', '/v1/messages', 'groq', said, null],
    ['/v1/responses, relayed', '/v1/responses', 'openai', response, null],
    ['/v1/responses, translated', '/v1/responses', 'mistral', said, null],
  ] as const)('because it broke counts what came, on %s', async (name, path, who, events, input) => {
    provider.play(stream([...events]))
    const headers = { 'x-request-id': name.replaceAll(/\W+/g, '-') }
    const asked = {
      model: `${who}/some`,
      stream: true,
      max_tokens: 9,
      input: 'Count',
      messages: [{ role: 'user', content: 'Count' }],
    }
    const response = await fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(asked), headers })
    await response.text().catch(() => null)
    const { usage, outcome } = await gateway.finished(headers['x-request-id'])
    expect([outcome, usage?.isEstimated]).toEqual(['failed', true])
    expect(usage?.output).toBeWithin(40, 60)
    if (input === null) expect(usage?.input).toBeWithin(10, 60)
    else expect(usage?.input).toBe(input)
  })

  const parts = words.map(
    (text) => `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text }] } }] })}\r\n\r\n`,
  )
  test.each([
    ['chat', 'openai/chat/completions', said, null],
    ['messages', 'anthropic/messages', message, 77],
    ['responses', 'openai/responses', response, null],
    ['generateContent', 'google/models/some:streamGenerateContent', parts, null],
  ] as const)('because it broke counts what came, on /proxy: %s', async (name, path, events, input) => {
    provider.play(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead())
      await call.write(chunk(events.join('')))
      call.end()
    })
    const headers = { 'x-request-id': `proxied-${name}` }
    const response = await fetch(`${gateway.url}/proxy/${path}`, { method: 'POST', body, headers })
    await response.text().catch(() => null)
    const { usage, outcome } = await gateway.finished(headers['x-request-id'])
    expect([outcome, usage?.isEstimated]).toEqual(['failed', true])
    expect(usage?.output).toBeWithin(40, 60)
    if (input === null) expect(usage?.input).toBeWithin(10, 60)
    else expect(usage?.input).toBe(input)
  })

  test('that is complete is not guessed', async () => {
    const end = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    provider.play(stream([delta('Hi'), end]))
    const headers = { 'x-request-id': 'complete' }
    await (await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body, headers })).text()
    expect((await gateway.finished('complete')).usage).toBe(null)
  })
})
