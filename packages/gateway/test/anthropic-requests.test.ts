import { describe, expect, test } from 'bun:test'
import { isObject, type JsonObject, objectsIn, textOf } from '../src/providers/dialects/json.ts'
import { requestFromChat } from '../src/providers/dialects/anthropic-messages/request-from-chat.ts'
import { requestToChat } from '../src/providers/dialects/anthropic-messages/request-to-chat.ts'
import { exchangesOf } from './support/fixtures.ts'

const plain = { extensions: new Set<string>(), takesEffort: false }
const toChat = (request: JsonObject, extensions: readonly string[] = []) =>
  requestToChat(request, { extensions: new Set(extensions), takesEffort: false })

const user = (...content: readonly object[]) => ({ messages: [{ role: 'user', content }] })
const assistant = (...content: readonly object[]) => ({ messages: [{ role: 'assistant', content }] })
const PNG = { type: 'base64', media_type: 'image/png', data: 'AAAA' }
const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }

describe('a message on its way to chat', () => {
  const cases: [string, JsonObject, readonly object[], readonly string[]][] = [
    [
      'text is text',
      user({ type: 'text', text: 'a' }, { type: 'text', text: 'b' }),
      [{ role: 'user', content: 'a\n\nb' }],
      [],
    ],
    [
      'the system says one thing',
      {
        system: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
        messages: [{ role: 'user', content: 'c' }],
      },
      [
        { role: 'system', content: 'a\n\nb' },
        { role: 'user', content: 'c' },
      ],
      [],
    ],
    [
      'pictures go as data or by their address',
      user({ type: 'image', source: PNG }, { type: 'image', source: { type: 'url', url: 'https://x/y.png' } }),
      [{ role: 'user', content: [IMAGE, { type: 'image_url', image_url: { url: 'https://x/y.png' } }] }],
      [],
    ],
    [
      'a picture in a store cannot go along',
      user({ type: 'text', text: 'a' }, { type: 'image', source: { type: 'file', file_id: 'f' } }),
      [{ role: 'user', content: 'a' }],
      ['messages.image'],
    ],
    [
      'what says nothing to others is left out, and said',
      {
        messages: [
          ...objectsIn(assistant({ type: 'redacted_thinking', data: 'x' })['messages']),
          { role: 'user', content: 'c' },
        ],
      },
      [{ role: 'user', content: 'c' }],
      ['messages.thinking'],
    ],
    [
      'what an earlier conversation was summed up to is what was said',
      assistant({ type: 'compaction', content: 'They want a poem.' }, { type: 'text', text: 'Here:' }),
      [{ role: 'assistant', content: 'They want a poem.\n\nHere:' }],
      [],
    ],
    [
      'a document of text is text, one of bytes a file',
      user(
        { type: 'document', title: 'T', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' } },
      ),
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'T\n\nwords' },
            { type: 'file', file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
          ],
        },
      ],
      [],
    ],
    [
      'parallel calls are the calls of one message, and without text there is none',
      assistant(
        { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
        { type: 'tool_use', id: 'b', name: 'g', input: {} },
      ),
      [
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
            { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
          ],
        },
      ],
      [],
    ],
    [
      'results come first, errors say so, pictures follow',
      user(
        { type: 'tool_result', tool_use_id: 'a', content: 'no', is_error: true },
        {
          type: 'tool_result',
          tool_use_id: 'b',
          content: [
            { type: 'text', text: 'seen' },
            { type: 'image', source: PNG },
          ],
        },
        { type: 'text', text: 'and now?' },
      ),
      [
        { role: 'tool', tool_call_id: 'a', content: 'Error: no' },
        { role: 'tool', tool_call_id: 'b', content: 'seen\n\nThe result goes on in the next message (1 attached).' },
        { role: 'user', content: [{ type: 'text', text: 'Result of b:' }, IMAGE, { type: 'text', text: 'and now?' }] },
      ],
      [],
    ],
    [
      'thinking stays here',
      assistant({ type: 'thinking', thinking: 'hm', signature: 's' }, { type: 'text', text: 'a' }),
      [{ role: 'assistant', content: 'a' }],
      ['messages.thinking'],
    ],
    [
      'blocks that nobody else knows are named',
      assistant({ type: 'server_tool_use', id: 'x', name: 'web_search', input: {} }, { type: 'text', text: 'a' }),
      [{ role: 'assistant', content: 'a' }],
      ['messages.server_tool_use'],
    ],
  ]
  test.each(cases)('%s', (_, request, messages, dropped) => {
    const chat = requestToChat(request, plain)
    expect(chat.body['messages']).toEqual(messages)
    expect(chat.dropped).toEqual(dropped)
  })

  test('reasoning goes back to providers that want it, under the name they give it', () => {
    const request = assistant({ type: 'thinking', thinking: 'hm', signature: 's' }, { type: 'text', text: 'a' })
    for (const name of ['reasoning_content', 'reasoning']) {
      const { body, dropped } = toChat(request, [name])
      expect(body['messages']).toEqual([{ role: 'assistant', content: 'a', [name]: 'hm' }])
      expect(dropped).toEqual(['messages.thinking.signature'])
    }
  })

  test("Google's signatures of calls come back unchanged", () => {
    const extra = { google: { thought_signature: 'c2ln' } }
    const request = assistant({ type: 'tool_use', id: 'a', name: 'f', input: {}, extra_content: extra })
    expect(JSON.stringify(toChat(request, ['extra_content']).body)).toContain(JSON.stringify(extra))
    expect(toChat(request).dropped).toEqual(['messages.tool_use.extra_content'])
  })
})

