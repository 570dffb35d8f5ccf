import { parseEvents } from '@inference-gateway/protocol/sse'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createNativeTap } from '../src/dispatch/native-tap.ts'
import { completionFromAnswer, failureIn } from '../src/providers/dialects/google-generate-content/answer-to-chat.ts'
import { googleGenerateContent } from '../src/providers/dialects/google-generate-content/chat.ts'
import { AnswerStream } from '../src/providers/dialects/google-generate-content/stream-to-chat.ts'
import { isObject, type JsonObject, objectsIn, parseObject, textOf } from '../src/providers/dialects/json.ts'
import { type Exchange, exchangesOf } from './support/fixtures.ts'
import { cut } from './support/scripted-provider.ts'

const recorded = exchangesOf('generate').filter(({ status }) => status < 400)
const table = (some: readonly Exchange[]) => some.map((exchange) => [exchange.name, exchange] as const)
const FACTS = { created: 7, model: 'asked', choices: 1 }

const objectsOf = (stream: string): readonly JsonObject[] =>
  parseEvents(stream)
    .map(({ data }) => parseObject(data))
    .filter((object) => object !== null)

/** A stream of Google's through the tap that stands in the gateway, in these pieces. */
function translate(pieces: readonly Uint8Array[], choices = 1): string {
  const errorEvent = (error: unknown) => `data: ${JSON.stringify({ error: String(error) })}\n\n`
  const narrator = new AnswerStream({ ...FACTS, choices })
  const tap = createNativeTap({ narrator, wantsUsage: true, provider: 'google', errorEvent })
  return Buffer.concat([...pieces.map((piece) => tap.push(piece)), tap.end()]).toString()
}

const eventsOf = (events: readonly object[]): Buffer =>
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''))

/** Puts a chat's stream together as OpenAI's SDKs do. */
function accumulated(stream: string): JsonObject {
  const chunks = objectsOf(stream)
  const told = new Map<number, JsonObject[]>()
  for (const choice of chunks.flatMap(({ choices }) => objectsIn(choices))) {
    const index = Number(choice['index'])
    told.set(index, [...(told.get(index) ?? []), choice])
  }
  const usage = chunks.at(-1)?.['usage']
  const { id, model } = chunks[0] ?? {}
  const choices = [...told].map(([index, pieces]) => choiceOf(index, pieces))
  return { id, object: 'chat.completion', created: 7, model, choices, ...(usage === undefined ? {} : { usage }) }
}

function choiceOf(index: number, pieces: readonly JsonObject[]): JsonObject {
  const deltas = pieces.map(({ delta }) => delta).filter(isObject)
  expect(deltas.map(({ role }) => role).filter((role) => role !== undefined)).toEqual(['assistant'])
  expect(deltas[0]?.['role']).toBe('assistant')
  const [content, reasoning] = ['content', 'reasoning_content'].map((name) =>
    deltas.map((delta) => textOf(delta[name])).join(''),
  )
  const [calls = [], images = []] = ['tool_calls', 'images'].map((name) =>
    deltas.flatMap((delta) => objectsIn(delta[name])),
  )
  expect(calls.map((call) => call['index'])).toEqual([...calls.keys()])
  const extra = deltas.at(-1)?.['extra_content']
  const finish = pieces.map(({ finish_reason: reason }) => reason).filter((reason) => reason !== null)
  expect(finish).toHaveLength(1)
  return {
    index,
    message: {
      role: 'assistant',
      content: content === '' && calls.length > 0 ? null : content,
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(images.length === 0 ? {} : { images }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(({ index: _index, ...call }) => call) }),
      ...(extra === undefined ? {} : { extra_content: extra }),
    },
    logprobs: pieces.find(({ logprobs }) => isObject(logprobs))?.['logprobs'] ?? null,
    finish_reason: finish[0],
  }
}

/** All events of a stream as the one answer they are together. */
function joined(events: readonly JsonObject[]): JsonObject {
  const candidates = events.flatMap((event) => objectsIn(event['candidates']))
  const parts = candidates.flatMap(({ content }) => (isObject(content) ? objectsIn(content['parts']) : []))
  const sources = candidates.flatMap(({ citationMetadata: cited }) =>
    isObject(cited) ? objectsIn(cited['citationSources']) : [],
  )
  const usage = Object.assign({}, ...events.map(({ usageMetadata }) => usageMetadata))
  const cited = sources.length === 0 ? {} : { citationMetadata: { citationSources: sources } }
  const whole = Object.assign({}, ...candidates, { content: { parts } }, cited)
  const all = candidates.length === 0 ? {} : { candidates: [whole] }
  return { ...events.at(-1), ...all, usageMetadata: usage }
}

