import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rsaSigner } from '../../src/auth/test/forger.ts'
import { DISCOVERY, startScriptedProvider as startIssuer } from '../../src/auth/test/scripted-provider.ts'
import { metrics } from '../../src/telemetry/metric-table.ts'
import { pause, says, sized, startFaultProvider } from '../support/fault-provider.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { json, raw, type ScriptedProvider, startScriptedProvider, stream } from '../support/scripted-provider.ts'
import { until } from '../support/wire.ts'
import { scrape } from './scrape.ts'

const answerWith = (usage: object) => json({ choices: [{ message: { role: 'assistant', content: 'Hi' } }], usage })

let provider: ScriptedProvider
let other: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(answerWith({ prompt_tokens: 10, completion_tokens: 3 }), { models: ['known'] })
  other = await startScriptedProvider(answerWith({ prompt_tokens: 10, completion_tokens: 3 }))
  gateway = await startGateway({
    providers: { openai: provider.origin, groq: other.origin },
    env: { ENABLE_TELEMETRY: 'true', CLIENT_MAX_IDLE_CONNS: '50' },
  })
  await fetch(`${gateway.url}/v1/models`)
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
  await other.close()
})

const ask = async (body: object, path = '/v1/chat/completions', headers: Readonly<Record<string, string>> = {}) => {
  const messages = [{ role: 'user', content: 'Hello' }]
  const init = { method: 'POST', headers, body: JSON.stringify({ messages, ...body }) }
  const response = await fetch(gateway.url + path, init)
  await response.text().catch(() => '')
  return response
}

test('whether the door is open can be watched', async () => {
  expect(await gateway.metrics()).toMatch(/^inference_gateway_auth_enabled(\{\})? 0$/m)
  const env = { ENABLE_TELEMETRY: 'true', ENABLE_AUTH: 'true', OIDC_ISSUER_URL: 'http://127.0.0.1:1' }
  await using guarded = await startGateway({ env })
  expect(await guarded.metrics()).toMatch(/^inference_gateway_auth_enabled(\{\})? 1$/m)
})

test("whether the issuer's keys can be read can be watched", async () => {
  expect((await scrape(gateway)).names).not.toContain('inference_gateway_auth_keys_up')
  const { jwk } = await rsaSigner({ kid: 'one', use: 'sig', alg: 'RS256' })
  const issuer = startIssuer({ keys: [jwk] })
  issuer.answers.set(DISCOVERY, () => new Response('', { status: 500 }))
  const env = { ENABLE_TELEMETRY: 'true', ENABLE_AUTH: 'true', OIDC_ISSUER_URL: issuer.issuer }
  await using guarded = await startGateway({ env })
  await until(() => guarded.events.some(({ type }) => type === 'auth.unavailable'))
  expect(await guarded.metrics()).toMatch(/^inference_gateway_auth_keys_up(\{\})? 0$/m)
  issuer.answers.clear()
  await until(() => guarded.events.some(({ type }) => type === 'auth.available'))
  expect(await guarded.metrics()).toMatch(/^inference_gateway_auth_keys_up(\{\})? 1$/m)
  await issuer.stop()
})

test('a metric is what the table says: its name, its kind, its labels', async () => {
  await ask({ model: 'openai/known' })
  const scraped = await scrape(gateway)
  const rows = new Map(Object.values(metrics).map((metric) => [metric.prometheus as string, metric]))
  for (const name of scraped.names) {
    const row = rows.get(name)
    expect([name, scraped.typeOf(name)]).toEqual([name, row?.kind.toUpperCase()])
    const known: readonly string[] = row?.labels.map((label) => label.replaceAll('.', '_')) ?? []
    for (const labels of scraped.labelsOf(name))
      expect(Object.keys(labels).filter((label) => !known.includes(label))).toEqual([])
  }
  expect(scraped.names).toContain('inference_gateway_build_info')
  expect(scraped.names).toContain('inference_gateway_event_loop_lag_seconds')
})

