import { describe, expect, test } from 'bun:test'
import { requestFromChat } from '../src/providers/dialects/cohere-chat/request-from-chat.ts'
import type { JsonObject } from '../src/providers/dialects/json.ts'

const hello = [{ role: 'user', content: 'Hello' }]

const tool = (name: string, more: JsonObject = {}) => ({
  type: 'function',
  function: { name, parameters: {}, ...more },
})
const bare = (name: string) => ({ type: 'function', function: { name, parameters: {} } })

describe('a parameter on its way to Cohere', () => {
  const own = {
    k: 3,
    documents: [{ data: { text: 'a' } }],
    citation_options: { mode: 'FAST' },
    safety_mode: 'STRICT',
    thinking: { type: 'enabled', token_budget: 100 },
    priority: 1,
    strict_tools: true,
  }
  const schema = { type: 'object', properties: {} }
  const cases: [string, JsonObject, JsonObject, readonly string[]][] = [
    [
      'has its counterpart',
      { max_tokens: 5, top_p: 0.9, top_k: 3, stop: 'a', temperature: 0, seed: 1, logprobs: true },
      { max_tokens: 5, p: 0.9, k: 3, stop_sequences: ['a'], temperature: 0, seed: 1, logprobs: true },
      [],
    ],
    ['is the newer limit of two', { max_completion_tokens: 6, max_tokens: 5 }, { max_tokens: 6 }, []],
    ["passes when it is Cohere's own", own, own, []],
    [
      "wins when it is Cohere's own",
      { top_p: 0.9, p: 0.8, stop: ['a'], stop_sequences: ['b'] },
      { p: 0.8, stop_sequences: ['b'] },
      [],
    ],
    [
      'says nothing when it is null, or what Cohere does anyway',
      { n: 1, parallel_tool_calls: true, stop: null, seed: null },
      {},
      [],
    ],
    [
      'is named when Cohere has none',
      { n: 2, parallel_tool_calls: false, user: 'u', logit_bias: {}, top_logprobs: 2, metadata: {}, whatever: 1 },
      {},
      ['n', 'parallel_tool_calls', 'user', 'logit_bias', 'top_logprobs', 'metadata', 'whatever'],
    ],
    [
      'stream options are the gateway’s own',
      { stream: true, stream_options: { include_usage: true } },
      { stream: true },
      [],
    ],
    ['no effort is no thinking', { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }, []],
    ['high effort is thinking', { reasoning_effort: 'high' }, { thinking: { type: 'enabled' } }, []],
    ['other efforts are named', { reasoning_effort: 'low' }, {}, ['reasoning_effort']],
    [
      'a schema stands alone',
      { response_format: { type: 'json_schema', json_schema: { name: 'a', strict: true, schema } } },
      { response_format: { type: 'json_object', json_schema: schema } },
      [],
    ],
    [
      'a schema has no description of its own',
      { response_format: { type: 'json_schema', json_schema: { name: 'a', description: 'b', schema } } },
      { response_format: { type: 'json_object', json_schema: schema } },
      ['response_format.json_schema.description'],
    ],
    [
      'JSON without a schema is the same',
      { response_format: { type: 'json_object' } },
      { response_format: { type: 'json_object' } },
      [],
    ],
    ['a free choice is none', { tools: [tool('f')], tool_choice: 'auto' }, { tools: [bare('f')] }, []],
    ['no call', { tools: [tool('f')], tool_choice: 'none' }, { tools: [bare('f')], tool_choice: 'NONE' }, []],
    ['some call', { tools: [tool('f')], tool_choice: 'required' }, { tools: [bare('f')], tool_choice: 'REQUIRED' }, []],
    [
      'to have one function called, no other is offered',
      { tools: [tool('f'), tool('g')], tool_choice: { type: 'function', function: { name: 'g' } } },
      { tools: [bare('g')], tool_choice: 'REQUIRED' },
      [],
    ],
    [
      'a function that is not there cannot be called',
      { tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'g' } } },
      { tools: [bare('f')] },
      ['tool_choice'],
    ],
    [
      'a function without parameters gets a schema',
      { tools: [{ type: 'function', function: { name: 'f' } }] },
      { tools: [{ type: 'function', function: { name: 'f', parameters: schema } }] },
      [],
    ],
    ['all are strict', { tools: [tool('f', { strict: true })] }, { tools: [bare('f')], strict_tools: true }, []],
    [
      'some cannot be strict alone',
      { tools: [tool('f', { strict: true }), tool('g')] },
      { tools: [bare('f'), bare('g')] },
      ['tools.strict'],
    ],
    [
      'what is no function is named',
      { tools: [{ type: 'web_search' }, { ...tool('f'), cache_control: {} }] },
      { tools: [bare('f')] },
      ['tools.web_search', 'tools.cache_control'],
    ],
  ]
  test.each(cases)('%s', (_, request, members, dropped) => {
    const told = requestFromChat({ messages: hello, ...request })
    expect(told.body).toEqual({ messages: hello, ...members })
    expect(told.dropped).toEqual(dropped)
  })
})

