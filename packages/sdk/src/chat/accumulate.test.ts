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

test.each(['reasoning_content', 'reasoning'])('thoughts are read under the name %s', (name) => {
  const { events, message } = deltas({ [name]: 'Hm' }, { [name]: 'm' })
  expect(events).toEqual([
    { type: 'reasoning', choice: 0, text: 'Hm' },
    { type: 'reasoning', choice: 0, text: 'm' },
  ])
  expect(message?.reasoning_content).toBe('Hmm')
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
