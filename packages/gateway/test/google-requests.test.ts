import { describe, expect, test } from 'bun:test'
import { isObject, type JsonObject, objectsIn, textOf } from '../src/providers/dialects/json.ts'
import { generatePath } from '../src/providers/dialects/google-generate-content/path.ts'
import { requestFromChat } from '../src/providers/dialects/google-generate-content/request-from-chat.ts'
import { exchangesOf } from './support/fixtures.ts'
import { chatFromGemini, partsOf, plainRequest } from './support/gemini-to-chat.ts'

const user = (content: unknown) => ({ role: 'user', content })
const asked = (request: object, model = 'gemini-2.5-flash') =>
  requestFromChat({ messages: [user('Hi')], ...request }, model)
const told = (...messages: readonly object[]) => requestFromChat({ messages }, 'gemini-2.5-flash')
const HI = { role: 'user', parts: [{ text: 'Hi' }] }
const SIGNATURE = 'c2lnbmF0dXJl+/=='
const signed = { extra_content: { google: { thought_signature: SIGNATURE } } }
const call = (id: string, name: string, args: string, more: object = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
  ...more,
})

describe('a message on its way to Google', () => {
  const cases: [string, readonly object[], object, readonly string[]][] = [
    [
      'the system speaks apart, wherever it stands',
      [{ role: 'system', content: 'a' }, user('Hi'), { role: 'developer', content: 'b' }],
      { systemInstruction: { parts: [{ text: 'a' }, { text: 'b' }] }, contents: [HI] },
      [],
    ],
    [
      'where only the system speaks, the user is silent',
      [{ role: 'system', content: 'a' }],
      { systemInstruction: { parts: [{ text: 'a' }] }, contents: [{ role: 'user', parts: [{ text: '' }] }] },
      [],
    ],
    [
      'neighbours of one role are one turn, and empty texts are none',
      [user('Hi'), user(''), user('you'), { role: 'assistant', content: '' }],
      { contents: [{ role: 'user', parts: [{ text: 'Hi' }, { text: 'you' }] }] },
      [],
    ],
    [
      'data goes along, addresses are told with what they seem to hold',
      [
        user([
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'image_url', image_url: { url: 'https://x/y.JPG?z=1', detail: 'auto' } },
          { type: 'image_url', image_url: { url: 'gs://bucket/y' } },
          { type: 'input_audio', input_audio: { format: 'wav', data: 'UklG' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
          { type: 'file', file: { file_id: 'https://generativelanguage.googleapis.com/v1beta/files/x' } },
        ]),
      ],
      {
        contents: [
          {
            role: 'user',
            parts: [
              { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
              { fileData: { fileUri: 'https://x/y.JPG?z=1', mimeType: 'image/jpeg' } },
              { fileData: { fileUri: 'gs://bucket/y' } },
              { inlineData: { mimeType: 'audio/wav', data: 'UklG' } },
              { inlineData: { mimeType: 'application/pdf', data: 'JVBE' } },
              { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/x' } },
            ],
          },
        ],
      },
      [],
    ],
    [
      'parallel results are one turn, each with the name of its function, and never anything but an object',
      [
        user('Hi'),
        { role: 'assistant', content: null, tool_calls: [call('a', 'f', '{"x":1}'), call('b', 'g', '')] },
        { role: 'tool', tool_call_id: 'b', content: 'plain' },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: '{"y":2}' }] },
        user('and now?'),
      ],
      {
        contents: [
          HI,
          {
            role: 'model',
            parts: [
              { functionCall: { id: 'a', name: 'f', args: { x: 1 } } },
              { functionCall: { id: 'b', name: 'g', args: {} } },
            ],
          },
          {
            role: 'user',
            parts: [
              { functionResponse: { id: 'b', name: 'g', response: { result: 'plain' } } },
              { functionResponse: { id: 'a', name: 'f', response: { y: 2 } } },
            ],
          },
          { role: 'user', parts: [{ text: 'and now?' }] },
        ],
      },
      [],
    ],
    [
      'signatures come back where they were',
      [
        { role: 'assistant', content: 'a', reasoning_content: 'hm', ...signed },
        user('Hi'),
        { role: 'assistant', content: '', ...signed, tool_calls: [call('a', 'f', '{}', signed)] },
      ],
      {
        contents: [
          {
            role: 'model',
            parts: [
              { text: 'hm', thought: true },
              { text: 'a', thoughtSignature: SIGNATURE },
            ],
          },
          HI,
          {
            role: 'model',
            parts: [
              { text: '', thoughtSignature: SIGNATURE },
              { functionCall: { id: 'a', name: 'f', args: {} }, thoughtSignature: SIGNATURE },
            ],
          },
        ],
      },
      [],
    ],
    [
      'pictures and parts of an earlier answer come back as they were',
      [
        {
          role: 'assistant',
          content: 'a',
          images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' }, ...signed }],
          extra_content: { google: { parts: [{ executableCode: { language: 'PYTHON', code: '1' } }] } },
        },
      ],
      {
        contents: [
          {
            role: 'model',
            parts: [
              { executableCode: { language: 'PYTHON', code: '1' } },
              { text: 'a' },
              { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: SIGNATURE },
            ],
          },
        ],
      },
      [],
    ],
    [
      'what has no words is named',
      [
        user([
          { type: 'file', file: { file_id: 'file-1' } },
          { type: 'hologram', hologram: {} },
          { type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } },
          { type: 'image_url', image_url: { url: 'gs://a/b.png', detail: 'high' } },
        ]),
        { ...user('x'), name: 'me' },
      ],
      {
        contents: [
          {
            role: 'user',
            parts: [{ text: 'Hi' }, { fileData: { fileUri: 'gs://a/b.png', mimeType: 'image/png' } }, { text: 'x' }],
          },
        ],
      },
      ['messages.file', 'messages.hologram', 'cache_control', 'messages.image_url.detail', 'messages.name'],
    ],
  ]
  test.each(cases)('%s', (_, messages, body, dropped) => {
    const request = told(...messages)
    expect(request.body).toEqual(body as JsonObject)
    expect(request.dropped).toEqual(dropped)
  })

  test('a picture as a result stands in the result for Gemini 3, and beside it for others', () => {
    const messages = [
      { role: 'assistant', tool_calls: [call('a', 'f', '{}', signed)] },
      {
        role: 'tool',
        tool_call_id: 'a',
        content: [
          { type: 'text', text: 'seen' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ],
      },
    ]
    const picture = { inlineData: { mimeType: 'image/png', data: 'AAAA' } }
    const result = { id: 'a', name: 'f', response: { result: 'seen' } }
    const partsAt = (model: string) => partsOf(objectsIn(requestFromChat({ messages }, model).body['contents'])[1])
    expect(partsAt('gemini-3-pro-preview')).toEqual([{ functionResponse: { ...result, parts: [picture] } }])
    expect(partsAt('gemini-2.5-pro')).toEqual([{ functionResponse: result }, picture])
  })

  test("calls that another model made are marked for Gemini 3, which refuses unsigned ones, and it's told", () => {
    const messages = [{ role: 'assistant', tool_calls: [call('a', 'f', '{}'), call('b', 'f', '{}')] }]
    const { body, added } = requestFromChat({ messages }, 'gemini-3-flash-preview')
    const [first, second] = partsOf(objectsIn(body['contents'])[0])
    expect(first?.['thoughtSignature']).toBe('skip_thought_signature_validator')
    expect(second).not.toHaveProperty('thoughtSignature')
    expect(added).toEqual(['thought_signature'])
    expect(requestFromChat({ messages }, 'gemini-2.5-flash').added).toEqual([])
  })
})

