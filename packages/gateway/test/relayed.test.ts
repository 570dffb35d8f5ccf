import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { catalog } from '../src/providers/catalog.ts'
import { relayedOperations } from '../src/handlers/relayed.ts'
import { answerProblems, contract } from './support/contract.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { keyOf, startGateway, type TestGateway } from './support/gateway.ts'
import { connect } from './support/raw-client.ts'
import { answer, cut, json, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'
import { until } from './support/wire.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json({}), { models: ['text-embedding-3-small'] })
  gateway = await startGateway({
    providers: Object.fromEntries(catalog.map(({ id }) => [id, provider.origin])),
    env: { SIMULATOR_ENABLED: 'true', SERVER_MAX_REQUEST_BODY_SIZE: '3000000', SERVER_READ_TIMEOUT: '1s' },
  })
  await fetch(`${gateway.url}/v1/models`) // every list has been asked for
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const post = (path: string, body: unknown, headers: Record<string, string> = {}) => {
  provider.forget()
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(gateway.url + path, { method: 'POST', body: text, headers, signal: AbortSignal.timeout(10_000) })
}

describe('recorded answers', () => {
  const kinds = [
    'input-tokens',
    'embeddings',
    'completions',
    'images',
    'moderations',
    'transcription',
    'translation',
    'rerank',
  ]
  const operations = new Map(catalog.map(({ id, operations }) => [id, operations]))
  const exchanges = exchangesOf(...kinds).flatMap((exchange) => {
    const operation = relayedOperations.find(({ name }) => exchange.endpoint.endsWith(`/${name}`))
    const offered = operation !== undefined && operations.get(exchange.provider)?.[operation.name] !== undefined
    return offered ? [[exchange.name, exchange, operation.name] as const] : []
  })

  const requestOf = ({ request }: Exchange): string =>
    request?.toString() ?? '{"model":"m","input":"x","prompt":"x","query":"x","documents":["x"]}'

  test.each(exchanges)('%s comes out byte for byte', async (_, exchange, operation) => {
    const bytes = exchange.isStream ? cut(exchange.response, 7) : [exchange.response]
    provider.play(
      exchange.isStream
        ? stream(bytes, { 'content-type': exchange.contentType })
        : answer(exchange.status, { 'content-type': exchange.contentType }, exchange.response),
    )
    const response = await post(`/v1/${operation}?provider=${exchange.provider}`, requestOf(exchange))
    expect(response.status).toBe(exchange.status)
    expect(response.headers.get('x-gateway-provider')).toBe(exchange.provider)
    const answered = Buffer.from(await response.arrayBuffer())
    if (exchange.status < 400) expect(answered.equals(exchange.response)).toBe(true)
    else expect(JSON.parse(answered.toString())).toMatchObject({ provider: exchange.provider })
  })
})

describe('which provider is asked, and how', () => {
  test.each(relayedOperations.map(({ name }) => [name] as const))(
    '%s goes to the path of its provider',
    async (name) => {
      for (const row of catalog) {
        const endpoint = row.operations[name]
        if (endpoint === undefined) continue
        provider.play(json({ fine: true }))
        const body = { input: 'x', prompt: 'x', query: 'x', documents: ['x'], model: `${row.id}/m`, unknown: 1.0 }
        const response = await post(`/v1/${name}`, body)
        expect(await response.json()).toEqual({ fine: true })
        expect(provider.requests[0]?.target).toBe(endpoint.path)
        expect(provider.requests[0]?.header('authorization')).toBe(`Bearer ${keyOf(row.id)}`)
        expect(JSON.parse(provider.requests[0]?.text ?? '')).toEqual({ ...body, model: 'm' })
        expect(response.headers.get('x-gateway-changes')).toBe(`model=${row.id}/m>m`)
        expect(response.headers.get('x-gateway-model')).toBe('m')
      }
    },
  )

  test('a provider without the operation answers 404 and names those that have it', async () => {
    const response = await post('/v1/embeddings', { model: 'anthropic/claude', input: 'x' })
    expect(response.status).toBe(404)
    expect(response.headers.get('x-gateway-provider')).toBe('anthropic')
    expect(await response.json()).toMatchObject({
      code: 'unsupported_operation',
      error: expect.stringContaining('Anthropic offers no embeddings. Those that have: openai, cohere, cloudflare'),
    })
    expect(provider.requests).toHaveLength(0)
  })

  test('a target of a chain that lacks the operation is passed over', async () => {
    provider.play(json({ data: [] }))
    const response = await post('/v1/embeddings', { model: ['anthropic/claude', 'mistral/embed'], input: 'x' })
    expect(response.headers.get('x-gateway-provider')).toBe('mistral')
  })

  test('falls over to the next target of a chain', async () => {
    let asked = 0
    provider.play((call) => json(asked++ === 0 ? {} : { data: [] }, asked === 1 ? 503 : 200)(call))
    const response = await post('/v1/embeddings', { model: ['openai/a', 'mistral/b'], input: 'x' })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-gateway-attempts')).toMatch(/^openai;status=503;dur=[\d.]+, mistral;status=200;/)
  })

  test('a path of these beside the stored responses is no stored response', async () => {
    provider.play(json({ object: 'response.compaction', output: [], usage: { input_tokens: 9, output_tokens: 2 } }))
    const headers = { 'x-request-id': 'compacted' }
    const response = await post('/v1/responses/compact', { model: 'openai/gpt-5-codex', input: [] }, headers)
    expect(await response.json()).toMatchObject({ object: 'response.compaction' })
    expect(provider.requests[0]?.target).toBe('/responses/compact')
    expect((await gateway.finished('compacted')).usage).toMatchObject({ input: 9, output: 2 })
  })

  test('a request without a model goes to the only provider there is for it', async () => {
    provider.play(json({ results: [] }))
    const response = await post('/v1/moderations', '{"input":"x"}')
    expect(response.status).toBe(200)
    expect(response.headers.get('x-gateway-provider')).toBe('openai')
    expect(response.headers.get('x-gateway-model')).toBeNull()
    expect(provider.requests[0]?.text).toBe('{"input":"x"}')
  })

  test.each([
    ['/v1/images/generations', { prompt: 'x' }, 400, 'missing_field'],
    ['/v1/moderations?provider=mistral', { input: 'x' }, 404, 'unsupported_operation'],
    ['/v1/embeddings', { input: 'x' }, 400, 'missing_field'],
    ['/v1/embeddings', { model: 'openai/m' }, 400, 'missing_field'],
    ['/v1/rerank', { model: 'cohere/m', query: 'x' }, 400, 'missing_field'],
    ['/v1/embeddings', { model: 'nobody-knows', input: 'x' }, 400, 'unknown_model'],
  ])('%s with %j is refused with %i', async (path, body, status, code) => {
    const response = await post(path, body)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code })
  })

  test('what a provider refuses is left out aloud, or refused in strict mode', async () => {
    provider.play(json({ data: [] }))
    const body = { model: 'cohere/embed', input: 'x', user: 'me' }
    const response = await post('/v1/embeddings', body)
    expect(response.headers.get('x-gateway-changes')).toBe('model=cohere/embed>embed; dropped=user')
    expect((await post('/v1/embeddings', body, { 'x-gateway-strict': 'true' })).status).toBe(400)
  })
})

