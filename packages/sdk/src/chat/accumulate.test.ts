import { describe, expect, test } from 'bun:test'
import { createAccumulator } from './accumulate.ts'

const deltas = (...each: object[]) => {
  const accumulator = createAccumulator()
  const events = each.flatMap((delta) => accumulator.add({ choices: [{ index: 0, delta: { ...delta } }] }))
  return { events, message: accumulator.body().choices[0]?.message }
}

test('texts are joined', () => {
  const { events, message } = deltas({ role: 'assistant', content: '' }, { content: 'Hel' }, { content: 'lo' })
  expect(events).toEqual([
    { type: 'text', choice: 0, text: 'Hel' },
    { type: 'text', choice: 0, text: 'lo' },
  ])
  expect(message).toEqual({ role: 'assistant', content: 'Hello' })
})

test.each(['reasoning_content', 'reasoning'])('thoughts are read, and kept, under the name %s', (name) => {
  const { events, message } = deltas({ content: null, [name]: '' }, { [name]: 'Hm' }, { [name]: 'm' })
  expect(events).toEqual([
    { type: 'reasoning', choice: 0, text: 'Hm' },
    { type: 'reasoning', choice: 0, text: 'm' },
  ])
  expect(message).toEqual({ role: 'assistant', content: null, [name]: 'Hmm' })
})

describe('what has to come back as it came is kept', () => {
  const signed = (thinking: string) => ({ type: 'thinking', thinking, signature: `signature of ${thinking}` })
  const cases: [string, object[], object][] = [
    [
      'signed thoughts, in their order',
      [
        { reasoning_content: 'Hm' },
        { thinking_blocks: [signed('Hm')] },
        { thinking_blocks: [{ type: 'redacted_thinking', data: 'x' }] },
        { thinking_blocks: [signed('Hm')] },
      ],
      { thinking_blocks: [signed('Hm'), { type: 'redacted_thinking', data: 'x' }, signed('Hm')] },
    ],
    [
      'pictures and citations, which are numbered',
      [
        { images: [{ index: 0, type: 'image_url', image_url: { url: 'data:,a' } }] },
        {
          images: [{ index: 1, type: 'image_url', image_url: { url: 'data:,b' } }],
          citations: [{ index: 0, text: 'a' }],
        },
      ],
      {
        images: [
          { index: 0, type: 'image_url', image_url: { url: 'data:,a' } },
          { index: 1, type: 'image_url', image_url: { url: 'data:,b' } },
        ],
        citations: [{ index: 0, text: 'a' }],
      },
    ],
    [
      'members of one object that come one by one',
      [
        { extra_content: { google: { thought_signature: 'a' } } },
        { extra_content: { google: { thought_signature: 'b', parts: [{ executableCode: {} }] } } },
      ],
      { extra_content: { google: { thought_signature: 'b', parts: [{ executableCode: {} }] } } },
    ],
    [
      'details of one number and kind, of which pieces come',
      [
        {
          reasoning: 'Hm',
          reasoning_details: [{ index: 0, type: 'reasoning.text', text: 'H', format: 'f', id: null }],
        },
        { reasoning_details: [{ index: 0, type: 'reasoning.text', text: 'm', format: 'f', id: 'x' }] },
        { reasoning_details: [{ index: 0, type: 'reasoning.text', signature: 's', text: null }] },
        { reasoning_details: [{ index: 0, type: 'reasoning.encrypted', data: 'd' }] },
      ],
      {
        reasoning_details: [
          { index: 0, type: 'reasoning.text', text: 'Hm', format: 'f', id: 'x', signature: 's' },
          { index: 0, type: 'reasoning.encrypted', data: 'd' },
        ],
      },
    ],
    ['texts under names of their own', [{ tool_plan: 'I ' }, { tool_plan: 'look.' }], { tool_plan: 'I look.' }],
    [
      'nothing of what says nothing',
      [{ audio: null, role: 'assistant', content: '' }],
      { role: 'assistant', content: '' },
    ],
  ]
  test.each(cases)('%s', (_name, pieces, members) => {
    const { message } = deltas(...pieces)
    for (const [name, member] of Object.entries(members)) expect(message?.[name]).toEqual(member)
    expect(message).not.toHaveProperty('audio')
  })

  test('also beside a tool call', () => {
    const extra_content = { google: { thought_signature: 'a' } }
    const called = { name: 'f', arguments: '{' }
    const { message } = deltas(
      { tool_calls: [{ index: 0, id: 'a', type: 'function', function: called, extra_content }] },
      { tool_calls: [{ index: 0, function: { arguments: '}' } }] },
    )
    expect(message?.tool_calls).toEqual([
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content },
    ] as never)
  })
})

