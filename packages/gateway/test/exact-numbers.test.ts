import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { answer, cut, type ScriptedProvider, startScriptedProvider, stream } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider()
  const { origin } = provider
  gateway = await startGateway({
    providers: { moonshot: origin, groq: origin, anthropic: origin, cohere: origin, google: `${origin}/v1beta/openai` },
    env: { ANTHROPIC_DIALECT: 'messages', COHERE_DIALECT: 'v2', GOOGLE_DIALECT: 'native' },
  })
})
beforeEach(() => provider.forget())
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const MESSAGES = '/v1/messages'
const RESPONSES = '/v1/responses'
const CHAT = '/v1/chat/completions'

/** What JavaScript would write otherwise. */
const NUMBERS = '{"id":12345678901234567890,"x":1.0,"t":1e2}'
/** The same as the text that chat has for arguments. */
const WRITTEN = JSON.stringify(NUMBERS)

/** How many times it stands in a body, be it inside of texts. */
const timesIn = (body: string): number => body.replaceAll('\\', '').split(NUMBERS).length - 1

/** Every whole number as some languages write it. */
const respelled = (body: string): string => body.replaceAll(/(?<=[:,[]-?)\d{1,15}(?=[,}\]]|$)/g, '$&.0')
/** A body whose numbers can be compared, without what is new every time. */
const settled = (body: string): string =>
  body
    .replaceAll(/(?<=[:,[]-?\d+)\.0(?=[,}\]])/g, '')
    .replaceAll(/"created":\d{10}/g, '"created":0')
    .replaceAll(/[0-9a-f]{32}/g, 'id')

async function post(path: string, body: string): Promise<{ readonly text: string; readonly changes: string | null }> {
  const response = await fetch(gateway.url + path, { method: 'POST', body, signal: AbortSignal.timeout(20_000) })
  const text = await response.text()
  expect([response.status, response.status === 200 ? '' : text]).toEqual([200, ''])
  return { text, changes: response.headers.get('x-gateway-changes') }
}

const asWhole = (text: string) => answer(200, { 'content-type': 'application/json' }, text)
const asStream = (events: readonly string[]) =>
  stream(cut(Buffer.from(events.map((data) => `data: ${data}\n\n`).join('')), 97))

/** What a provider answers in its dialect, whole and in the events of a stream, with the numbers in it. */
interface Said {
  readonly whole: string
  readonly events: readonly string[]
}

const calls = (index: (place: number) => string) =>
  [0, 1].map(
    (place) =>
      `{${index(place)}"id":"c${place}","type":"function","function":{"name":"f","arguments":${WRITTEN}},"extra_content":{"google":${NUMBERS}}}`,
  )
const chatUsage = '"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}'
const chatHead = '"id":"c","created":5,"model":"m"'
const chat: Said = {
  whole: `{${chatHead},"choices":[{"index":0,"message":{"tool_calls":[${calls(() => '').join(',')}]},"finish_reason":"stop"}],${chatUsage}}`,
  events: [
    ...calls((place) => `"index":${place},`).map(
      (call) => `{${chatHead},"choices":[1,{"index":0,"delta":{"tool_calls":[1,${call}]},"finish_reason":null}]}`,
    ),
    `{${chatHead},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],${chatUsage}}`,
    '[DONE]',
  ],
}

const toolUse = `{"type":"tool_use","id":"t","name":"f","input":${NUMBERS}}`
const messages: Said = {
  whole: `{"id":"m","type":"message","role":"assistant","model":"m","content":[1,${toolUse}],"usage":{"input_tokens":7,"output_tokens":2}}`,
  events: [
    '{"type":"message_start","message":{"id":"m","model":"m","usage":{"input_tokens":7}}}',
    `{"type":"content_block_start","index":0,"content_block":${toolUse}}`,
    '{"type":"content_block_stop","index":0}',
    '{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"u","name":"g","input":{}}}',
    '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"n\\":1}"}}',
    '{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}}',
    '{"type":"message_stop"}',
  ],
}

