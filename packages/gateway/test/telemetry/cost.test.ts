import { describe, expect, test } from 'bun:test'
import { startGateway } from '../support/gateway.ts'
import { json, startScriptedProvider } from '../support/scripted-provider.ts'
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

  test('is unknown for a model without a price: no header, no series, not zero', async () => {
    expect(await costOf('unpriced')).toEqual({ header: null, counted: 0, series: 0 })
  })

  test('follows a file of prices before the built-in ones', async () => {
    const prices = { 'openai/own': { input: 0.1, output: 0 }, 'openai/gpt-4o': null }
    expect((await costOf('own', prices)).header).toBe('0.1')
    expect((await costOf('gpt-4o', prices)).header).toBe(null)
  })
})