describe('a parameter on its way to Google', () => {
  const schema = { type: 'object', $ref: '#/$defs/x', additionalProperties: false }
  const cases: [string, object, object, readonly string[]][] = [
    [
      'what has another name only',
      {
        temperature: 0.5,
        top_p: 0.9,
        top_k: 40,
        n: 2,
        seed: 1,
        presence_penalty: 0.1,
        frequency_penalty: 0.2,
        logprobs: true,
        top_logprobs: 3,
        max_tokens: 10,
        stop: ['a', ''],
        modalities: ['text', 'image'],
      },
      {
        generationConfig: {
          temperature: 0.5,
          topP: 0.9,
          topK: 40,
          candidateCount: 2,
          seed: 1,
          presencePenalty: 0.1,
          frequencyPenalty: 0.2,
          responseLogprobs: true,
          logprobs: 3,
          maxOutputTokens: 10,
          stopSequences: ['a'],
          responseModalities: ['TEXT', 'IMAGE'],
        },
      },
      [],
    ],
    [
      'the newer name of the limit wins',
      { max_tokens: 1, max_completion_tokens: 2 },
      { generationConfig: { maxOutputTokens: 2 } },
      [],
    ],
    [
      'a schema goes as it is',
      { response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } } },
      { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } },
      [],
    ],
    [
      'JSON goes without one',
      { response_format: { type: 'json_object' } },
      { generationConfig: { responseMimeType: 'application/json' } },
      [],
    ],
    ['text is the rule', { response_format: { type: 'text' } }, {}, []],
    ['other formats are named', { response_format: { type: 'grammar' } }, {}, ['response_format']],
    [
      'functions keep their schemas, tools of its own pass, others are named',
      {
        tools: [
          { type: 'function', function: { name: 'f', description: 'd', parameters: schema, strict: true } },
          { googleSearch: {} },
          { type: 'custom', custom: {} },
        ],
        tool_choice: 'required',
        parallel_tool_calls: false,
      },
      {
        tools: [
          { functionDeclarations: [{ name: 'f', description: 'd', parametersJsonSchema: schema }] },
          { googleSearch: {} },
        ],
        toolConfig: { functionCallingConfig: { mode: 'ANY' } },
      },
      ['parallel_tool_calls', 'tools.strict', 'tools.custom'],
    ],
    [
      'its own members pass, and win',
      {
        temperature: 1,
        reasoning_effort: 'low',
        safetySettings: [{ category: 'a', threshold: 'b' }],
        cachedContent: 'cachedContents/x',
        generationConfig: { temperature: 0, mediaResolution: 'LOW' },
        toolConfig: { retrievalConfig: { languageCode: 'de' } },
        extra_body: { google: { thinking_config: { thinking_budget: 5 }, other: 1 }, more: 2 },
      },
      {
        toolConfig: { retrievalConfig: { languageCode: 'de' } },
        generationConfig: { temperature: 0, mediaResolution: 'LOW', thinkingConfig: { thinking_budget: 5 } },
        safetySettings: [{ category: 'a', threshold: 'b' }],
        cachedContent: 'cachedContents/x',
      },
      ['extra_body.more', 'extra_body.google.other'],
    ],
    [
      'what is nothing needs no words, and everything else is named',
      { logit_bias: { 1: 2 }, user: 'me', store: null, parallel_tool_calls: true, constructor: 'x' },
      {},
      ['logit_bias', 'user', 'constructor'],
    ],
  ]
  test.each(cases)('%s', (_, request, body, dropped) => {
    const { body: sent, dropped: named } = asked(request)
    expect(sent).toEqual({ contents: [HI], ...body })
    expect(named).toEqual(dropped)
  })

  test('a choice without tools is named, and so are marks of other makers', () => {
    const reasoned = { role: 'assistant', content: 'a', reasoning_details: [{ type: 'reasoning.text' }] }
    expect(asked({ tool_choice: 'required' }).dropped).toEqual(['tool_choice'])
    expect(told(reasoned).dropped).toEqual(['messages.reasoning_details'])
  })

  const choices: [unknown, object | undefined, readonly string[]][] = [
    ['auto', { mode: 'AUTO' }, []],
    ['none', { mode: 'NONE' }, []],
    [{ type: 'function', function: { name: 'f' } }, { mode: 'ANY', allowedFunctionNames: ['f'] }, []],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
      [],
    ],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } }, undefined, ['tool_choice']],
    ['constructor', undefined, ['tool_choice']],
    [null, undefined, []],
  ]
  test.each(choices)('the choice of tools %j', (choice, calling, dropped) => {
    const tools = [{ type: 'function', function: { name: 'f' } }]
    const { body, dropped: named } = asked({ tools, tool_choice: choice })
    expect(body['toolConfig']).toEqual(calling === undefined ? undefined : { functionCallingConfig: calling })
    expect(body['tools']).toEqual([{ functionDeclarations: [{ name: 'f' }] }])
    expect(named).toEqual(dropped)
  })

  const efforts: [string, string, object | undefined, boolean][] = [
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0, includeThoughts: false }, true],
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128, includeThoughts: false }, false],
    ['models/gemini-2.5-pro', 'low', { thinkingBudget: 1024, includeThoughts: true }, true],
    ['gemini-flash-latest', 'high', { thinkingBudget: 24_576, includeThoughts: true }, true],
    ['gemini-3-flash-preview', 'minimal', { thinkingLevel: 'minimal', includeThoughts: true }, true],
    ['gemini-3-flash-preview', 'none', { thinkingLevel: 'minimal', includeThoughts: false }, false],
    ['gemini-3-pro-preview', 'medium', { thinkingLevel: 'high', includeThoughts: true }, true],
    ['gemini-3.1-pro-preview', 'medium', { thinkingLevel: 'medium', includeThoughts: true }, true],
    ['gemini-3.1-pro-preview', 'minimal', { thinkingLevel: 'low', includeThoughts: true }, true],
    ['gemini-3.5-flash', 'xhigh', { thinkingLevel: 'high', includeThoughts: true }, false],
    ['gemini-2.0-flash', 'low', undefined, false],
    ['gemini-2.5-flash', 'constructor', undefined, false],
  ]
  test.each(efforts)('%s thinks with the effort %s', (model, effort, thinking, isExact) => {
    const { body, dropped } = asked({ reasoning_effort: effort }, model)
    const config = isObject(body['generationConfig']) ? body['generationConfig'] : {}
    expect(config['thinkingConfig']).toEqual(thinking)
    expect(dropped).toEqual(isExact ? [] : ['reasoning_effort'])
  })
})