describe('embeddings', () => {
  const floats =
    '{"object":"list","data":[{"index":1,"embedding":[0.5,-1.0]},{"index":0,"embedding":[0.25,3]}],"n":1.0}'

  test('encoding_format is neither added nor nulled, and token arrays pass', async () => {
    provider.play(answer(200, { 'content-type': 'application/json' }, floats))
    const body = '{"model":"m","input":[[1,2],[3]],"x":1.0}'
    const response = await post('/v1/embeddings?provider=openai', body)
    expect(provider.requests[0]?.text).toBe(body)
    expect(await response.text()).toBe(floats)
  })

  test('base64 is made of floats where the provider knows no other, in its order', async () => {
    provider.play(answer(200, { 'content-type': 'application/json' }, floats))
    const body = '{"model":"m","input":["a","b"],"encoding_format":"base64"}'
    const response = await post('/v1/embeddings?provider=ollama', body)
    expect(provider.requests[0]?.text).toBe(body)
    const text = await response.text()
    expect(text.endsWith(',"n":1.0}')).toBe(true)
    const { data } = JSON.parse(text)
    const decoded = data.map(({ index, embedding }: { index: number; embedding: string }) => {
      const bytes = Buffer.from(embedding, 'base64')
      return [index, bytes.readFloatLE(0), bytes.readFloatLE(4)]
    })
    expect(decoded).toEqual([
      [1, 0.5, -1],
      [0, 0.25, 3],
    ])
  })

  test('base64 that is one already stays as it is', async () => {
    const body = '{"data":[{"index":0,"embedding":"AAAAPwAAgL8="}] }'
    provider.play(answer(200, { 'content-type': 'application/json' }, body))
    const response = await post('/v1/embeddings', { model: 'openai/m', input: 'a', encoding_format: 'base64' })
    expect(await response.text()).toBe(body)
  })

  test('a provider that refuses encoding_format does not see it, in strict mode too', async () => {
    provider.play(answer(200, { 'content-type': 'application/json' }, floats))
    const body = { model: 'google/m', input: 'a', encoding_format: 'base64' }
    const response = await post('/v1/embeddings', body, { 'x-gateway-strict': 'true' })
    expect(provider.requests[0]?.text).toBe('{"model":"m","input":"a"}')
    expect(response.headers.get('x-gateway-changes')).toBe('model=google/m>m; made=encoding_format')
    expect((await response.json()).data[0].embedding).toBe('AAAAPwAAgL8=')
  })

  test('the tokens are counted', async () => {
    provider.play(json({ data: [], usage: { prompt_tokens: 7, total_tokens: 7 } }))
    await post('/v1/embeddings', { model: 'openai/m', input: 'a' }, { 'x-request-id': 'counted' })
    expect((await gateway.finished('counted')).usage).toMatchObject({ input: 7, output: 0 })
  })

  test('the simulator makes vectors: the same for the same, near for the similar', async () => {
    const input = ['the cat sat', 'the cat sat', 'the cat ran', 'quarterly tax report']
    const response = await post('/v1/embeddings', { model: 'simulator/embed', input })
    const { data } = await response.json()
    const dot = (one: number, other: number) =>
      data[one].embedding.reduce((sum: number, value: number, at: number) => sum + value * data[other].embedding[at], 0)
    expect(data[0].embedding).toEqual(data[1].embedding)
    expect(dot(0, 0)).toBeCloseTo(1, 4)
    expect(dot(0, 2)).toBeGreaterThan(dot(0, 3) + 0.3)
    const small = await post('/v1/embeddings', {
      model: 'simulator/embed',
      input: [1, 2, 3],
      dimensions: 8,
      encoding_format: 'base64',
    })
    expect(Buffer.from((await small.json()).data[0].embedding, 'base64')).toHaveLength(32)
  })
})