describe('the rest of a request', () => {
  const tool = { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } }
  const called = { type: 'function', function: { name: 'f', description: 'd', parameters: tool.input_schema } }
  const cases: [string, JsonObject, JsonObject, readonly string[]][] = [
    [
      'limits',
      { max_tokens: 5, temperature: 0.5, top_p: 0.9, stop_sequences: ['x'] },
      { max_tokens: 5, temperature: 0.5, top_p: 0.9, stop: ['x'] },
      [],
    ],
    ['top_k', { top_k: 4 }, {}, ['top_k']],
    ['tools', { tools: [tool], tool_choice: { type: 'any' } }, { tools: [called], tool_choice: 'required' }, []],
    [
      'one tool',
      { tools: [tool], tool_choice: { type: 'tool', name: 'f' } },
      { tools: [called], tool_choice: { type: 'function', function: { name: 'f' } } },
      [],
    ],
    [
      'one call at a time',
      { tools: [tool], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      { tools: [called], tool_choice: 'auto', parallel_tool_calls: false },
      [],
    ],
    [
      "Anthropic's own tools",
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }], tool_choice: { type: 'auto' } },
      {},
      ['tools.web_search_20250305'],
    ],
    [
      "the choice of one of Anthropic's own",
      {
        tools: [{ type: 'web_search_20250305', name: 'web_search' }, tool],
        tool_choice: { type: 'tool', name: 'web_search' },
      },
      { tools: [called] },
      ['tools.web_search_20250305', 'tool_choice'],
    ],
    ['a user', { metadata: { user_id: 'u' } }, { user: 'u' }, []],
    ['a user with a long name', { metadata: { user_id: 'u'.repeat(65) } }, {}, ['metadata.user_id']],
    [
      'a schema',
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } } },
      [],
    ],
    ['marks for the cache', { cache_control: { type: 'ephemeral' } }, {}, ['cache_control']],
    ['what is new', { speed: 'fast' }, {}, ['speed']],
    ['thinking that adapts', { thinking: { type: 'adaptive' } }, {}, []],
  ]
  test.each(cases)('%s', (_, request, expected, dropped) => {
    const { body, dropped: named } = requestToChat({ ...request, messages: [] }, plain)
    expect(body).toEqual({ messages: [], ...expected })
    expect(named).toEqual(dropped)
  })

  const efforts: [number, string][] = [
    [1024, 'low'],
    [4096, 'medium'],
    [16_384, 'high'],
  ]
  test.each(efforts)('a budget of %i is an effort, for models that know efforts', (budget, effort) => {
    const request = { messages: [], thinking: { type: 'enabled', budget_tokens: budget } }
    expect(requestToChat(request, { ...plain, takesEffort: true }).body['reasoning_effort']).toBe(effort)
    expect(requestToChat(request, plain).dropped).toEqual(['thinking'])
  })
})