describe('the path of a request', () => {
  const cases: [model: string, stream: boolean, path: string][] = [
    ['gemini-2.5-flash', false, '/models/gemini-2.5-flash:generateContent'],
    ['models/gemini-2.5-flash', true, '/models/gemini-2.5-flash:streamGenerateContent?alt=sse'],
    ['tunedModels/mine-1', false, '/tunedModels/mine-1:generateContent'],
    ['..', false, '/models/..:generateContent'],
    ['models/../../x', false, '/models/..%2F..%2Fx:generateContent'],
    ['a?key=1#b:c d', false, '/models/a%3Fkey%3D1%23b%3Ac%20d:generateContent'],
    ['\ud800', false, '/models/%EF%BF%BD:generateContent'],
  ]
  test.each(cases)('of %j', (model, stream, path) => {
    expect(generatePath('/models', { model, stream, maxOutputTokens: null })).toBe(path)
  })
})

describe('every recorded request', () => {
  const recorded = exchangesOf('generate', 'generate-stream').flatMap(({ name, request, endpoint, status }) =>
    request === null || status >= 400 ? [] : [[name, JSON.parse(request.toString()), endpoint] as const],
  )

  test.each(recorded)('%s is the same after a way through chat', (_, request, endpoint) => {
    const plain = plainRequest(request)
    const model = /models\/([^:]+):/.exec(endpoint)?.[1] ?? ''
    const { body, dropped } = requestFromChat(chatFromGemini(plain, model), model)
    expect(comparable(body)).toEqual(comparable(plain))
    expect(dropped).toEqual([])
  })
})