describe('a message on its way to Cohere', () => {
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '' } }
  const picture = { url: 'data:image/png;base64,AAAA' }
  const citation = { start: 0, end: 1, text: 'a', sources: [] }
  const cases: [string, readonly JsonObject[], readonly JsonObject[], readonly string[]][] = [
    [
      'keeps its place; the developer is the system',
      [...hello, { role: 'developer', content: 'Be brief' }, ...hello],
      [...hello, { role: 'system', content: 'Be brief' }, ...hello],
      [],
    ],
    [
      'has pictures beside its text',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: picture },
          ],
        },
      ],
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: picture },
          ],
        },
      ],
      [],
    ],
    [
      'loses what Cohere cannot read, by name',
      [
        {
          role: 'user',
          name: 'n',
          content: [
            { type: 'text', text: 'a', cache_control: {} },
            { type: 'file', file: {} },
          ],
        },
      ],
      [{ role: 'user', content: [{ type: 'text', text: 'a' }] }],
      ['messages.name', 'messages.text.cache_control', 'messages.file'],
    ],
    [
      'is left out when nothing is left of it',
      [{ role: 'user', content: [{ type: 'input_audio' }] }, ...hello],
      hello,
      ['messages.input_audio'],
    ],
    [
      'has its calls back, with arguments that can be parsed',
      [{ role: 'assistant', content: null, refusal: null, annotations: [], tool_calls: [call] }],
      [{ role: 'assistant', tool_calls: [{ ...call, function: { name: 'f', arguments: '{}' } }] }],
      [],
    ],
    [
      'has its plan back, once',
      [{ role: 'assistant', content: null, reasoning_content: 'a plan', tool_plan: 'a plan', tool_calls: [call] }],
      [{ role: 'assistant', tool_plan: 'a plan', tool_calls: [{ ...call, function: { name: 'f', arguments: '{}' } }] }],
      [],
    ],
    [
      'has its thinking back, under any name',
      [
        { role: 'assistant', content: 'a', reasoning_content: 'hm' },
        { role: 'assistant', content: 'a', reasoning: 'hm' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
            { type: 'text', text: 'a' },
          ],
        },
      ],
      Array.from({ length: 3 }, () => ({
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'a' },
        ],
      })),
      [],
    ],
    [
      'loses the second of two kinds of reasoning',
      [{ role: 'assistant', content: 'a', reasoning_content: 'hm', reasoning: 'oh' }],
      [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm' },
            { type: 'text', text: 'a' },
          ],
        },
      ],
      ['messages.reasoning'],
    ],
    [
      'has its citations back, without the numbers of a stream',
      [{ role: 'assistant', content: 'a', citations: [{ ...citation, index: 0 }] }],
      [{ role: 'assistant', content: 'a', citations: [citation] }],
      [],
    ],
    [
      'has no signatures of others',
      [
        {
          role: 'assistant',
          content: 'a',
          thinking_blocks: [{ type: 'thinking', thinking: 'x', signature: 's' }],
          tool_calls: [{ ...call, extra_content: { google: { thought_signature: 's' } } }],
        },
      ],
      [{ role: 'assistant', content: 'a', tool_calls: [{ ...call, function: { name: 'f', arguments: '{}' } }] }],
      ['messages.thinking_blocks', 'messages.tool_calls.extra_content'],
    ],
    [
      'brings results as text, or as documents of Cohere’s',
      [
        { role: 'tool', tool_call_id: 'c', name: 'f', content: 'done' },
        { role: 'tool', tool_call_id: 'd', content: [{ type: 'document', document: { data: { x: 1 } } }] },
      ],
      [
        { role: 'tool', tool_call_id: 'c', content: 'done' },
        { role: 'tool', tool_call_id: 'd', content: [{ type: 'document', document: { data: { x: 1 } } }] },
      ],
      [],
    ],
    [
      'of a role that Cohere has not is named',
      [{ role: 'function', name: 'f', content: 'a' }],
      [],
      ['messages.function'],
    ],
  ]
  test.each(cases)('%s', (_, messages, expected, dropped) => {
    const told = requestFromChat({ messages })
    expect(told.body).toEqual({ messages: expected })
    expect(told.dropped).toEqual(dropped)
  })
})