describe('what nobody has heard of is named', () => {
  const novel = { novel: 1 }
  const cases: [string, JsonObject][] = [
    ['novel', novel],
    ['messages.novel', { messages: [{ role: 'user', content: 'a', ...novel }] }],
    ['messages.text.novel', user({ type: 'text', text: 'a', ...novel })],
    ['messages.image.novel', user({ type: 'image', source: PNG, ...novel })],
    ['messages.document.novel', user({ type: 'document', source: PNG, ...novel })],
    ['messages.search_result.novel', user({ type: 'search_result', content: [], ...novel })],
    ['messages.tool_result.novel', user({ type: 'tool_result', tool_use_id: 'a', ...novel })],
    ['messages.tool_use.novel', assistant({ type: 'tool_use', id: 'a', name: 'f', ...novel })],
    ['messages.novel', user({ type: 'novel' })],
    ['messages', { messages: ['novel', { role: 'user', content: 'a' }] }],
    ['messages.content', { messages: [{ role: 'user', content: { type: 'text', text: 'a' } }] }],
    ['messages.tool_result.content', user({ type: 'tool_result', tool_use_id: 'a', content: novel })],
    ['messages.content', { messages: [{ role: 'user', content: ['novel', { type: 'text', text: 'a' }] }] }],
    ['tools.novel', { tools: [{ name: 'f', ...novel }] }],
    ['tools.novel', { tools: [{ type: 'novel', name: 'f' }] }],
    ['tool_choice.novel', { tools: [{ name: 'f' }], tool_choice: { type: 'any', ...novel } }],
    ['tool_choice', { tools: [{ name: 'f' }], tool_choice: { type: 'novel' } }],
    ['tool_choice', { tool_choice: { type: 'any' } }],
    ['metadata.novel', { metadata: novel }],
    ['output_config.novel', { output_config: novel }],
    ['output_config.format', { output_config: { format: { type: 'novel' } } }],
    ['output_config.format.novel', { output_config: { format: { type: 'json_schema', schema: {}, ...novel } } }],
    ['output_format', { output_format: { type: 'novel' } }],
    ['output_config.effort', { output_config: { effort: 'novel' } }],
    ['thinking', { thinking: { type: 'disabled' } }],
    ['thinking', { thinking: { type: 'novel' } }],
    ['thinking.display', { thinking: { type: 'adaptive', display: 'omitted' } }],
  ]
  test.each(cases)('%s, on the way to chat: %j', (name, request) => {
    for (const takesEffort of [false, true])
      expect(requestToChat({ messages: [], ...request }, { ...plain, takesEffort }).dropped).toEqual([name])
  })

  const saying = (message: object) => ({ messages: [{ role: 'assistant', content: 'a', ...message }] })
  const functions = [{ type: 'function', function: { name: 'f' } }]
  const back: [string, JsonObject][] = [
    ['novel', novel],
    ['messages.novel', saying(novel)],
    ['messages.name', saying({ name: 'Ann' })],
    ['messages.reasoning_details', saying({ reasoning_details: [{}] })],
    ['messages.tool_calls.extra_content', saying({ tool_calls: [{ id: 'a', extra_content: {} }] })],
    ['messages.novel', saying({ content: [{ type: 'novel' }] })],
    ['messages', { messages: ['novel'] }],
    ['messages.content', saying({ content: ['novel'] })],
    ['messages.image_url.detail', saying({ content: [{ type: 'image_url', image_url: { url: 'x', detail: 'low' } }] })],
    ['tools.novel', { tools: [{ type: 'function', function: { name: 'f', ...novel } }] }],
    ['tools.novel', { tools: [{ ...functions[0], ...novel }] }],
    ['tool_choice', { tools: functions, tool_choice: { type: 'allowed_tools' } }],
    ['tool_choice', { tool_choice: 'required' }],
    [
      'response_format.json_schema.description',
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, description: 'd' } } },
    ],
  ]
  test.each(back)('%s, on the way from chat: %j', (name, request) => {
    expect(requestFromChat({ messages: [], ...request }, { model: 'm', maxTokens: 1 }).dropped).toEqual([name])
  })

  test('what says nothing is not', () => {
    const request = { ...user({ type: 'text', text: 'a', citations: null }), container: null }
    expect(toChat(request).dropped).toEqual([])
    const result = { messages: [{ role: 'tool', tool_call_id: 'a', name: 'f', content: 'x' }] }
    expect(requestFromChat(result, { model: 'm', maxTokens: 1 }).dropped).toEqual([])
    expect(requestFromChat(saying({ annotations: [], refusal: null }), { model: 'm', maxTokens: 1 }).dropped).toEqual(
      [],
    )
  })
})

test('on the way from chat a refusal is what was said', () => {
  const parts = [{ type: 'refusal', refusal: 'I will not.' }]
  const { body, dropped } = requestFromChat(
    { messages: [{ role: 'assistant', content: parts }] },
    { model: 'm', maxTokens: 1 },
  )
  expect(body['messages']).toEqual([{ role: 'assistant', content: [{ type: 'text', text: 'I will not.' }] }])
  expect(dropped).toEqual([])
})