const citation = `{"start":0,"end":2,"text":"Hi","sources":[{"type":"tool","id":"1","tool_output":${NUMBERS}}]}`
const cohereUsage = '"usage":{"tokens":{"input_tokens":7,"output_tokens":2}}'
const likely = '"logprobs":{"text":"Hi","token_ids":[3],"logprobs":[-1,-2]}'
const cohere: Said = {
  whole: `{"id":"a","message":{"role":"assistant","content":[{"type":"text","text":"Hi"}],"citations":[${citation}]},"finish_reason":"COMPLETE",${cohereUsage},${likely}}`,
  events: [
    '{"type":"message-start","id":"a"}',
    `{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}},${likely}}`,
    `{"type":"citation-start","index":0,"delta":{"message":{"citations":${citation}}}}`,
    '{"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{"id":"t","type":"function","function":{"name":"f","arguments":""}}}}}',
    '{"type":"tool-call-delta","index":1,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\\"n\\":1}"}}}}}',
    `{"type":"message-end","delta":{"finish_reason":"COMPLETE",${cohereUsage}}}`,
  ],
}

const candidate = (index: number) =>
  `{"content":{"parts":[{"functionCall":{"name":"f","args":${NUMBERS}}}]},"finishReason":"STOP","index":${index},"groundingMetadata":${NUMBERS}}`
const generated = (candidates: string) =>
  `{"candidates":[${candidates}],"responseId":"r","usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2}}`
const google: Said = {
  whole: generated(`${candidate(1)},${candidate(0)}`),
  events: [generated(candidate(1)), generated(candidate(0))],
}

type Case = readonly [way: string, path: string, model: string, members: string, carried: number, said: Said]

describe('requests', () => {
  const call = `{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":${WRITTEN}}}]}`
  const result = `{"role":"tool","tool_call_id":"c1","content":${WRITTEN}}`
  const schema = `{"type":"object","default":${NUMBERS}}`
  const asked = `"messages":[{"role":"user","content":"Hi"},${call},${result}],"tools":[{"type":"function","function":{"name":"f","parameters":${schema}}}],"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":${schema}}},"n":1,"temperature":2,"seed":12345678901234567890`
  const turns = `"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[${toolUse}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":${WRITTEN}}]}]`
  const items = `"input":[{"type":"function_call","call_id":"c1","name":"f","arguments":${WRITTEN}},{"type":"function_call_output","call_id":"c1","output":${WRITTEN}}]`

  const cases: readonly Case[] = [
    [
      'Messages to chat',
      MESSAGES,
      'groq/openai/gpt-oss-20b',
      `${turns},"tools":[{"name":"f","input_schema":${schema}}],"output_config":{"format":{"type":"json_schema","schema":${schema}}},"max_tokens":9,"thinking":{"type":"enabled","budget_tokens":5000}`,
      4,
      chat,
    ],
    [
      'Responses to chat',
      RESPONSES,
      'moonshot/m',
      `${items},"tools":[{"type":"function","name":"f","parameters":${schema}}],"text":{"format":{"type":"json_schema","name":"a","schema":${schema}}},"max_output_tokens":9,"top_logprobs":0`,
      4,
      chat,
    ],
    [
      'chat to Messages',
      CHAT,
      'anthropic/claude-x',
      `${asked},"max_tokens":9,"thinking":{"type":"enabled","more":${NUMBERS}}`,
      5,
      messages,
    ],
    ['chat to Cohere', CHAT, 'cohere/c', `${asked},"top_k":9,"documents":[{"data":${NUMBERS}}]`, 5, cohere],
    ['chat to Google', CHAT, 'google/gemini-2.5-flash', `${asked},"labels":${NUMBERS}`, 5, google],
  ]

  const arrived = async (path: string, model: string, members: string) => {
    const { changes } = await post(path, `{"model":"${model}",${members}}`)
    return { text: provider.requests.at(-1)?.text ?? '', changes }
  }

  test.each(cases)('%s carry numbers as they were written', async (_, path, model, members, carried, { whole }) => {
    provider.play(asWhole(whole))
    const { text } = await arrived(path, model, members)
    expect(timesIn(text)).toBe(carried)
    if (path === CHAT && model !== 'anthropic/claude-x') expect(text).toContain('"seed":12345678901234567890')
    expect(text).not.toContain('12345678901234567000')
  })

  test.each(cases)('%s mean the same, however numbers are written', async (_, path, model, members, _carried, said) => {
    provider.play(asWhole(said.whole))
    const plain = await arrived(path, model, members)
    const { text, changes } = await arrived(path, model, respelled(members))
    expect(settled(text)).toBe(settled(plain.text))
    expect(text).not.toBe(plain.text)
    expect(changes).toBe(plain.changes)
  })
})

