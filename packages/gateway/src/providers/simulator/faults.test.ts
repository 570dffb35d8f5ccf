import { describe, expect, test } from 'bun:test'
import { simulated, user } from './testing.ts'

const said = { messages: [user('Tell me about rivers')] }
const bytes = (text: string) => new TextEncoder().encode(text)

describe('a request that is wrong is told what is wrong', () => {
  const requests: [string, object, number, string | null, RegExp][] = [
    ['unknown model', { model: 'gpt-9', ...said }, 404, 'model', /gpt-9.*simulator\/chat.*simulator\/flaky/],
    [
      'the model for embeddings',
      { model: 'embed', ...said },
      404,
      'model',
      /simulator\/embed is not for chat.*simulator\/chat/,
    ],
    ['an unknown name without the prefix', { model: 'nope', ...said }, 404, 'model', /"simulator\/nope"/],
    ['a name every object has', { model: 'constructor', ...said }, 404, 'model', /constructor/],
    ['no model', said, 400, 'model', /model/],
    ['no messages', { model: 'chat' }, 400, 'messages', /non-empty list/],
    ['empty messages', { model: 'chat', messages: [] }, 400, 'messages', /non-empty list/],
    ['a message without a role', { model: 'chat', messages: [{}] }, 400, 'messages[0].role', /role/],
    ['a message that is none', { model: 'chat', messages: ['hi'] }, 400, 'messages[0]', /object/],
    ['no choices', { model: 'chat', ...said, n: 0 }, 400, 'n', /1 to 8/],
    ['too many choices', { model: 'chat', ...said, n: 9 }, 400, 'n', /1 to 8/],
    ['half a token', { model: 'chat', ...said, max_tokens: 0.5 }, 400, 'max_tokens', /whole number/],
    ['stream in words', { model: 'chat', ...said, stream: 'yes' }, 400, 'stream', /true or false/],
    [
      'a schema that is none',
      { model: 'json', ...said, response_format: { type: 'json_schema' } },
      400,
      'response_format',
      /schema/,
    ],
    ['an unknown parameter', { model: 'chat?speed=2', ...said }, 400, 'model', /speed.*tokens, tps, ttft/],
    ['too many tokens', { model: 'lorem?tokens=1000001', ...said }, 400, 'model', /1000000/],
    ['no tokens', { model: 'lorem?tokens=0', ...said }, 400, 'model', /from 1/],
    ['half a token of filler', { model: 'lorem?tokens=1.5', ...said }, 400, 'model', /whole/],
    ['too fast', { model: 'lorem?tps=100001', ...said }, 400, 'model', /100000/],
    ['no number', { model: 'chat?tps=fast', ...said }, 400, 'model', /fast/],
    ['a negative wait', { model: 'chat?ttft=-1', ...said }, 400, 'model', /ttft/],
    ['an empty value', { model: 'chat?ttft=', ...said }, 400, 'model', /ttft/],
  ]
  test.each(requests)('%s', async (_name, request, status, param, message) => {
    const response = await simulated().ask(request)
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringMatching(message),
        type: 'invalid_request_error',
        param,
        code: status === 404 ? 'model_not_found' : null,
      },
    })
  })

  const bodies: [string, Uint8Array<ArrayBuffer> | null][] = [
    ['no JSON', bytes('{"model":')],
    ['no object', bytes('[]')],
    ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['nothing', bytes('')],
    ['no body', null],
  ]
  test.each(bodies)('%s', async (_name, body) => {
    const response = await simulated().send({ body })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  })

  test.each(['/nowhere', '/models/chat', '/', '/chat/completions/'])('unknown path %s', async (path) => {
    const response = await simulated().send({ path })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining(path) } })
  })

  test('a path asked with another method', async () => {
    expect((await simulated().send({ method: 'GET', path: '/chat/completions' })).status).toBe(404)
  })
})

describe('errors on demand', () => {
  const cases: [string, number, string | null, string | null][] = [
    ['error-401', 401, 'invalid_api_key', null],
    ['error-429', 429, 'rate_limit_exceeded', '1'],
    ['error-500', 500, null, null],
    ['error-529', 529, 'overloaded', '1'],
  ]
  test.each(cases)('%s', async (model, status, code, retryAfter) => {
    for (const stream of [true, false]) {
      const response = await simulated().ask({ model: `simulator/${model}`, ...said, stream })
      expect(response.status).toBe(status)
      expect(response.headers.get('retry-after')).toBe(retryAfter)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(response.headers.get('x-gateway-simulated')).toBe('true')
      const error = { message: expect.any(String), type: expect.any(String), param: null, code }
      expect(await response.json()).toEqual({ error })
    }
  })

  test('flaky fails every second time', async () => {
    const { ask } = simulated()
    const statuses = []
    for (let turn = 0; turn < 4; turn++) statuses.push((await ask({ model: 'flaky', ...said })).status)
    expect(statuses).toEqual([200, 503, 200, 503])
  })
})

describe('cut', () => {
  test('breaks a stream off after some tokens, without an end', async () => {
    const response = await simulated().ask({ model: 'cut', ...said, stream: true })
    const { text, failure } = await readUntilBroken(response)
    expect(failure).toBeInstanceOf(Error)
    expect(text.match(/"content":"[^"]/g)?.length).toBe(5)
    expect(text).not.toContain('"finish_reason":"')
    expect(text).not.toContain('[DONE]')
  })

  test('breaks a whole answer off in its midst', async () => {
    const response = await simulated().ask({ model: 'cut', ...said })
    expect(response.status).toBe(200)
    const { text, failure } = await readUntilBroken(response)
    expect(failure).toBeInstanceOf(Error)
    expect(text).toStartWith('{"id"')
    expect(() => JSON.parse(text)).toThrow()
  })
})

describe('stall', () => {
  const reason = new Error('enough')

  test('goes silent after some tokens, until the client leaves', async () => {
    const leaving = new AbortController()
    const response = await simulated().ask({ model: 'stall', ...said, stream: true }, leaving.signal)
    let text = ''
    const reading = readUntilBroken(response, (more) => {
      text += more
      if (text.match(/"content":"[^"]/g)?.length === 5) leaving.abort(reason)
    })
    expect((await reading).failure).toBe(reason)
    expect(text).toContain('"role":"assistant"')
    expect(text).not.toContain('"finish_reason":"')
  })

  test('never answers a plain request', async () => {
    const leaving = new AbortController()
    const asking = simulated().ask({ model: 'stall', ...said }, leaving.signal)
    leaving.abort(reason)
    expect(await asking.catch((error: unknown) => error)).toBe(reason)
  })
})

async function readUntilBroken(response: Response, onText: (text: string) => void = () => undefined) {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body ?? []) {
      const more = decoder.decode(chunk, { stream: true })
      text += more
      onText(more)
    }
  } catch (failure) {
    return { text, failure }
  }
  return { text, failure: null }
}
