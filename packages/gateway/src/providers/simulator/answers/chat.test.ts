import { describe, expect, test } from 'bun:test'
import { readRequest } from '../request.ts'
import { chatAnswer, keyWords, talk } from './chat.ts'

const reply = (...said: readonly string[]) =>
  talk(readRequest({ model: 'chat', messages: said.map((content) => ({ role: 'user', content })) }))

describe('chat', () => {
  const cases: [string, string[], RegExp][] = [
    ['greets', ['Hello!'], /^Hello!/],
    ['greets in other languages', ['moin'], /^Hello!/],
    ['greets by name', ['call me Ada', 'hi there'], /^Hello, Ada!/],
    ['takes a greeting with a question for a question', ['Hello, what is 1+1?'], /^(?!Hello)/],
    ['says what it is', ['Who are you?'], /simulator.*not a language model/],
    ['does not pretend to be a model', ['are you a real AI?'], /not a language model/],
    ['solves sums', ['What is 2+3*4?'], /^2\+3\*4 is 14\.$/],
    ['is glad about a name', ['My name is Ada.'], /Nice to meet you, Ada!/],
    ['remembers a name', ['My name is Zoë.', 'hello', 'what is my name?'], /Your name is Zoë/],
    ['remembers the latest name', ['My name is Ada', 'call me Bob', 'Who am I?'], /Bob/],
    ['owns up to not knowing a name', ['Do you know my name?'], /not told me/],
    ['repeats what it is told to say', ['Say "this is a test".'], /^this is a test$/],
    ['repeats exactly', ['Reply with exactly: OK'], /^OK$/],
    ['tells how to connect a provider', ['Which models are there?'], /OPENAI_API_KEY.*\/v1\/models/],
    ['counts', ['Count from 3 to 6'], /^3, 4, 5, 6\.$/],
    ['does not count backwards', ['count from 6 to 3'], /^(?!6)/],
    ['talks about what was asked', ['What is the capital of France?'], /“capital” and “France”/],
    ['answers to nothing at all', [''], /listening/],
    ['answers to what has no words', ['???'], /no rule/],
  ]
  test.each(cases)('%s', (_name, said, expected) => {
    expect(reply(...said)).toMatch(expected)
  })

  test('takes a name from the user alone', () => {
    const messages = [
      { role: 'assistant', content: 'my name is Eve' },
      { role: 'user', content: 'what is my name' },
    ]
    expect(talk(readRequest({ model: 'chat', messages }))).toMatch(/not told me/)
  })

  test('tells who calls tools when it is given some', () => {
    const messages = [{ role: 'user', content: 'Hello!' }]
    const tools = [{ type: 'function', function: { name: 'f' } }]
    expect(chatAnswer(readRequest({ model: 'chat', messages, tools })).content).toMatch(/^Hello!.*simulator\/tools/)
    expect(chatAnswer(readRequest({ model: 'chat', messages, tools: [] })).content).not.toContain('simulator/tools')
  })

  test('is as quick with a very long text', () => {
    const started = performance.now()
    for (const text of ['a ', 'hello ', '1+', 'count ', 'my name is ', '"', 'say ']) reply(text.repeat(200_000))
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

test('keyWords are the longest that are rare, in their order', () => {
  expect(keyWords('Please tell me how photosynthesis feeds a small garden in spring')).toEqual([
    'photosynthesis',
    'garden',
    'spring',
  ])
})