describe('forms', () => {
  const BOUNDARY = 'xx--boundary'
  const part = (head: string, value: string) =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; ${head}\r\n\r\n${value}\r\n`
  const end = `--${BOUNDARY}--\r\n`
  const model = (name: string) => part('name="model"', name)
  const file = (size: number) => part('name="file"; filename="a.wav"', '-'.repeat(size))
  const type = { 'content-type': `multipart/form-data; boundary="${BOUNDARY}"` }
  const TRANSCRIBE = '/v1/audio/transcriptions'

  test.each([
    ['the model first', model('groq/whisper') + file(10) + end],
    ['the file first', file(10) + model('groq/whisper') + end],
    ['a large file behind the model', model('groq/whisper') + file(2_000_000) + end],
    ['a large file before the model', file(2_000_000) + model('groq/whisper') + end],
  ])('%s', async (_, form) => {
    provider.play(answer(200, { 'content-type': 'text/plain' }, 'Hello'))
    const response = await post(TRANSCRIBE, form, type)
    expect(await response.text()).toBe('Hello')
    expect(response.headers.get('content-type')).toBe('text/plain')
    expect(response.headers.get('x-gateway-model')).toBe('whisper')
    expect(response.headers.get('x-gateway-changes')).toBe('model=groq/whisper>whisper')
    const [request] = provider.requests
    expect(request?.header('content-type')).toBe(type['content-type'])
    const sent = form.replace('groq/whisper', 'whisper')
    expect(request?.header('content-length')).toBe(String(sent.length))
    expect(request?.text === sent).toBe(true)
  })

  test('leaves for the provider while the client is still sending', async () => {
    provider.forget()
    provider.play(json({ text: 'Hello' }))
    const start = model('openai/whisper-1') + file(1_500_000)
    const connection = await connect(gateway.url)
    const head = `POST ${TRANSCRIBE} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type['content-type']}\r\ntransfer-encoding: chunked\r\n\r\n`
    await connection.send(`${head}${start.length.toString(16)}\r\n${start}\r\n`)
    await until(() => (provider.requests[0]?.body.byteLength ?? 0) > 1_000_000)
    expect(provider.requests[0]?.isWhole).toBe(false)
    await connection.send(`${end.length.toString(16)}\r\n${end}\r\n0\r\n\r\n`)
    expect(JSON.parse((await connection.answer('POST')).text)).toEqual({ text: 'Hello' })
    connection.cut()
  })

  test('an answer may take longer than the reading of the form', async () => {
    provider.play(async (call) => {
      await call.bodyRead
      await new Promise((resolve) => setTimeout(resolve, 2500))
      await json({ text: 'late' })(call)
    })
    const response = await post(TRANSCRIBE, model('openai/whisper-1') + file(1_500_000) + end, type)
    expect(await response.json()).toEqual({ text: 'late' })
  })

  test('a model that is too far is refused, and needless with ?provider=', async () => {
    const form = file(3_500_000) + model('whisper') + end
    const refused = await post(TRANSCRIBE, form, type)
    expect(refused.status).toBe(413)
    expect((await refused.json()).error).toContain('add ?provider=')
    provider.play(json({ text: 'Hello' }))
    const response = await post(`${TRANSCRIBE}?provider=groq`, form, type)
    expect(await response.json()).toEqual({ text: 'Hello' })
    expect(provider.requests[0]?.text === form).toBe(true)
  })

  test('a form whose boundary is not told is refused, and the answer says why', async () => {
    const response = await post(TRANSCRIBE, model('openai/whisper-1') + end, { 'content-type': 'multipart/form-data' })
    expect(await response.json()).toMatchObject({ code: 'invalid_request', error: expect.stringContaining('boundary') })
    expect([response.status, provider.requests.length]).toEqual([400, 0])
  })

  test('a small form is sent again where one target fails', async () => {
    let asked = 0
    provider.play((call) => json({ text: 'second' }, asked++ === 0 ? 503 : 200)(call))
    const headers = { ...type, 'x-gateway-fallback': 'groq/whisper' }
    const response = await post(TRANSCRIBE, file(10) + model('openai/whisper-1') + end, headers)
    expect(await response.json()).toEqual({ text: 'second' })
    expect(provider.requests.map(({ text }) => text.includes('whisper-1'))).toEqual([true, false])
  })

  test('sound passes as it comes', async () => {
    const sound = Buffer.from([0, 255, 1, 254, 10, 13])
    provider.play(answer(200, { 'content-type': 'audio/mpeg' }, sound))
    const response = await post('/v1/audio/speech', { model: 'groq/tts', input: 'Hi', voice: 'x' })
    expect(response.headers.get('content-type')).toBe('audio/mpeg')
    expect(Buffer.from(await response.arrayBuffer()).equals(sound)).toBe(true)
  })
})

describe('events', () => {
  test('an image as large as images are comes to its proper end, and is counted', async () => {
    const image = 'A'.repeat(3_000_000)
    const body = `event: image_generation.partial_image\ndata: {"type":"image_generation.partial_image"}\n\nevent: image_generation.completed\ndata: {"type":"image_generation.completed","b64_json":"${image}","usage":{"input_tokens":5,"output_tokens":7,"total_tokens":12}}\n\n`
    provider.play(stream(cut(Buffer.from(body), 500_000)))
    const headers = { 'x-request-id': 'image' }
    const response = await post(
      '/v1/images/generations',
      { model: 'openai/gpt-image-1', prompt: 'x', stream: true },
      headers,
    )
    expect((await response.text()) === body).toBe(true)
    const { outcome, usage } = await gateway.finished('image')
    expect(outcome).toBe('complete')
    expect(usage).toMatchObject({ input: 5, output: 7 })
  })

  test('a transcript that breaks off is not taken for whole', async () => {
    provider.play(stream(['data: {"type":"transcript.text.delta","delta":"Hal"}\n\n']))
    const response = await post('/v1/audio/transcriptions', { model: 'openai/gpt-4o-transcribe', stream: true })
    expect(await response.text().catch(() => 'broken')).toBe('broken')
  })
})

describe('a provider of the configuration file', () => {
  test('has what an OpenAI-compatible server may have, and responses where it says so', async () => {
    const config = `providers:\n  - {id: mine, base_url: "${provider.origin}", auth: none}\n  - {id: theirs, base_url: "${provider.origin}", auth: none, responses_path: /v2/responses}\n`
    await using own = await startGateway({ config })
    provider.play(json({ choices: [{ message: { content: 'Hi' } }] }))
    provider.forget()
    const ask = (path: string, model: string) =>
      fetch(own.url + path, { method: 'POST', body: JSON.stringify({ model, input: 'x' }) })
    await ask('/v1/embeddings', 'mine/m')
    await ask('/v1/responses', 'mine/m')
    await ask('/v1/responses', 'theirs/m')
    const targets = provider.requests.map(({ target }) => target)
    expect(targets).toEqual(['/embeddings', '/chat/completions', '/v2/responses'])
  })
})

describe('rules for models', () => {
  const start = () =>
    startGateway({
      providers: { openai: provider.origin, groq: provider.origin },
      env: { DISALLOWED_MODELS: 'forbidden' },
    })
  const form = (...models: readonly string[]) => {
    const body = new FormData()
    for (const model of models) body.append('model', model)
    return body
  }

  test.each([
    ['/v1/embeddings', '{"model":"openai/forbidden","input":"x"}'],
    ['/v1/embeddings', '{"model":"openai/fine","Model":"forbidden","input":"x"}'],
    ['/v1/moderations', '{"input":"x"}'],
    ['/v1/audio/transcriptions', form('groq/forbidden')],
    ['/v1/audio/transcriptions?provider=groq', form()],
    ['/v1/audio/transcriptions', form('groq/fine', 'forbidden')],
  ])('hold for %s with %p', async (path, body) => {
    await using guarded = await start()
    provider.forget()
    provider.play(json({}))
    const response = await fetch(guarded.url + path, { method: 'POST', body })
    expect(response.status).toBe(403)
    expect(provider.requests).toHaveLength(0)
  })
})

describe('the contract', () => {
  test('names every operation', () => {
    expect(Object.keys(contract.paths)).toEqual(
      expect.arrayContaining(relayedOperations.map(({ name }) => `/v1/${name}`)),
    )
  })

  test.each(relayedOperations.map(({ name }) => [name] as const))('holds for %s', async (name) => {
    const path = `/v1/${name}`
    const body = { model: 'openai/m', input: 'x', prompt: 'x', query: 'x', documents: ['x'] }
    for (const [model, status] of [
      ['openai/m', 200],
      ['anthropic/m', 404],
      ['nobody', 400],
    ] as const) {
      if (name === 'rerank' && status === 200) continue // not OpenAI's
      provider.play(json({ fine: true }))
      const response = await post(path, { ...body, model })
      expect(response.status).toBe(status)
      expect(answerProblems(path, 'POST', { status, headers: response.headers, text: await response.text() })).toEqual(
        [],
      )
    }
  })
})