describe('a request that was answered', () => {
  test('is counted under its route, model and provider, also by the older names', async () => {
    const before = await scrape(gateway)
    await ask({ model: 'openai/known' })
    const after = await scrape(gateway)
    const more = (name: string, labels: Record<string, string>) =>
      after.value(name, labels) - before.value(name, labels)
    const model = { gen_ai_provider_name: 'openai', gen_ai_request_model: 'known' }
    const legacy = { provider: 'openai', request_method: 'POST', request_path: '/v1/chat/completions' }
    expect(more('gen_ai_client_token_usage', { ...model, gen_ai_token_type: 'input' })).toBe(10)
    expect(more('gen_ai_client_token_usage', { ...model, gen_ai_token_type: 'output' })).toBe(3)
    expect(more('llm_usage_prompt_tokens', { provider: 'openai', model: 'known' })).toBe(10)
    expect(more('llm_usage_completion_tokens', { provider: 'openai', model: 'known' })).toBe(3)
    expect(more('llm_usage_total_tokens', { provider: 'openai', model: 'known' })).toBe(13)
    expect(more('llm_requests_total', legacy)).toBe(1)
    expect(more('llm_responses_total', { ...legacy, status_code: '200' })).toBe(1)
    expect(more('inference_gateway_attempts_total', { gen_ai_provider_name: 'openai', outcome: 'answered' })).toBe(1)
    for (const name of [
      'gen_ai_server_request_duration_seconds',
      'llm_request_duration',
      'inference_gateway_overhead_seconds',
    ])
      expect([name, after.count(name) - before.count(name)]).toEqual([name, 1])
  })

  test('is measured on every route, /proxy included, with the tokens it cost there', async () => {
    const before = await scrape(gateway)
    await ask({ model: 'x' }, '/proxy/openai/v1/chat/completions')
    await ask({}, '/nowhere/to/be/found')
    const after = await scrape(gateway)
    const route = 'http_server_request_duration_seconds'
    for (const labels of [
      { http_route: '/proxy/{provider}/{path}', http_response_status_code: '200' },
      { http_route: 'unknown', http_response_status_code: '404', error_type: 'route_not_found' },
    ])
      expect([labels, after.count(route, labels) - before.count(route, labels)]).toEqual([labels, 1])
    const proxied = { gen_ai_provider_name: 'openai', gen_ai_request_model: 'other', gen_ai_operation_name: 'chat' }
    expect(after.value('gen_ai_client_token_usage', { ...proxied, gen_ai_token_type: 'input' })).toBe(10)
  })

  test('on /proxy is that of the model its body or its path names', async () => {
    const before = await scrape(gateway)
    const answered = await ask({ model: 'known' }, '/proxy/openai/v1/chat/completions')
    await ask({}, '/proxy/openai/v1/models/known:generateContent')
    const after = await scrape(gateway)
    const counted = (labels: Record<string, string>) => {
      const all = { gen_ai_provider_name: 'openai', gen_ai_request_model: 'known', ...labels }
      const name = 'gen_ai_server_request_duration_seconds'
      return after.count(name, all) - before.count(name, all)
    }
    expect(answered.headers.get('x-gateway-model')).toBe('known')
    expect(counted({ gen_ai_operation_name: 'chat' })).toBe(1)
    expect(counted({ gen_ai_operation_name: 'generate_content' })).toBe(1)
  })

  test.each([
    ['/v1/embeddings', { input: 'x' }, 'embeddings'],
    ['/v1/completions', { prompt: 'x' }, 'text_completion'],
    ['/v1/audio/speech', { input: 'x' }, 'other'],
    ['/v1/images/generations', { prompt: 'x' }, 'other'],
    ['/v1/moderations', { input: 'x' }, 'other'],
    ['/v1/messages', { max_tokens: 9 }, 'chat'],
    ['/v1/responses', { input: 'x' }, 'chat'],
  ])('is measured on %s', async (path, body, operation) => {
    const before = await scrape(gateway)
    await ask({ model: 'openai/known', ...body }, path)
    const after = await scrape(gateway)
    const labels = { gen_ai_provider_name: 'openai', gen_ai_request_model: 'known', gen_ai_operation_name: operation }
    for (const [name, of] of [
      ['gen_ai_server_request_duration_seconds', labels],
      ['http_server_request_duration_seconds', { http_route: path }],
      ['llm_request_duration', { provider: 'openai', request_path: path }],
    ] as const)
      expect([name, after.count(name, of) - before.count(name, of)]).toEqual([name, 1])
  })

  test('as a stream tells when its first token came and how long the others took', async () => {
    const delta = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
    const end = `data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":2}}\n\ndata: [DONE]\n\n`
    provider.play(stream([delta('a'), delta('b'), end]))
    await ask({ model: 'openai/known', stream: true })
    const scraped = await scrape(gateway)
    expect(scraped.count('gen_ai_server_time_to_first_token_seconds')).toBe(1)
    expect(scraped.count('gen_ai_server_time_per_output_token_seconds')).toBe(1)
    expect(scraped.value('inference_gateway_streams_open')).toBe(0)
    expect(scraped.value('inference_gateway_requests_in_flight')).toBe(0)
    provider.play(answerWith({ prompt_tokens: 10, completion_tokens: 3 }))
  })
})

