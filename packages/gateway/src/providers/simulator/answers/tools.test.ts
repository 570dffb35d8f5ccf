import { describe, expect, test } from 'bun:test'
import { Refusal } from '../refusal.ts'
import { readRequest } from '../request.ts'
import { toolsAnswer } from './tools.ts'

const tool = (name: string, parameters?: object) => ({
  type: 'function',
  function: { name, ...(parameters === undefined ? {} : { parameters }) },
})
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const tools = [tool('get_time'), tool('get_weather', city), tool('send-mail')]
const answer = (text: string, more: object = {}) =>
  toolsAnswer(readRequest({ model: 'tools', messages: [{ role: 'user', content: text }], tools, ...more }))
const called = (text: string, more: object = {}) => answer(text, more).calls.map((call) => call.name)

describe('which tool is called', () => {
  const named = { tool_choice: { type: 'function', function: { name: 'get_weather' } } }
  const cases: [string, string, object, string[]][] = [
    ['the first', 'go on', {}, ['get_time']],
    ['the one spoken of', 'please get weather for Berlin', {}, ['get_weather']],
    ['all that are spoken of', 'Send mail with get_weather', {}, ['get_weather', 'send-mail']],
    ['one of them if not in parallel', 'Send mail with get_weather', { parallel_tool_calls: false }, ['get_weather']],
    ['the one that must be', 'send mail', named, ['get_weather']],
    ['the first where any must be', 'go on', { tool_choice: 'required' }, ['get_time']],
    ['none where none may be', 'get weather', { tool_choice: 'none' }, []],
    ['none where there are none', 'get weather', { tools: [] }, []],
    ['a word that holds a name is no mention', 'forget weatherproof', {}, ['get_time']],
  ]
  test.each(cases)('%s', (_name, text, more, expected) => {
    expect(called(text, more)).toEqual(expected)
  })

  test('calls end with tool_calls and no content, talk with stop', () => {
    expect(answer('go on')).toMatchObject({ content: '', finishReason: 'tool_calls' })
    expect(answer('go on', { tools: [] })).toMatchObject({ content: expect.any(String), finishReason: 'stop' })
  })

  test('a choice that is not among the tools is refused', () => {
    expect(() => answer('go', { tool_choice: { type: 'function', function: { name: 'rm' } } })).toThrow(Refusal)
  })
})

describe('arguments', () => {
  test('fit the schema', () => {
    expect(answer('get weather').calls).toEqual([{ name: 'get_weather', arguments: '{"city":"example city"}' }])
  })
  test('of a tool without parameters are an empty object', () => {
    expect(answer('get time').calls).toEqual([{ name: 'get_time', arguments: '{}' }])
  })
})

describe('results', () => {
  const call = (id: string, name: string) => ({ id, type: 'function', function: { name, arguments: '{}' } })
  const conversation = (...results: readonly (readonly [string, string])[]) => [
    { role: 'user', content: 'get weather and get time' },
    { role: 'assistant', content: null, tool_calls: [call('a', 'get_weather'), call('b', 'get_time')] },
    ...results.map(([id, content]) => ({ role: 'tool', tool_call_id: id, content })),
  ]
  const cases: [string, [string, string][], string][] = [
    ['prose is told as it is', [['a', 'Sunny, 18 °C.']], 'get_weather answered: Sunny, 18 °C.'],
    [
      'an object is told by its members',
      [['a', '{"sky":"clear","degrees":18}']],
      'get_weather answered: sky is clear, degrees is 18.',
    ],
    ['nothing is told as such', [['a', '']], 'get_weather answered: nothing.'],
    ['an unknown call is still told', [['z', 'yes']], 'The tool answered: yes.'],
    [
      'several are told one after the other',
      [
        ['a', 'sunny'],
        ['b', 'noon'],
      ],
      'I have 2 results. get_weather answered: sunny; get_time answered: noon.',
    ],
  ]
  test.each(cases)('%s', (_name, results, expected) => {
    expect(answer('', { messages: conversation(...results) }).content).toBe(expected)
  })

  test('a long one is cut', () => {
    const told = answer('', { messages: conversation(['a', 'x'.repeat(5000)]) }).content ?? ''
    expect(told.length).toBeLessThan(400)
    expect(told).toEndWith('….')
  })

  test('once the user speaks again, a tool is called again', () => {
    const messages = [...conversation(['a', 'sunny']), { role: 'user', content: 'get time' }]
    expect(called('', { messages })).toEqual(['get_time'])
  })
})