const choicesIn = (completion: JsonObject): readonly JsonObject[] => objectsIn(completion['choices'])
const messageIn = (completion: JsonObject): JsonObject => {
  const message = choicesIn(completion)[0]?.['message']
  return isObject(message) ? message : {}
}

describe('a recorded answer', () => {
  const answers = recorded.filter(({ isStream }) => !isStream)

  test.each(table(answers))('%s loses no words, calls, signatures or tokens', (_, { response }) => {
    const answer: JsonObject = JSON.parse(response.toString())
    expect(googleGenerateContent.isAnswer(answer)).toBe(true)
    expect(failureIn(answer)).toBeNull()
    const completion = completionFromAnswer(answer, FACTS)
    const message = messageIn(completion)
    const written = JSON.stringify(completion)
    const [candidate = {}] = objectsIn(answer['candidates'])
    const parts = isObject(candidate['content']) ? objectsIn(candidate['content']['parts']) : []
    const texts = (isThought: boolean) =>
      parts
        .filter(({ thought }) => (thought === true) === isThought)
        .map(({ text }) => textOf(text))
        .join('')
    expect(message['content'] ?? '').toBe(texts(false))
    expect(message['reasoning_content'] ?? '').toBe(texts(true))
    const calls = parts.map(({ functionCall: called }) => called).filter(isObject)
    expect(objectsIn(message['tool_calls']).map(({ function: called }) => called)).toEqual(
      calls.map(({ name, args }) => ({ name, arguments: JSON.stringify(args ?? {}) })),
    )
    for (const { thoughtSignature: signature } of parts) expect(written).toContain(textOf(signature))
    const usage = isObject(answer['usageMetadata']) ? answer['usageMetadata'] : {}
    const told = isObject(completion['usage']) ? completion['usage'] : {}
    const spent = Number(usage['candidatesTokenCount'] ?? 0) + Number(usage['thoughtsTokenCount'] ?? 0)
    expect(told['completion_tokens'] ?? 0).toBe(spent)
    expect(completion['model']).toBe(answer['modelVersion'])
    expect(choicesIn(completion)).toHaveLength(1)
  })

  test.each(table(answers))('%s is the same whole and as a stream of one event', (_, { response }) => {
    const answer: JsonObject = JSON.parse(response.toString())
    expect(accumulated(translate([eventsOf([answer])]))).toEqual(completionFromAnswer(answer, FACTS))
  })
})