describe('answers', () => {
  const hello = '"messages":[{"role":"user","content":"Hi"}],"max_tokens":9'
  const asking = `"input":"Hi","metadata":${NUMBERS},"tools":[{"type":"function","name":"f","parameters":${NUMBERS}}]`

  const cases: readonly Case[] = [
    ['chat to Messages', MESSAGES, 'moonshot/m', hello, 4, chat],
    ['chat to Responses', RESPONSES, 'moonshot/m', asking, 6, chat],
    ['Messages to chat', CHAT, 'anthropic/claude-x', hello, 1, messages],
    ['Cohere to chat', CHAT, 'cohere/c', hello, 1, cohere],
    ['Google to chat', CHAT, 'google/gemini-2.5-flash', `${hello},"n":2`, 4, google],
  ]
  const ways: readonly (readonly [way: string, stream: boolean, said: (said: Said) => ReturnType<typeof asWhole>])[] = [
    ['whole', false, ({ whole }) => asWhole(whole)],
    ['streamed', true, ({ events }) => asStream(events)],
  ]

  const told = async (path: string, model: string, members: string, isStream: boolean): Promise<string> =>
    (await post(path, `{"model":"${model}","stream":${isStream},${members}}`)).text

  describe.each(ways)('%s', (_, isStream, play) => {
    test.each(cases)('%s carry numbers as they were written', async (_, path, model, members, carried, said) => {
      provider.play(play(said))
      const text = await told(path, model, members, isStream)
      // The stream of a response tells most things more than once.
      expect(Math.min(carried, timesIn(text))).toBe(carried)
      expect(text).not.toContain('12345678901234567000')
    })

    test.each(cases)('%s mean the same, however numbers are written', async (_, path, model, members, _times, said) => {
      provider.play(play(said))
      const plain = await told(path, model, members, isStream)
      provider.play(play({ whole: respelled(said.whole), events: said.events.map(respelled) }))
      expect(settled(await told(path, model, members, isStream))).toBe(settled(plain))
    })
  })

  test.each(cases.filter(([, , model]) => model === 'moonshot/m'))(
    '%s carry them also where a stream was asked for and the answer comes whole',
    async (_, path, model, members, carried, { whole }) => {
      provider.play(asWhole(whole))
      expect(timesIn(await told(path, model, members, true))).toBeGreaterThanOrEqual(carried)
    },
  )

  test("Google's arguments in pieces, too", async () => {
    const piece = (members: string, more: boolean) =>
      `{"candidates":[{"content":{"parts":[{"functionCall":{${members},"willContinue":${more}}}]},"finishReason":"STOP"}]}`
    provider.play(
      asStream([
        piece('"name":"f","partialArgs":[{"jsonPath":"$.id","numberValue":12345678901234567890}]', true),
        piece('"partialArgs":[{"jsonPath":"$.x","numberValue":1.0},{"jsonPath":"$.t","numberValue":1e2}]', false),
      ]),
    )
    expect(timesIn(await told(CHAT, 'google/gemini-2.5-flash', hello, true))).toBe(1)
  })
})

describe('the gateway reads a number, however it is written', () => {
  test('where it counts tokens', async () => {
    const body = `{"model":"moonshot/m","messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f","input_schema":{"default":[1,2]}}]}`
    const counted = await post(`${MESSAGES}/count_tokens`, body)
    expect(await post(`${MESSAGES}/count_tokens`, respelled(body))).toEqual(counted)
  })

  const refusal = asWhole('{"base_resp":{"status_code":1004.0,"status_msg":"no key"}}')
  const failure = asStream(['{"error":{"message":"too many","code":429.0}}'])

  test.each([
    ['in what a client may not write', '{"model":1.0}', refusal, 400, 'but is of the type number'],
    ['in what a provider refuses with', '{"model":"moonshot/m","messages":[1.0]}', refusal, 401, 'no key'],
    [
      'in what a stream breaks off with',
      '{"model":"moonshot/m","messages":[1.0],"stream":true}',
      failure,
      200,
      'rate_limit_error',
    ],
  ])('%s', async (_, body, script, status, message) => {
    provider.play(script)
    const response = await fetch(gateway.url + MESSAGES, { method: 'POST', body, signal: AbortSignal.timeout(20_000) })
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(message)
  })
})
