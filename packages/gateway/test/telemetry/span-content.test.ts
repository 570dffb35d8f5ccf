import { describe, expect, test } from 'bun:test'
import { startGateway } from '../support/gateway.ts'
import { json, type Script, startScriptedProvider, stream } from '../support/scripted-provider.ts'
import { startCollector } from './otlp-collector.ts'

const CAPTURED = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' }

const tool = { name: 'weather', description: 'Tells it', parameters: { type: 'object' } }
const chat = {
  model: 'openai/some',
  messages: [
    { role: 'system', content: 'Be brief' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Rain?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"in":"Oslo"}' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'wet' },
  ],
  tools: [{ type: 'function', function: tool }],
}
const message = {
  model: 'anthropic/some',
  max_tokens: 9,
  system: 'Be brief',
  messages: [
    { role: 'user', content: 'Rain?' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'weather', input: { in: 'Oslo' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'wet' }] },
  ],
  tools: [{ name: 'weather', description: 'Tells it', input_schema: { type: 'object' } }],
}
const response = {
  model: 'openai/some',
  instructions: 'Be brief',
  input: [
    { role: 'user', content: [{ type: 'input_text', text: 'Rain?' }] },
    { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"in":"Oslo"}' },
    { type: 'function_call_output', call_id: 'c1', output: 'wet' },
  ],
  tools: [{ type: 'function', ...tool }],
}

const asked = { role: 'user', parts: [{ type: 'text', content: 'Rain?' }] }
const call = { type: 'tool_call', id: 'c1', name: 'weather', arguments: { in: 'Oslo' } }
const result = { type: 'tool_call_response', id: 'c1', response: 'wet' }
const definitions = [{ type: 'function', ...tool }]
const instructions = [{ type: 'text', content: 'Be brief' }]
const thought = { type: 'reasoning', content: 'Clouds.' }
const said = { type: 'text', content: 'It rains.' }
const next = { type: 'tool_call', id: 'c2', name: 'weather', arguments: { in: 'Rome' } }
const output = (reason: string) => [{ role: 'assistant', parts: [thought, said, next], finish_reason: reason }]

const inChat = {
  'gen_ai.input.messages': [
    { role: 'system', parts: instructions },
    { role: 'user', parts: [...asked.parts, { type: 'blob', modality: 'image' }] },
    { role: 'assistant', parts: [call] },
    { role: 'tool', parts: [result] },
  ],
  'gen_ai.tool.definitions': definitions,
}
const apart = { 'gen_ai.system_instructions': instructions, 'gen_ai.tool.definitions': definitions }
const inMessage = {
  ...apart,
  'gen_ai.input.messages': [asked, { role: 'assistant', parts: [call] }, { role: 'user', parts: [result] }],
}
const inResponse = {
  ...apart,
  'gen_ai.input.messages': [asked, { role: 'assistant', parts: [call] }, { role: 'tool', parts: [result] }],
}

const events = (...all: readonly object[]): Script => stream(all.map((event) => `data: ${JSON.stringify(event)}\n\n`))
const delta = (given: object, reason: string | null = null) => ({
  choices: [{ index: 0, delta: given, finish_reason: reason }],
})
const rome = (index: number, given: string) => ({
  tool_calls: [{ index, id: 'c2', function: { name: 'weather', arguments: given } }],
})
const block = (index: number, given: object) => ({ type: 'content_block_start', index, content_block: given })
const more = (index: number, given: object) => ({ type: 'content_block_delta', index, delta: given })
const blocks = [
  { type: 'thinking', thinking: 'Clouds.' },
  { type: 'text', text: 'It rains.' },
  { type: 'tool_use', id: 'c2', name: 'weather', input: { in: 'Rome' } },
]
const items = [
  { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Clouds.' }] },
  { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'It rains.' }] },
  { type: 'function_call', call_id: 'c2', name: 'weather', arguments: '{"in":"Rome"}' },
]
const completed = { id: 'r1', object: 'response', status: 'completed', output: items }

