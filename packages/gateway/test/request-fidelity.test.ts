import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { json, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json({ choices: [] }))
  const { origin } = provider
  gateway = await startGateway({ providers: { openai: origin, groq: origin, mistral: origin, cohere: origin } })
})
afterEach(() => provider.forget())
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const decoder = new TextDecoder('latin1')

async function send(body: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body, headers })
  const answer = await response.text()
  return { response, answer, changes: response.headers.get('x-gateway-changes'), arrived: provider.requests.at(-1) }
}

const MESSAGES = '"messages":[{"role":"user","content":"Hi"}]'

describe('what a client writes arrives as it was written; only the model has another name', () => {
  const cases: [behaviour: string, members: string][] = [
    ['integers beyond 2^53', '"seed":12345678901234567890'],
    ['a zero behind the point', '"temperature":1.0'],
    ['a number no double can hold', '"top_p":1e400'],
    ['a negative zero', '"top_p":-0'],
    ['zeros at the end', '"temperature":0.1000'],
    ['an exponent in capitals', '"temperature":1E-2'],
    ['duplicate keys', '"seed":1,"seed":2'],
    ['duplicate keys deep inside', '"metadata":{"a":1,"a":{"b":1,"b":2}}'],
    ['keys in no order', '"z":1,"a":2,"10":3,"9":4'],
    ['blanks of every kind', '"a" \t:\r\n [ 1 ,\n2 ]  ,\n\t"b":{ }'],
    ['half a surrogate pair', String.raw`"stop":"\ud800"`],
    ['escapes that need none', String.raw`"stop":"\u0041\/\u00e9"`],
    ['text beyond ASCII', '"stop":"é😀\u2028"'],
    ['fields nobody knows', '"vendor_flags":{"reasoning_budget":[1,null,true]},"x":null'],
    ['keys that mean something in JavaScript', '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'],
    ['escaped quotes and braces in text', String.raw`"stop":"\"}],{\\"`],
    ['an empty key', '"":0'],
  ]

  test.each(cases)('%s', async (_, members) => {
    const body = (model: string) => `{${members},"model":"${model}",${MESSAGES}}`
    const { arrived, changes } = await send(body('openai/gpt-4o'))
    expect(arrived?.text).toBe(body('gpt-4o'))
    expect(changes).toBe('model=openai/gpt-4o>gpt-4o')
  })

  test.each(cases)('%s, where even the model stays', async (_, members) => {
    const body = `${MESSAGES.padStart(60)},"model":"gpt-4o",${members} }\n`
    const { arrived, changes } = await send(`\n\t{${body}`)
    expect(arrived?.text).toBe(`\n\t{${body}`)
    expect(changes).toBeNull()
  })

  test('the odd keys changed nothing in this process', () => {
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test.each([
    ['written with an escape', String.raw`{"mod\u0065l":"openai/gpt-4o",${MESSAGES}}`],
    ['with blanks around it', `{ "model" : "openai/gpt-4o" ,${MESSAGES}}`],
    ['with an escape in its value', String.raw`{"model":"open\u0061i/gpt-4o",${MESSAGES}}`],
  ])('a model %s is found', async (_, body) => {
    const { arrived } = await send(body)
    expect(arrived?.text).toBe(body.replace(/"open(a|\\u0061)i\/gpt-4o"/, '"gpt-4o"'))
  })

  test('a model written twice is replaced twice: no reader may see another name', async () => {
    const { arrived } = await send(`{"model":"groq/a","model":"openai/gpt-4o",${MESSAGES}}`)
    expect(arrived?.text).toBe(`{"model":"gpt-4o","model":"gpt-4o",${MESSAGES}}`)
  })

  test('a model inside of something else is none', async () => {
    const nested = '"metadata":{"model":"openai/inner"},"tools":[{"model":"openai/x"}]'
    const { arrived } = await send(`{${nested},"model":"openai/gpt-4o",${MESSAGES}}`)
    expect(arrived?.text).toBe(`{${nested},"model":"gpt-4o",${MESSAGES}}`)
  })

  test('content of null is relayed as it is', async () => {
    const body = '{"model":"gpt-4o","messages":[{"role":"assistant","content":null,"tool_calls":[]}]}'
    expect((await send(body)).arrived?.text).toBe(body)
  })

  test('the content type of the client does not matter, the provider is told JSON and the length', async () => {
    const { arrived } = await send(`{"model":"gpt-4o",${MESSAGES}}`, { 'content-type': 'text/plain' })
    expect(arrived?.header('content-type')).toBe('application/json')
    expect(arrived?.header('content-length')).toBe(String(arrived?.body.byteLength))
    expect(arrived?.header('transfer-encoding')).toBeUndefined()
  })
})

describe('random JSON', () => {
  const name = fc.string({ unit: 'binary' }).filter((text) => !['model', 'messages', 'stream'].includes(text))
  const member = fc.tuple(fc.oneof(name, fc.constantFrom('seed', 'a', '1', '__proto__')), fc.jsonValue())
  const blanks = fc.constantFrom('', ' ', '\n', '\t', ' \r\n ')

  test('arrives byte for byte but for the model', async () => {
    const property = fc.asyncProperty(
      fc.array(member, { maxLength: 8 }),
      fc.array(member, { maxLength: 8 }),
      blanks,
      fc.stringMatching(/^[\w.:/@-]{1,40}$/),
      async (before, after, blank, model) => {
        const write = (written: string) => {
          const parts = [...before.map(text), `"model":${JSON.stringify(written)}`, ...after.map(text), MESSAGES]
          return `${blank}{${blank}${parts.join(`${blank},${blank}`)}${blank}}${blank}`
        }
        const { response, arrived } = await send(write(`openai/${model}`))
        expect(response.status).toBe(200)
        expect(arrived?.text).toBe(write(model))
        provider.forget()
      },
    )
    await fc.assert(property, { numRuns: 150 })
  })

  const text = ([name, value]: readonly [string, unknown]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`
})

describe('what a provider needs otherwise is changed, and said', () => {
  const request = (model: string, members: string) => `{"model":"${model}",${members},${MESSAGES}}`
  const cases: [behaviour: string, model: string, members: string, arrives: string, changes: string][] = [
    ['a refused field is left out', 'groq/llama', '"logit_bias":{"1":2},"n":1', '"n":1', 'dropped=logit_bias'],
    [
      'several refused fields go, wherever they stand',
      'groq/llama',
      '"logprobs":true,"n":1,"top_logprobs":2',
      '"n":1',
      'dropped=logprobs; dropped=top_logprobs',
    ],
    [
      'a field is renamed, its value stays as written',
      'mistral/m',
      '"seed":12345678901234567890',
      '"random_seed":12345678901234567890',
      'renamed=seed>random_seed',
    ],
    [
      'reasoning models get the name they know',
      'openai/o3',
      '"max_tokens":10',
      '"max_completion_tokens":10',
      'renamed=max_tokens>max_completion_tokens',
    ],
  ]

  test.each(cases)('%s', async (_, model, members, arrives, changes) => {
    const name = model.split('/')[1] ?? ''
    const sent = await send(request(model, members))
    expect(sent.arrived?.text).toBe(request(name, arrives))
    expect(sent.changes).toBe(`model=${model}>${name}; ${changes}`)
  })

  test('other models of the same provider keep the field', async () => {
    const sent = await send(request('gpt-4o', '"max_tokens":10'))
    expect(sent.arrived?.text).toBe(request('gpt-4o', '"max_tokens":10'))
    expect(sent.changes).toBeNull()
  })

  test('where both names are written, the one the provider knows stays', async () => {
    const sent = await send(request('o3', '"max_tokens":1,"max_completion_tokens":2'))
    expect(sent.arrived?.text).toBe(request('o3', '"max_completion_tokens":2'))
  })

  test.each(cases)('in strict mode the client is told instead: %s', async (_, model, members) => {
    const { response, answer, arrived } = await send(request(model, members), { 'x-gateway-strict': 'true' })
    expect(response.status).toBe(400)
    const body = JSON.parse(answer)
    expect(body.code).toBe('unsupported_parameter')
    expect(members).toContain(`"${body.param}"`)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(arrived).toBeUndefined()
  })

  test('strict mode lets a request pass that needs no more than the model name', async () => {
    const { response } = await send(request('openai/gpt-4o', '"n":1'), { 'x-gateway-strict': 'true' })
    expect(response.status).toBe(200)
  })
})

describe('usage of streams is asked for', () => {
  const ASKED = '"stream_options":{"include_usage":true}'
  const streamed = (members: string) => `{"model":"gpt-4o",${MESSAGES},"stream":true${members}}`
  const cases: [behaviour: string, members: string, arrives: string][] = [
    ['where the client says nothing of it', '', `,${ASKED}`],
    ['where the client does not want it', ',"stream_options":{"include_usage":false}', `,${ASKED}`],
    ['beside the other options', ',"stream_options":{"x":1.0}', ',"stream_options":{"x":1.0,"include_usage":true}'],
    ['where the options are null', ',"stream_options":null', `,${ASKED}`],
    ['where the options are empty', ',"stream_options":{ }', ',"stream_options":{"include_usage":true }'],
  ]

  test.each(cases)('%s', async (_, members, arrives) => {
    const { arrived, changes } = await send(streamed(members))
    expect(JSON.parse(arrived?.text ?? '')).toEqual(JSON.parse(streamed(arrives)))
    expect(arrived?.text.startsWith(streamed('').slice(0, -1))).toBe(true)
    expect(changes).toBe('added=stream_options.include_usage')
  })

  test('not where the client asks for it itself', async () => {
    const { arrived, changes } = await send(streamed(`,${ASKED}`))
    expect(arrived?.text).toBe(streamed(`,${ASKED}`))
    expect(changes).toBeNull()
  })

  test.each(['true ', 'false', '1', '"true"', 'null', '[]'])(
    'only for a stream of literally true: %s',
    async (value) => {
      const body = `{"model":"gpt-4o",${MESSAGES},"stream":${value}}`
      const { arrived } = await send(body)
      expect(arrived?.text.includes('include_usage')).toBe(value === 'true ')
    },
  )

  test('not of providers that send it unasked', async () => {
    const { arrived, changes } = await send(`{"model":"mistral/m",${MESSAGES},"stream":true}`)
    expect(arrived?.text).toBe(`{"model":"m",${MESSAGES},"stream":true}`)
    expect(changes).toBe('model=mistral/m>m')
  })
})

test('bytes that are not ASCII are counted as bytes, not as characters', async () => {
  const body = new TextEncoder().encode(`{"é😀":"😀é","model":"openai/gpt-4o","x":"é",${MESSAGES}}`)
  const { arrived } = await send(body)
  expect(decoder.decode(arrived?.body)).toBe(decoder.decode(body).replace('openai/gpt-4o', 'gpt-4o'))
})