/** What means the same, written the same; and without what chat has no place for: ids that were not there, types of files. */
function comparable({ systemInstruction: system, contents, tools, ...request }: JsonObject): JsonObject {
  const text = partsOf(system)
    .map(({ text: words }) => textOf(words))
    .join('')
  const config = isObject(request['generationConfig']) ? request['generationConfig'] : {}
  const { toolConfig, safetySettings, cachedContent } = request
  return {
    system: text,
    contents: objectsIn(contents).map(({ role, ...content }) => ({
      role: role ?? 'user',
      parts: folded(partsOf(content).map(comparablePart)),
    })),
    tools: objectsIn(tools).flatMap(({ functionDeclarations: declared, ...tool }) =>
      declared === undefined
        ? [tool]
        : objectsIn(declared).map(({ name, description, parameters, parametersJsonSchema: schema }) => ({
            name,
            description,
            schema: schema ?? parameters,
          })),
    ),
    generationConfig: config,
    toolConfig: isObject(toolConfig) && Object.keys(toolConfig).length > 0 ? toolConfig : undefined,
    safetySettings,
    cachedContent,
  }
}

/** A signature that stands alone comes back with the text behind it. */
function folded(parts: readonly JsonObject[]): readonly JsonObject[] {
  return parts.flatMap((part, index) => {
    const before = parts[index - 1]
    const isBare = ({ text, thoughtSignature }: JsonObject) => text === '' && thoughtSignature !== undefined
    if (isBare(part) && typeof parts[index + 1]?.['text'] === 'string') return []
    return before !== undefined && isBare(before) ? [{ ...before, ...part }] : [part]
  })
}

function comparablePart({ thought: _thought, ...part }: JsonObject): JsonObject {
  const { text, functionCall: called, functionResponse: result, fileData: file, thoughtSignature } = part
  const signature = thoughtSignature === undefined ? {} : { thoughtSignature }
  if (isObject(called)) return { call: called['name'], args: called['args'] ?? {}, ...signature }
  if (isObject(result)) return { result: result['name'], response: result['response'], parts: result['parts'] }
  if (isObject(file)) return { file: file['fileUri'] }
  return text === undefined && !('inlineData' in part) ? { text: '', ...signature } : part
}