type Case = readonly [what: string, path: string, request: object, script: Script, spoken: object]
const cases: readonly Case[] = [
  [
    'chat',
    '/v1/chat/completions',
    chat,
    json({
      choices: [
        {
          message: { role: 'assistant', reasoning: 'Clouds.', content: 'It rains.', ...rome(0, '{"in":"Rome"}') },
          finish_reason: 'tool_calls',
        },
      ],
    }),
    { ...inChat, 'gen_ai.output.messages': output('tool_calls') },
  ],
  [
    'streamed chat',
    '/v1/chat/completions',
    { ...chat, stream: true },
    stream([
      ...[
        delta({ role: 'assistant', reasoning: 'Clouds.' }),
        delta({ content: 'It ' }),
        delta({ content: 'rains.' }),
        delta(rome(0, '{"in":')),
        delta({ tool_calls: [{ index: 0, function: { arguments: '"Rome"}' } }] }),
        delta({}, 'tool_calls'),
      ].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`),
      'data: [DONE]\n\n',
    ]),
    { ...inChat, 'gen_ai.output.messages': output('tool_calls') },
  ],
  [
    'messages',
    '/v1/messages',
    message,
    json({ type: 'message', content: blocks, stop_reason: 'tool_use' }),
    { ...inMessage, 'gen_ai.output.messages': output('tool_use') },
  ],
  [
    'streamed messages',
    '/v1/messages',
    { ...message, stream: true },
    events(
      { type: 'message_start', message: { usage: { input_tokens: 1, output_tokens: 1 } } },
      block(0, { type: 'thinking', thinking: '' }),
      more(0, { type: 'thinking_delta', thinking: 'Clouds.' }),
      block(1, { type: 'text', text: '' }),
      more(1, { type: 'text_delta', text: 'It ' }),
      more(1, { type: 'text_delta', text: 'rains.' }),
      block(2, { type: 'tool_use', id: 'c2', name: 'weather', input: {} }),
      more(2, { type: 'input_json_delta', partial_json: '{"in":' }),
      more(2, { type: 'input_json_delta', partial_json: '"Rome"}' }),
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ),
    { ...inMessage, 'gen_ai.output.messages': output('tool_use') },
  ],
  [
    'responses',
    '/v1/responses',
    response,
    json(completed),
    { ...inResponse, 'gen_ai.output.messages': output('completed') },
  ],
  [
    'streamed responses',
    '/v1/responses',
    { ...response, stream: true },
    events(
      { type: 'response.created', response: { id: 'r1', output: [] } },
      { type: 'response.output_text.delta', delta: 'It rains.' },
      { type: 'response.completed', response: completed },
    ),
    { ...inResponse, 'gen_ai.output.messages': output('completed') },
  ],
]

const named = cases.map((each) => [each[0], each] as const)

/** All spans of one exchange. */
async function spansOf([, path, request, script]: Case, env: Readonly<Record<string, string>>) {
  await using provider = await startScriptedProvider(script)
  await using collector = await startCollector()
  const at = `${provider.origin}/v1`
  await using gateway = await startGateway({
    providers: { openai: at, anthropic: at },
    env: { ENABLE_TELEMETRY: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
  })
  const answered = await fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(request) })
  const text = await answered.text()
  await gateway.close()
  const spans = await collector.spansUntil(2)
  return { text, spans, received: collector.received() }
}

describe('spans hold content only for operators who ask for it', () => {
  test.each(named)('%s: without it nothing of what was asked or answered is in any', async (_, each) => {
    const { spans, received } = await spansOf(each, {})
    for (const secret of ['Rain?', 'Be brief', 'Oslo', 'wet', 'It rains', 'Clouds', 'Rome', 'Tells it'])
      expect(received).not.toContain(secret)
    expect(
      spans.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => /messages|instruct|tool/.test(name)),
    ).toEqual([])
  })

  test.each(named)('%s: with it they are as the conventions write them', async (_, each) => {
    const { spans } = await spansOf(each, CAPTURED)
    const written = spans.flatMap(({ attributes }) =>
      Object.entries(attributes).filter(([name]) => /messages|instructions|definitions/.test(name)),
    )
    expect(Object.fromEntries(written.map(([name, value]) => [name, JSON.parse(String(value))]))).toEqual(each[4])
  })

  test('no attribute is longer than 64 KiB: of a long conversation the end is kept', async () => {
    const [what, path, , script] = cases[0] ?? ['', '', {}, json({}), {}]
    const messages = Array.from({ length: 40 }, (_, index) => ({
      role: 'user',
      content: `${index} ${'x'.repeat(10_000)}`,
    }))
    const { spans } = await spansOf([what, path, { ...chat, messages }, script, {}], CAPTURED)
    const text = String(
      spans.find(({ attributes }) => 'gen_ai.input.messages' in attributes)?.attributes['gen_ai.input.messages'],
    )
    expect(text.length).toBeWithin(50_000, 65_537)
    expect(text).toContain('"39 xxx')
    expect(text).not.toContain('"0 xxx')
  })

  test('an answer that failed is told with what was asked', async () => {
    const [what, path, request] = cases[0] ?? ['', '', {}, json({}), {}]
    const { spans } = await spansOf([what, path, request, json({ error: { message: 'no' } }, 400), {}], CAPTURED)
    expect(JSON.stringify(spans)).toContain('Rain?')
  })
})
