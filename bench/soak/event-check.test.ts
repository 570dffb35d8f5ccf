import { describe, expect, test } from 'bun:test'
import { eventCheck, wireOf } from './event-check.ts'
import { type Script, eventAt, eventCount } from './script.ts'

const script: Script = { id: 3, events: 2, gapMs: 0, fault: null }
const events = Array.from({ length: eventCount(script) }, (_, index) => wireOf(eventAt(script, index)))
const error = 'event: error\ndata: {"code":"http_response_timeout"}\n\n'

function check(text: string) {
  const checked = eventCheck(script)
  for (const character of text) checked.push(character)
  const { isComplete, errorCode, problem } = checked
  return { isComplete, errorCode, isWrong: problem !== null }
}

describe('a stream', () => {
  test.each([
    ['that is as it should be is complete', events.join(''), { isComplete: true, errorCode: null, isWrong: false }],
    [
      'with comments between its events is complete',
      events.join(': keep-alive\n: again\n'),
      { isComplete: true, errorCode: null, isWrong: false },
    ],
    [
      'that ends early is not complete',
      events.slice(0, -1).join(''),
      { isComplete: false, errorCode: null, isWrong: false },
    ],
    [
      'that lost an event is wrong',
      events.toSpliced(1, 1).join(''),
      { isComplete: false, errorCode: null, isWrong: true },
    ],
    [
      "with another's event is wrong",
      events.join('').replace('of 3', 'of 4'),
      { isComplete: false, errorCode: null, isWrong: true },
    ],
    [
      'with more behind it is wrong',
      `${events.join('')}data: more\n\n`,
      { isComplete: false, errorCode: null, isWrong: true },
    ],
    [
      'that tells of an error has its code',
      events[0] + error,
      { isComplete: false, errorCode: 'http_response_timeout', isWrong: false },
    ],
    [
      'that goes on after an error is wrong',
      events[0] + error + events[1],
      { isComplete: false, errorCode: 'http_response_timeout', isWrong: true },
    ],
  ])('%s', (_, text, expected) => {
    expect(check(text)).toEqual(expected)
  })
})
