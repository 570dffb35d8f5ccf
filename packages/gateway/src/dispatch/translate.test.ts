import { describe, expect, test } from 'bun:test'
import { type ChatTranslator, chunksOf, createTranslatingTap } from './translate.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Tells every chunk's text as an event, and the end as another. */
const echo: ChatTranslator = {
  chunk: ({ choices }) => (choices ?? []).map((choice) => ({ type: 'said', text: choice.delta?.['content'] })),
  end: () => [{ type: 'over' }],
}
const throwing: ChatTranslator = {
  chunk: () => {
    throw new Error('a secret')
  },
  end: () => [],
}

const tapOf = (translator: ChatTranslator) =>
  createTranslatingTap({
    translator,
    provider: 'some',
    errorEvent: (error) => `event: error\ndata: ${error instanceof Error ? error.name : 'no error'}\n\n`,
  })

const said = (text: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ delta: { content: text }, finish_reason: finish }] })}\n\n`
const heard = (text: string) => `event: said\ndata: ${JSON.stringify({ type: 'said', text })}\n\n`
const OVER = 'event: over\ndata: {"type":"over"}\n\n'

describe('a translating tap', () => {
  const cases: [string, readonly string[], readonly string[], string][] = [
    [
      'gives events out as soon as they are whole',
      [said('a'), said('b').slice(0, 9), said('b').slice(9)],
      [heard('a'), '', heard('b')],
      '',
    ],
    [
      'ends at [DONE], and says nothing after it',
      [`${said('a')}data: [DONE]\n\n`, said('b')],
      [heard('a') + OVER, ''],
      '',
    ],
    ['ends at the end of the stream after a finish reason', [said('a', 'stop')], [heard('a')], OVER],
    ['does not end a stream that has no finish reason', [said('a')], [heard('a')], ''],
    [
      'takes [DONE] without a choice for no answer',
      ['data: {"choices":[]}\n\ndata: [DONE]\n\n'],
      ['event: error\ndata: ProviderError\n\n'],
      '',
    ],
    ['does not take an empty finish reason for one', [said('a', '')], [heard('a')], ''],
    ['takes a last event without its blank line', [said('a', 'stop').trimEnd()], [''], heard('a') + OVER],
    ['skips comments and what is no chunk', [`: hi\n\ndata: nonsense\n\ndata: [1]\n\n${said('a')}`], [heard('a')], ''],
    ['reads an event with blanks before it', [said('a').replace('data: ', 'data:  ')], [heard('a')], ''],
    [
      "tells MiniMax's refusal, and nothing after it",
      [`${said('a')}data: {"base_resp":{"status_code":1004,"status_msg":"no"}}\n\ndata: [DONE]\n\n`],
      [`${heard('a')}event: error\ndata: ProviderError\n\n`],
      '',
    ],
    [
      'tells an error that stands bare where an event would, as Google writes it',
      [`${said('a')}{\n  "error": {\n    "message": "no"\n  }\n}\n\n`],
      [`${heard('a')}event: error\ndata: ProviderError\n\n`],
      '',
    ],
    [
      'tells one at the very end, without a line end',
      [said('a', 'stop'), '{"error":{"message":"no"}}'],
      [heard('a'), ''],
      'event: error\ndata: ProviderError\n\n',
    ],
    [
      'tells an error of the provider, and nothing after it',
      [`data: {"error":{"message":"no"}}\n\n${said('a')}`, `${said('b')}data: [DONE]\n\n`],
      ['event: error\ndata: ProviderError\n\n', ''],
      '',
    ],
  ]
  test.each(cases)('%s', (_, pieces, told, rest) => {
    const tap = tapOf(echo)
    expect(pieces.map((piece) => decode(tap.push(encode(piece))))).toEqual([...told])
    expect(decode(tap.end())).toBe(rest)
  })

  test('turns a defect of its translator into an error event, and keeps its words', () => {
    const tap = tapOf(throwing)
    expect(decode(tap.push(encode(said('a') + said('b'))))).toBe('event: error\ndata: Error\n\n')
    expect(decode(tap.push(encode(said('c'))))).toBe('')
    expect(JSON.stringify(tap.state.error)).not.toContain('secret')
  })

  test('knows what has passed', () => {
    const tap = tapOf(echo)
    tap.push(encode('data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n'))
    expect(tap.state.hasContent).toBe(false)
    tap.push(encode(said('a', 'stop') + 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'))
    expect(tap.state).toMatchObject({ hasContent: true, isFinished: true, isDone: false, error: null })
    expect(tap.state.usage).toMatchObject({ input: 3, output: 2 })
  })
})

test('a whole completion is one chunk, with its calls numbered', () => {
  const message = { role: 'assistant', content: 'a', tool_calls: [{ id: 'x' }, { id: 'y' }] }
  const [chunk] = chunksOf({ id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }], usage: null })
  const calls = [
    { id: 'x', index: 0 },
    { id: 'y', index: 1 },
  ]
  expect(chunk).toEqual({
    id: 'c',
    choices: [{ index: 0, delta: { ...message, tool_calls: calls }, finish_reason: 'stop' }],
    usage: null,
  })
  for (const odd of [null, 1, [], { choices: 'x' }, { choices: [null, 1, {}] }]) expect(chunksOf(odd)).toHaveLength(1)
})