describe('a recorded stream', () => {
  const streams = recorded.filter(({ isStream }) => isStream)
  // Its calls come in pieces, which no whole answer has.
  const isWhole = ({ response }: Exchange) => !response.includes('partialArgs')

  test.each(table(streams))('%s is told the same byte by byte', (_, { response }) => {
    const told = translate([response])
    expect(told).toEndWith('data: [DONE]\n\n')
    expect(translate(cut(response, 1))).toBe(told)
    expect(told.match(/\[DONE\]/g)).toHaveLength(1)
  })

  test.each(table(streams.filter(isWhole)))('%s is the answer its events are together', (_, { response }) => {
    const answer = joined(objectsOf(response.toString()))
    expect(accumulated(translate([response]))).toEqual(completionFromAnswer(answer, FACTS))
  })

  test.each(table(streams.filter((exchange) => !isWhole(exchange))))('%s has whole calls', (_, { response }) => {
    const calls = objectsIn(messageIn(accumulated(translate([response])))['tool_calls'])
    expect(calls.map(({ function: called }) => called)).toEqual([
      { name: 'getWeather', arguments: '{"location":"Boston"}' },
      { name: 'getWeather', arguments: '{"location":"San Francisco"}' },
    ])
    expect(calls[0]).toHaveProperty('extra_content.google.thought_signature')
  })

  test.each(table(streams))('%s is not whole without its end', (_, { response }) => {
    const events = parseEvents(response.toString())
    if (events.length === 1) return
    const told = translate([
      Buffer.from(
        events
          .slice(0, -1)
          .map(({ data }) => `data: ${data}\r\n\r\n`)
          .join(''),
      ),
    ])
    expect(told).not.toContain('[DONE]')
    expect(told).not.toMatch(/"finish_reason":"/)
  })
})

const answered = (candidate: object, more: object = {}): JsonObject => ({
  responseId: 'r',
  modelVersion: 'gemini-x',
  candidates: [candidate],
  ...more,
})
const parts = (...list: readonly object[]) => ({ content: { role: 'model', parts: list }, finishReason: 'STOP' })
const choiceFrom = (answer: JsonObject): JsonObject => choicesIn(completionFromAnswer(answer, FACTS))[0] ?? {}

describe('an answer of Google', () => {
  const reasons: [string, object, string][] = [
    ['STOP', parts({ text: 'a' }), 'stop'],
    ['STOP with a call', parts({ text: 'a' }, { functionCall: { name: 'f' } }), 'tool_calls'],
    ['MAX_TOKENS', { ...parts({ text: 'a' }), finishReason: 'MAX_TOKENS' }, 'length'],
    ['MAX_TOKENS, without content', { finishReason: 'MAX_TOKENS' }, 'length'],
    ['MAX_TOKENS, with a call', { ...parts({ functionCall: { name: 'f' } }), finishReason: 'MAX_TOKENS' }, 'length'],
    ...['SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY'].map(
      (finishReason): [string, object, string] => [finishReason, { content: {}, finishReason }, 'content_filter'],
    ),
    ['nothing, with a call', { content: { parts: [{ functionCall: { name: 'f' } }] } }, 'tool_calls'],
    ['OTHER after words', { ...parts({ text: 'a' }), finishReason: 'OTHER' }, 'stop'],
    ['a reason to come, after words', { ...parts({ text: 'a' }), finishReason: 'constructor' }, 'stop'],
  ]
  test.each(reasons)('that ends with %s', (_, candidate, finish) => {
    expect(failureIn(answered(candidate))).toBeNull()
    const choice = choiceFrom(answered(candidate))
    expect(choice['finish_reason']).toBe(finish)
    const { finishReason = 'STOP' } = candidate as { readonly finishReason?: string }
    const isTold = finishReason === 'STOP' || finishReason === 'MAX_TOKENS'
    expect(JSON.stringify(choice).includes(finishReason)).toBe(!isTold)
  })

  const failures: [string, object, string][] = [
    [
      'MALFORMED_FUNCTION_CALL',
      { ...parts({ text: 'I call.' }), finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'print(f(' },
      'print(f(',
    ],
    [
      'UNEXPECTED_TOOL_CALL',
      { finishReason: 'UNEXPECTED_TOOL_CALL' },
      'The model ended its answer with UNEXPECTED_TOOL_CALL.',
    ],
    ['OTHER', { finishReason: 'OTHER' }, 'The model ended its answer with OTHER.'],
  ]
  test.each(failures)('that ends with %s and says nothing that would do is an error', (code, candidate, message) => {
    expect(failureIn(answered(candidate))).toEqual({ message, type: 'api_error', code })
    const told = translate([eventsOf([answered(candidate)])])
    expect(told).toContain('"error"')
    expect(told).not.toContain('[DONE]')
  })

  test('without candidates, since the question was not allowed, is empty and filtered', () => {
    const promptFeedback = { blockReason: 'SAFETY' }
    const answer = { promptFeedback, usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } }
    const completion = completionFromAnswer(answer, FACTS)
    expect(choicesIn(completion)).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: '', extra_content: { google: { promptFeedback } } },
        logprobs: null,
        finish_reason: 'content_filter',
      },
    ])
    expect(completion['model']).toBe('asked')
    expect(googleGenerateContent.isAnswer({ usageMetadata: {} })).toBe(false)
  })

  test('keeps pictures, signatures, what it ran and where it looked', () => {
    const ran = { executableCode: { language: 'PYTHON', code: '1' }, thoughtSignature: 'c29tZQ==' }
    const sound = { inlineData: { mimeType: 'audio/L16', data: 'AAAA' } }
    const candidate = {
      ...parts(
        { text: 'hm', thought: true },
        ran,
        { text: 'See' },
        { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: 'cGlj' },
        sound,
        { text: '', thoughtSignature: 'dGV4dA==' },
      ),
      groundingMetadata: { webSearchQueries: ['x'] },
    }
    expect(choiceFrom(answered(candidate))['message']).toEqual({
      role: 'assistant',
      content: 'See',
      reasoning_content: 'hm',
      images: [
        {
          type: 'image_url',
          index: 0,
          image_url: { url: 'data:image/png;base64,AAAA' },
          extra_content: { google: { thought_signature: 'cGlj' } },
        },
      ],
      extra_content: {
        google: {
          thought_signature: 'dGV4dA==',
          parts: [ran, sound],
          groundingMetadata: { webSearchQueries: ['x'] },
        },
      },
    })
  })

  test('tells how likely its words were', () => {
    const chosen = { token: 'a', tokenId: 1, logProbability: -0.1 }
    const other = { token: 'b', tokenId: 2, logProbability: -2 }
    const logprobsResult = { chosenCandidates: [chosen], topCandidates: [{ candidates: [chosen, other] }] }
    expect(choiceFrom(answered({ ...parts({ text: 'a' }), logprobsResult }))['logprobs']).toEqual({
      content: [
        {
          token: 'a',
          logprob: -0.1,
          bytes: null,
          top_logprobs: [
            { token: 'a', logprob: -0.1, bytes: null },
            { token: 'b', logprob: -2, bytes: null },
          ],
        },
      ],
    })
  })

  test('counts what tools put in, and thinking, even where nothing was answered', () => {
    const usageMetadata = {
      promptTokenCount: 10,
      toolUsePromptTokenCount: 5,
      thoughtsTokenCount: 7,
      cachedContentTokenCount: 4,
      totalTokenCount: 22,
    }
    expect(completionFromAnswer(answered(parts(), { usageMetadata }), FACTS)['usage']).toEqual({
      prompt_tokens: 15,
      completion_tokens: 7,
      total_tokens: 22,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 7 },
    })
  })
})

