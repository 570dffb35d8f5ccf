import { describe, expect, test } from 'bun:test'
import { startGateway } from '../support/gateway.ts'
import { json, startScriptedProvider, stream } from '../support/scripted-provider.ts'
import { scrape } from './scrape.ts'

const usage = {
  prompt_tokens: 1_000_000,
  completion_tokens: 100_000,
  prompt_tokens_details: { cached_tokens: 400_000 },
}

async function costOf(
  model: string,
  prices?: object,
): Promise<{ header: string | null; counted: number; series: number }> {
  await using provider = await startScriptedProvider(json({ choices: [], usage }), { models: ['unpriced', 'own'] })
  const file = prices === undefined ? {} : { PRICES_PATH: 'prices.json' }
  await using gateway = await startGateway({
    providers: { openai: provider.origin },
    env: { ENABLE_TELEMETRY: 'true', ...file },
    files: { 'prices.json': JSON.stringify(prices) },
  })
  const body = JSON.stringify({ model: `openai/${model}`, messages: [{ role: 'user', content: 'Hi' }] })
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })
  await response.text()
  const scraped = await scrape(gateway)
  return {
    header: response.headers.get('x-gateway-cost-usd'),
    counted: scraped.value('inference_gateway_cost_usd_total'),
    series: scraped.labelsOf('inference_gateway_cost_usd_total').length,
  }
}

describe('what an answer cost', () => {
  test('is told by class of token', async () => {
    // 0.6 M fresh at 2.5, 0.4 M cached at 1.25, 0.1 M out at 10
    expect(await costOf('gpt-4o')).toEqual({ header: '3', counted: 3, series: 1 })
  })

  test('is that of the model a snapshot is of', async () => {
    expect((await costOf('gpt-4o-2024-08-06')).header).toBe('3')
  })

  test("knows Anthropic's two prices for writing to the cache, streamed and not", async () => {
    const counted = {
      input_tokens: 100_000,
      cache_read_input_tokens: 200_000,
      cache_creation_input_tokens: 300_000,
      cache_creation: { ephemeral_5m_input_tokens: 200_000, ephemeral_1h_input_tokens: 100_000 },
    }
    const whole = { type: 'message', content: [], usage: { ...counted, output_tokens: 10_000 } }
    const events = [
      { type: 'message_start', message: { usage: { ...counted, output_tokens: 1 } } },
      { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'message_delta', delta: {}, usage: { output_tokens: 10_000 } },
      { type: 'message_stop' },
    ]
    await using provider = await startScriptedProvider(json(whole))
    await using gateway = await startGateway({ providers: { anthropic: `${provider.origin}/v1` } })
    const costOfMessage = async (id: string, isStreamed: boolean) => {
      const messages = [{ role: 'user', content: 'Hi' }]
      const body = JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 9, messages, stream: isStreamed })
      const headers = { 'x-request-id': id }
      await (await fetch(`${gateway.url}/v1/messages?provider=anthropic`, { method: 'POST', body, headers })).text()
      return (await gateway.finished(id)).costUsd
    }
    // 0.1 M fresh at 3, 0.2 M read at 0.3, 0.2 M written at 3.75, 0.1 M for an hour at 6, 0.01 M out at 15
    const dollars = 0.3 + 0.06 + 0.75 + 0.6 + 0.15
    expect(await costOfMessage('whole', false)).toBeCloseTo(dollars, 9)
    provider.play(stream(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)))
    expect(await costOfMessage('streamed', true)).toBeCloseTo(dollars, 9)
  })

  test('is unknown for a model without a price: no header, no series, not zero', async () => {
    expect(await costOf('unpriced')).toEqual({ header: null, counted: 0, series: 0 })
  })

  test('follows a file of prices before the built-in ones', async () => {
    const prices = { 'openai/own': { input: 0.1, output: 0 }, 'openai/gpt-4o': null }
    expect((await costOf('own', prices)).header).toBe('0.1')
    expect((await costOf('gpt-4o', prices)).header).toBe(null)
  })
})