test('an answer in parts is read, and kept in parts', () => {
  const thought = (text: string) => ({ type: 'thinking', thinking: [{ type: 'text', text }] })
  const { events, message } = deltas({ content: [thought('H')] }, { content: [thought('m')] }, { content: 'Hello' })
  expect(events).toEqual([
    { type: 'reasoning', choice: 0, text: 'H' },
    { type: 'reasoning', choice: 0, text: 'm' },
    { type: 'text', choice: 0, text: 'Hello' },
  ])
  expect(message).toEqual({ role: 'assistant', content: 'Hello', reasoning_content: 'Hm' })
})

test('a refusal is kept apart from the answer', () => {
  expect(deltas({ refusal: 'I ' }, { refusal: 'won’t.' }).message).toMatchObject({ content: null, refusal: 'I won’t.' })
})

describe('tool calls grow', () => {
  const piece = (index: number | undefined, id: string | undefined, name: string | undefined, text: string) => ({
    tool_calls: [{ index, id, function: { name, arguments: text } }],
  })
  const whole = (id: string, name: string, text: string) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  })

  const cases: [string, object[], object[]][] = [
    [
      'one',
      [piece(0, 'a', 'f', ''), piece(0, undefined, undefined, '{"x"'), piece(0, undefined, undefined, ':1}')],
      [whole('a', 'f', '{"x":1}')],
    ],
    [
      'side by side',
      [
        piece(0, 'a', 'f', '{'),
        piece(1, 'b', 'g', '['),
        piece(0, undefined, undefined, '}'),
        piece(1, undefined, undefined, ']'),
      ],
      [whole('a', 'f', '{}'), whole('b', 'g', '[]')],
    ],
    [
      'without an index',
      [piece(undefined, 'a', 'f', '{}'), piece(undefined, 'b', 'g', '['), piece(undefined, undefined, undefined, ']')],
      [whole('a', 'f', '{}'), whole('b', 'g', '[]')],
    ],
    ['name and id repeated', [piece(0, 'a', 'f', '{'), piece(0, 'a', 'f', '}')], [whole('a', 'f', '{}')]],
    ['counted from 1', [piece(1, 'a', 'f', '{}')], [whole('a', 'f', '{}')]],
  ]
  test.each(cases)('%s', (_name, pieces, calls) => {
    expect(deltas(...pieces).message?.tool_calls).toEqual(calls as never)
  })

  test('and can be read on the way', () => {
    const { events } = deltas(piece(0, 'a', 'f', '{"city":"Ber'), piece(0, undefined, undefined, 'lin"}'))
    expect(events.map((event) => event.type === 'tool_call' && event.partial)).toEqual([
      { city: 'Ber' },
      { city: 'Berlin' },
    ])
  })
})

test('several answers side by side stay apart', () => {
  const accumulator = createAccumulator()
  accumulator.add({ choices: [{ index: 1, delta: { content: 'b' } }] })
  accumulator.add({ choices: [{ index: 0, delta: { content: 'a' } }] })
  expect(accumulator.body().choices.map(({ index, message }) => [index, message.content])).toEqual([
    [0, 'a'],
    [1, 'b'],
  ])
})

test('an answer is whole when each of its choices is', () => {
  const accumulator = createAccumulator()
  expect(accumulator.hasFinished).toBe(false)
  accumulator.add({ choices: [{ index: 0, finish_reason: 'stop' }, { index: 1 }] })
  expect(accumulator.hasFinished).toBe(false)
  accumulator.add({ choices: [{ index: 1, finish_reason: 'stop' }] })
  expect(accumulator.hasFinished).toBe(true)
})

test('usage comes as an event and in the whole', () => {
  const accumulator = createAccumulator()
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
  expect(accumulator.add({ choices: [], usage })).toEqual([{ type: 'usage', usage }])
  expect(accumulator.body().usage).toEqual(usage)
})