describe('what goes wrong is counted', () => {
  test('a fallback to another provider, and the try that failed', async () => {
    provider.play(json({ error: { message: 'down' } }, 503))
    await ask({ model: 'openai/known' }, '/v1/chat/completions', { 'x-gateway-fallback': 'groq/llama' })
    provider.play(answerWith({ prompt_tokens: 10, completion_tokens: 3 }))
    const scraped = await scrape(gateway)
    expect(scraped.value('inference_gateway_fallbacks_total', { from: 'openai', to: 'groq' })).toBe(1)
    const attempts = (outcome: string) => ({ gen_ai_provider_name: 'openai', outcome })
    expect(scraped.value('inference_gateway_attempts_total', attempts('failed'))).toBe(1)
    provider.play(json({ error: { message: 'no' } }, 400))
    await ask({ model: 'openai/known' })
    provider.play(answerWith({ prompt_tokens: 10, completion_tokens: 3 }))
    expect((await scrape(gateway)).value('inference_gateway_attempts_total', attempts('refused'))).toBe(1)
  })

  test('a retry of the same target', async () => {
    let calls = 0
    provider.play((call) => (calls++ < 2 ? raw('')(call) : answerWith({ prompt_tokens: 1 })(call)))
    await ask({ model: 'openai/known' })
    provider.play(answerWith({ prompt_tokens: 10, completion_tokens: 3 }))
    expect((await scrape(gateway)).value('inference_gateway_retries_total', { gen_ai_provider_name: 'openai' })).toBe(1)
  })

  test('the pause before a target is asked again, apart from our own work', async () => {
    let calls = 0
    await using failing = await startScriptedProvider((call) =>
      calls++ === 0 ? json({ error: { message: 'down' } }, 503)(call) : answerWith({ prompt_tokens: 1 })(call),
    )
    await using patient = await startGateway({
      providers: { openai: failing.origin },
      config:
        'models:\n  slow:\n    deployments:\n      - { provider: openai, model: some }\n    retry: { attempts: 2, base_delay: 60ms }\n',
    })
    const body = JSON.stringify({ model: 'slow', messages: [{ role: 'user', content: 'Hello' }] })
    const headers = { 'x-request-id': 'paused' }
    const response = await fetch(`${patient.url}/v1/chat/completions`, { method: 'POST', body, headers })
    const { waitedMs, gatewayMs, durationMs } = await patient.finished('paused')
    expect(response.status).toBe(200)
    expect(response.headers.get('server-timing')).toMatch(
      /^gateway;dur=[\d.]+, queue;dur=[1-9][\d.]*, upstream;dur=[\d.]+$/,
    )
    expect(waitedMs).toBeGreaterThan(1)
    expect(gatewayMs + waitedMs).toBeLessThanOrEqual(durationMs)
  })

  test("waiting for the rest of a whole answer is the provider's time", async () => {
    const answer = sized(JSON.stringify({ choices: [], usage: { prompt_tokens: 1 } }), [
      'content-type: application/json',
    ])
    await using slow = await startFaultProvider()
    slow.play(async (peer) => {
      await says(answer.slice(0, -20))(peer)
      await pause(300)
      await peer.write(answer.slice(-20))
    })
    await using dragged = await startGateway({ providers: { openai: slow.origin } })
    const body = JSON.stringify({ model: 'openai/some', messages: [{ role: 'user', content: 'Hello' }] })
    const headers = { 'x-request-id': 'dragged' }
    const response = await fetch(`${dragged.url}/v1/chat/completions`, { method: 'POST', body, headers })
    expect(response.status).toBe(200)
    const { upstreamMs, gatewayMs, durationMs } = await dragged.finished('dragged')
    expect(upstreamMs).toBeGreaterThan(250)
    expect(gatewayMs + (upstreamMs ?? 0)).toBeLessThanOrEqual(durationMs)
  })

  test('a client that left, a stream that broke', async () => {
    const delta = `data: ${JSON.stringify({ choices: [{ delta: { content: 'word' } }] })}\n\n`
    provider.play(stream([delta]))
    await ask({ model: 'openai/known', stream: true }).catch(() => null)
    provider.play(async ({ bodyRead }) => bodyRead)
    provider.forget()
    const leaving = new AbortController()
    const body = JSON.stringify({ model: 'openai/known', messages: [{ role: 'user', content: 'x' }] })
    const left = fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body, signal: leaving.signal })
    await until(() => provider.requests.at(-1)?.isWhole === true)
    leaving.abort()
    await left.catch(() => null)
    await until(() =>
      gateway.events.some((event) => event.type === 'exchange.finished' && event.summary.outcome === 'left'),
    )
    const scraped = await scrape(gateway)
    expect(scraped.value('inference_gateway_streams_broken_total', { gen_ai_provider_name: 'openai' })).toBe(1)
    expect(scraped.value('inference_gateway_client_disconnects_total', { http_route: '/v1/chat/completions' })).toBe(1)
    provider.play(answerWith({ prompt_tokens: 10, completion_tokens: 3 }))
  })
})

describe('names that come from outside make no series', () => {
  test('thousands of models, paths, methods and codes', async () => {
    const before = await scrape(gateway)
    other.play((call) => json({ error: { message: 'no', code: `code-${Math.random()}` } }, 404)(call))
    for (let index = 0; index < 300; index++) {
      await Promise.all([
        ask({ model: `groq/model-${index}` }),
        ask({ model: `groq/model-${index}`, user: `user-${index}` }, `/path-${index}`),
        ask({ model: `groq/model-${index}` }, `/proxy/groq/v1/path-${index}`),
      ])
    }
    const after = await scrape(gateway)
    expect(after.seriesCount).toBeLessThan(before.seriesCount + 30)
    expect(after.text).not.toContain('model-1')
    expect(after.text).not.toContain('path-1')
    expect(after.text).not.toContain('code-')
  })
})