describe('a stream of Google', () => {
  const event = (index: number, text: string, finishReason?: string) => ({
    responseId: 'r',
    candidates: [{ index, content: { parts: [{ text }] }, ...(finishReason === undefined ? {} : { finishReason }) }],
  })

  test('of two choices is whole when both have ended', () => {
    const both = [event(0, 'a'), event(1, 'b', 'STOP'), event(0, 'c', 'MAX_TOKENS')]
    const told = accumulated(translate([eventsOf(both)], 2))
    expect(choicesIn(told)).toMatchObject([
      { index: 0, message: { content: 'ac' }, finish_reason: 'length' },
      { index: 1, message: { content: 'b' }, finish_reason: 'stop' },
    ])
    expect(translate([eventsOf(both.slice(0, 2))], 2)).not.toContain('[DONE]')
    expect(translate([eventsOf(both.slice(1, 2))], 2)).not.toContain('[DONE]')
  })

  test('that says STOP all the time ends once', () => {
    const told = accumulated(translate([eventsOf([event(0, 'a', 'STOP'), event(0, 'b', 'STOP')])]))
    expect(choicesIn(told)).toMatchObject([{ message: { content: 'ab' }, finish_reason: 'stop' }])
  })

  const broken: [string, string][] = [
    ['in an event', 'data: {"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}\r\n\r\n'],
    ['in bare JSON', '{\n  "error": {\n    "code": 503,\n    "message": "busy"\n  }\n}\n'],
  ]
  test.each(broken)('with an error %s ends with it', (_, error) => {
    const told = translate([eventsOf([event(0, 'a')]), Buffer.from(error)])
    expect(told).toContain('busy')
    expect(told).not.toContain('[DONE]')
    expect(told).not.toMatch(/"finish_reason":"/)
  })
})

const called = fc.record({
  functionCall: fc.record(
    { name: fc.stringMatching(/^[a-z]{1,8}$/), args: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }) },
    { requiredKeys: ['name'] },
  ),
})
const said = fc.record({ text: fc.string({ unit: 'grapheme' }) })
const thought = fc.record({ text: fc.string(), thought: fc.constant(true) })
const candidate = fc.array(fc.oneof(called, said, thought), { maxLength: 6 })

