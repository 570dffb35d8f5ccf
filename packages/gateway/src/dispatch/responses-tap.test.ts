import { describe, expect, test } from 'bun:test'
import { createResponsesTap } from './responses-tap.ts'

const after = (events: string) => {
  const { tap } = createResponsesTap(() => {})
  tap.push(new TextEncoder().encode(events))
  return { hasContent: tap.state.hasContent, error: tap.state.error }
}

const fault = { message: 'overloaded' }

describe('an error before anything was said is one that another target can make good', () => {
  test.each([
    ['with a type', { type: 'error', error: fault }],
    ['as chat tells it', { error: fault }],
    ['of a failed response', { type: 'response.failed', response: { error: fault } }],
  ])('%s', (_, data) => {
    expect(after(`data: ${JSON.stringify(data)}\n\n`)).toEqual({ hasContent: false, error: fault })
  })
})

test('what a response says is content', () => {
  expect(after('data: {"type":"response.output_text.delta","delta":"Hi"}\n\n')).toEqual({
    hasContent: true,
    error: null,
  })
})