describe('an effort asked for in chat', () => {
  const ask = (model: string, members: JsonObject) =>
    requestFromChat({ messages: [], ...members }, { model, maxTokens: 1 })

  test.each(['claude-opus-4-6', 'claude-sonnet-4-6-20260217', 'claude-opus-4-10', 'claude-haiku-5', 'claude-opus-10'])(
    'is one to %s, which thinks as much as it finds right',
    (model) => {
      const { body, dropped } = ask(model, { reasoning_effort: 'minimal' })
      expect(body).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'low' } })
      expect(dropped).toEqual([])
    },
  )

  test.each(['claude-3-7-sonnet-20250219', 'claude-opus-4-20250514', 'claude-sonnet-4-5-20250929', 'claude-opus-4-1'])(
    'is named as lost to %s, which would refuse it',
    (model) => {
      const { body, dropped } = ask(model, { reasoning_effort: 'high' })
      expect(body).not.toHaveProperty('thinking')
      expect(body).not.toHaveProperty('output_config')
      expect(dropped).toEqual(['reasoning_effort'])
    },
  )

  test('leaves alone what the client says of thinking itself, and stands beside a schema', () => {
    const format = { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } }
    const thinking = { type: 'disabled' }
    const { body } = ask('claude-opus-4-6', { reasoning_effort: 'high', thinking, response_format: format })
    expect(body).toMatchObject({
      thinking,
      output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'object' } } },
    })
  })
})

describe('a recorded request', () => {
  const requests = exchangesOf('messages').flatMap(({ name, request, status }) =>
    request === null || status >= 400 ? [] : [[name, JSON.parse(request.toString())] as const],
  )
  const everything = ['thinking_blocks', 'cache_control', 'top_k', 'extra_content']

  test.each(requests)('%s asks the same after a way through chat', (_, request) => {
    const there = toChat(request, everything)
    const back = requestFromChat(there.body, { model: 'm', maxTokens: 1 })
    expect(said(back.body)).toEqual(said(request))
    expect(toolNames(back.body)).toEqual(toolNames(request))
    const { max_tokens: limit, temperature, top_p: topP } = request
    expect(back.body).toMatchObject({
      max_tokens: limit,
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
    })
  })

  /** What the system says in between is gathered at the beginning. */
  const isOrdered = ({ messages }: JsonObject): boolean => objectsIn(messages).every(({ role }) => role !== 'system')

  test.each(requests.filter(([, request]) => isOrdered(request)))(
    '%s is the same in chat after a way back and forth',
    (_, request) => {
      const there = toChat(request, everything)
      const again = toChat(requestFromChat(there.body, { model: 'm', maxTokens: 1 }).body, everything)
      expect(again.body).toEqual(there.body)
      expect(again.dropped.filter((name) => !there.dropped.includes(name))).toEqual([])
    },
  )
})

/** All that is said in a conversation, by whom, in order: texts, calls, results, thinking, pictures. */
function said({ system, messages }: JsonObject): readonly string[] {
  const turns = objectsIn(messages).map(
    ({ role, content }) => [role === 'system' ? 'system' : String(role), content] as const,
  )
  return [
    ['system', system] as const,
    ...turns.toSorted((a, b) => Number(b[0] === 'system') - Number(a[0] === 'system')),
  ].flatMap(([role, content]) => wordsOf(content).map((word) => `${role}: ${word}`))
}

function wordsOf(content: unknown): readonly string[] {
  if (typeof content === 'string') return content.split('\n\n').filter((word) => word !== '')
  return objectsIn(content).flatMap((block) => wordsOfBlock(block))
}

function wordsOfBlock(block: JsonObject): readonly string[] {
  const { type, text, source, input, content, title } = block
  if (type === 'text') return wordsOf(text).filter((word) => !word.startsWith('Result of toolu_'))
  if (type === 'thinking') return [`${textOf(block['thinking'])} ${textOf(block['signature'])}`]
  if (type === 'tool_use') return [`${textOf(block['id'])} ${textOf(block['name'])} ${JSON.stringify(input)}`]
  if (type === 'tool_result')
    return [
      textOf(block['tool_use_id']),
      ...wordsOf(content).filter((word) => !/^Error: |^Result of|^The result/.test(word)),
    ]
  if (type === 'document' && isObject(source) && source['type'] === 'text')
    return [...wordsOf(title), ...wordsOf(source['data'])]
  if (type === 'image' || type === 'document')
    return isObject(source) && source['type'] !== 'file' ? [String(source['data'] ?? source['url'])] : []
  return []
}

const toolNames = ({ tools }: JsonObject): readonly unknown[] =>
  objectsIn(tools).flatMap(({ type, name }) => (type === undefined || type === 'custom' ? [name] : []))