describe('any answer', () => {
  test('is the same whole and streamed, its calls have ids and numbers of their own', () => {
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 3 }), fc.uuid(), (candidates, responseId) => {
        const whole = completionFromAnswer(
          {
            responseId,
            candidates: candidates.map((list, index) => ({ index, content: { parts: list }, finishReason: 'STOP' })),
          },
          FACTS,
        )
        const events = candidates.flatMap((list, index) => [
          { responseId, candidates: [{ index }] },
          ...list.map((part) => ({ responseId, candidates: [{ index, content: { parts: [part] } }] })),
          { responseId, candidates: [{ index, finishReason: 'STOP' }] },
        ])
        expect(accumulated(translate([eventsOf(events)], candidates.length))).toEqual(whole)
        const messages = choicesIn(whole).map(({ message }) => (isObject(message) ? message : {}))
        const ids = messages.flatMap((message) => objectsIn(message['tool_calls']).map(({ id }) => id))
        expect(new Set(ids).size).toBe(ids.length)
        for (const { finish_reason: reason, message } of choicesIn(whole))
          expect(reason).toBe(isObject(message) && 'tool_calls' in message ? 'tool_calls' : 'stop')
      }),
    )
  })

  test('of any events at all is told without a throw', () => {
    fc.assert(
      fc.property(fc.array(oddEvent), (events) => {
        const narrator = new AnswerStream(FACTS)
        for (const event of events) {
          narrator.event(event)
          completionFromAnswer(event, FACTS)
          failureIn(event)
          googleGenerateContent.isAnswer(event)
        }
        narrator.end()
      }),
    )
  })

  test('to any request at all is asked for without a throw', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...MEMBERS), oddMember), fc.string(), (request, model) => {
        const facts = { model, stream: false, maxOutputTokens: null }
        googleGenerateContent.request(request, facts)
        expect(googleGenerateContent.path?.('/models', facts)).toMatch(
          /^\/(models|tunedModels)\/[^/?#]*:generateContent$/,
        )
      }),
    )
  })
})

const odd = (inner: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.oneof(fc.jsonValue(), fc.record(inner, { requiredKeys: [] }))
const oddPiece = odd({
  jsonPath: fc.oneof(fc.jsonValue(), fc.constantFrom('$.a', '$.a[0].b', "$['x'][999999999]", '$.__proto__.y')),
  stringValue: fc.jsonValue(),
  numberValue: fc.jsonValue(),
})
const oddCall = odd({
  name: fc.jsonValue(),
  id: fc.jsonValue(),
  args: fc.jsonValue(),
  willContinue: fc.jsonValue(),
  partialArgs: fc.oneof(fc.jsonValue(), fc.array(oddPiece)),
})
const oddPart = odd({
  text: fc.jsonValue(),
  thought: fc.jsonValue(),
  thoughtSignature: fc.jsonValue(),
  functionCall: oddCall,
  inlineData: odd({ mimeType: fc.oneof(fc.jsonValue(), fc.constant('image/png')), data: fc.jsonValue() }),
})
const oddCandidate = odd({
  index: fc.jsonValue(),
  content: odd({ parts: fc.oneof(fc.jsonValue(), fc.array(oddPart)) }),
  finishReason: fc.oneof(fc.jsonValue(), fc.constantFrom('STOP', 'OTHER', 'constructor')),
  citationMetadata: odd({ citationSources: fc.jsonValue() }),
  logprobsResult: odd({ chosenCandidates: fc.jsonValue(), topCandidates: fc.jsonValue() }),
})
const oddEvent = fc.record(
  {
    candidates: fc.oneof(fc.jsonValue(), fc.array(oddCandidate)),
    promptFeedback: fc.jsonValue(),
    usageMetadata: odd({ promptTokenCount: fc.jsonValue(), totalTokenCount: fc.jsonValue() }),
    responseId: fc.jsonValue(),
    modelVersion: fc.jsonValue(),
    error: fc.constantFrom(undefined, null, 'no', { message: 'no' }),
  },
  { requiredKeys: [] },
)

const MEMBERS = [
  'messages',
  'tools',
  'tool_choice',
  'stop',
  'response_format',
  'reasoning_effort',
  'modalities',
  'extra_body',
  'generationConfig',
  'toolConfig',
]
const oddMessage = odd({
  role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'function', 'x'),
  content: fc.oneof(
    fc.jsonValue(),
    fc.array(odd({ type: fc.constantFrom('text', 'image_url', 'file', 'input_audio'), image_url: fc.jsonValue() })),
  ),
  tool_calls: fc.oneof(fc.jsonValue(), fc.array(odd({ id: fc.jsonValue(), function: oddCall }))),
  tool_call_id: fc.jsonValue(),
  extra_content: odd({ google: odd({ parts: fc.jsonValue(), thought_signature: fc.jsonValue() }) }),
})
const oddTool = odd({ type: fc.jsonValue(), function: oddCall })
const oddMember = fc.oneof(fc.jsonValue(), fc.array(oddMessage), fc.array(oddTool), odd({ google: fc.jsonValue() }))
