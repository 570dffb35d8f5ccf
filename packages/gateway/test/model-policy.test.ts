import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { answer, json, raw, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway

beforeAll(async () => {
  provider = await startScriptedProvider(json({ ok: true }), { models: ['ok', 'bad', 'bad:latest'] })
  gateway = await startGateway({
    providers: { openai: provider.origin },
    env: { DISALLOWED_MODELS: 'bad', ACME_KEY: 'query-key' },
    config: `providers:\n  - { id: acme, base_url: '${provider.origin}', auth: { query: key }, key_env: ACME_KEY }\n`,
  })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const post = (path: string, body: string, type = 'application/json') =>
  fetch(gateway.url + path, { method: 'POST', body, headers: { 'content-type': type } })

const messages = '"messages":[{"role":"user","content":"x"}]'
const form = (part: string) => `--b\r\ncontent-disposition: form-data; ${part}\r\n--b--\r\n`

describe('a refused model is refused however it is written', () => {
  const bodies: [string, string][] = [
    ['twice, the allowed one last', `{"model":"bad","model":"ok",${messages}}`],
    ['twice, the allowed one first', `{"model":"ok","model":"bad",${messages}}`],
    ['in another letter case of the member', `{"model":"ok","Model":"bad",${messages}}`],
    ['with an escape in the member', String.raw`{"model":"ok","mod\u0065l":"bad",` + `${messages}}`],
    ['as a fallback of the provider', `{"model":"ok","models":["bad"],${messages}}`],
    ['in capitals', `{"model":"BAD",${messages}}`],
    ['with its default tag', `{"model":"bad:latest",${messages}}`],
  ]
  test.each(bodies)('in a chat: %s', async (_name, body) => {
    provider.forget()
    expect((await post('/v1/chat/completions?provider=openai', body)).status).toBe(403)
    expect(provider.requests).toHaveLength(0)
  })
  test.each(bodies)('on /proxy: %s', async (_name, body) => {
    provider.forget()
    expect((await post('/proxy/openai/chat/completions', body)).status).toBe(403)
    expect(provider.requests).toHaveLength(0)
  })

  test('on /proxy: in JSON with bytes that some readers leave out', async () => {
    const body = Buffer.from(`{"model":"ok","mod\xffel":"bad",${messages}}`, 'latin1')
    expect((await fetch(`${gateway.url}/proxy/openai/chat/completions`, { method: 'POST', body })).status).toBe(403)
  })

  test.each([
    'models/bad:generateContent',
    'models//bad:generateContent',
    'models/%62ad:generateContent',
    'models/%2562ad:generateContent',
    'run/bad',
    'run//bad',
    'run/bad/',
    'run/bad%2f',
    'models/ok/run/bad',
    'deployments/bad/chat/completions',
  ])('in the path: %s', async (path) => {
    expect((await post(`/proxy/openai/${path}`, '{}')).status).toBe(403)
  })

  test.each([
    ['plain', form('name="model"\r\n\r\nbad')],
    ['with blanks', form('name = "model"\r\n\r\nbad')],
    ['with a backslash', form('name="mod\\el"\r\n\r\nbad')],
    ['behind a blank line', form('name="model"\r\n\r\n\r\nbad')],
    [
      'behind an allowed one',
      form('name="model"\r\n\r\nok').replace(
        '--b--',
        `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nbad\r\n--b--`,
      ),
    ],
  ])('in a form: %s', async (_name, body) => {
    expect((await post('/proxy/openai/audio/transcriptions', body, 'multipart/form-data; boundary=b')).status).toBe(403)
  })

  test('in JSON that calls itself a form', async () => {
    const body = `{"x":"; name=model",\r\n\r\n"model":"bad"}`
    expect((await post('/proxy/openai/chat/completions', body, 'multipart/form-data; boundary=b')).status).toBe(403)
  })

  test.each(['models', '/models', 'models/', '%6dodels'])('in the list at /proxy/openai/%s', async (path) => {
    const list = await (
      await fetch(`${gateway.url}/proxy/openai/${path}`, { headers: { 'accept-encoding': 'gzip' } })
    ).text()
    expect(list).not.toContain('"bad')
  })
})

test('a refused model is not suggested for one nobody knows', async () => {
  const answer = await (await post('/v1/chat/completions', `{"model":"bad:last",${messages}}`)).text()
  expect(answer).toContain('unknown_model')
  // Its own name is told back; the refused model is called otherwise.
  expect(answer.replace('bad:last', '')).not.toContain('bad')
})

test('an id that is listed once, since the other model of its name is refused, can be asked for', async () => {
  const providers = { openai: provider.origin, groq: provider.origin }
  await using other = await startGateway({ providers, env: { DISALLOWED_MODELS: 'openai/ok,bad' } })
  const { data } = await (await fetch(`${other.url}/v1/models`)).json()
  expect(data).toMatchObject([{ id: 'ok', served_by: 'groq' }])
  const body = `{"model":"ok",${messages}}`
  const response = await fetch(`${other.url}/v1/chat/completions`, { method: 'POST', body })
  expect(response.headers.get('x-gateway-provider')).toBe('groq')
})

describe('names of the operator’s own', () => {
  const config = `models:
  fast: { strategy: priority, deployments: [{ provider: openai, model: ok }, { provider: openai, model: bad }] }
  bad: { deployments: [{ provider: openai, model: ok }] }
  ok: { deployments: [{ provider: openai, model: other }] }
`
  const start = (env: Readonly<Record<string, string>>) =>
    startGateway({ providers: { openai: provider.origin }, env, config })
  const ask = (at: TestGateway, path: string, body: string) => fetch(at.url + path, { method: 'POST', body })
  const chat = async (at: TestGateway, model: string) =>
    (await ask(at, '/v1/chat/completions', `{"model":${JSON.stringify(model)},${messages}}`)).status
  const listed = async (at: TestGateway) => {
    const { data }: { data: { id: string }[] } = JSON.parse(await (await fetch(`${at.url}/v1/models`)).text())
    return data.map(({ id }) => id)
  }

  test('one that is disallowed is not listed, and answers 403', async () => {
    await using other = await start({ DISALLOWED_MODELS: 'fast' })
    provider.forget()
    expect([await chat(other, 'fast'), (await fetch(`${other.url}/v1/models/fast`)).status]).toEqual([403, 404])
    expect(provider.requests).toHaveLength(0)
    expect(await listed(other)).not.toContain('fast')
    expect(await chat(other, 'openai/ok')).toBe(200)
  })

  test('where only they are allowed, they answer and are all there is', async () => {
    await using other = await start({ ALLOWED_MODELS: 'fast' })
    expect(await listed(other)).toEqual(['fast'])
    expect(await chat(other, 'fast')).toBe(200)
    for (const model of ['ok', 'openai/ok', 'bad', 'openai/bad'])
      expect([model, await chat(other, model)]).toEqual([model, 403])
    for (const body of [`{"model":"ok"}`, `{"model":"fast","model":"ok"}`, '{}'])
      expect((await ask(other, '/proxy/openai/chat/completions', body)).status).toBe(403)
  })

  test.each([
    ['as a fallback of the provider', `{"model":"fast","models":["ok"],${messages}}`],
    ['twice', `{"model":"fast","model":"ok",${messages}}`],
    ['in another letter case of the member', `{"model":"fast","Model":"ok",${messages}}`],
  ])('an allowed one lets no other model in beside it: %s', async (_name, body) => {
    await using other = await start({ ALLOWED_MODELS: 'fast' })
    provider.forget()
    expect((await ask(other, '/v1/chat/completions', body)).status).toBe(403)
    expect(provider.requests).toHaveLength(0)
  })

  test('one that bears the name of a refused model does not let that model in', async () => {
    await using other = await start({ DISALLOWED_MODELS: 'openai/ok' })
    expect(await chat(other, 'ok')).toBe(200)
    expect((await ask(other, '/v1/chat/completions', `{"model":"ok","models":["ok"],${messages}}`)).status).toBe(403)
  })

  test('what is disallowed stays so through any of them', async () => {
    await using other = await start({ ALLOWED_MODELS: 'fast', DISALLOWED_MODELS: 'openai/ok' })
    provider.forget()
    expect(await chat(other, 'fast')).toBe(200)
    expect(provider.requests.map(({ text }) => JSON.parse(text).model)).toEqual(['bad'])
  })
})

test('a refused model of several providers is refused, and its providers are not told', async () => {
  const providers = { openai: provider.origin, groq: provider.origin }
  await using other = await startGateway({ providers, env: { DISALLOWED_MODELS: 'bad' } })
  const body = `{"model":"bad",${messages}}`
  const response = await fetch(`${other.url}/v1/chat/completions`, { method: 'POST', body })
  expect([response.status, await response.text()]).toEqual([403, expect.not.stringContaining('groq')])
})

test('an allowed model passes', async () => {
  expect((await post('/proxy/openai/chat/completions', `{"model":"ok",${messages}}`)).status).toBe(200)
  expect((await post('/v1/chat/completions?provider=openai', `{"model":"ok",${messages}}`)).status).toBe(200)
})

test('a redirect that repeats the query hands no key to the client', async () => {
  provider.play(answer(307, { location: `${provider.origin}/x?key=query-key`, 'content-type': 'text/plain' }, ''))
  const response = await fetch(`${gateway.url}/proxy/acme/models/ok`, { redirect: 'manual' })
  expect(response.status).toBe(307)
  expect(JSON.stringify([...response.headers])).not.toContain('query-key')
})

test('the caller’s own key parameter goes to no provider, the rest of the query as it was written', async () => {
  provider.forget()
  provider.play(json({ ok: true }))
  await fetch(`${gateway.url}/proxy/openai/models/ok?a=%20b+c&key=mine&b=~%2F`)
  expect(provider.requests.at(-1)?.target ?? '').toBe('/models/ok?a=%20b+c&b=~%2F')
})

test.each([600, 999])('status %i is no answer', async (status) => {
  provider.play(raw(`HTTP/1.1 ${status} Odd\r\ncontent-length: 2\r\n\r\n{}`))
  const response = await post('/v1/chat/completions?provider=openai', `{"model":"ok",${messages}}`)
  expect(response.status).toBe(502)
  expect(await response.json()).toMatchObject({ code: 'http_protocol_error' })
})
