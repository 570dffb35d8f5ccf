import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import * as errors from '../errors.ts'
import { apiError } from './api-error.ts'

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  apiError(new Response(null, { status, headers }), typeof body === 'string' ? body : JSON.stringify(body))

describe('every envelope is read', () => {
  const envelopes: [string, unknown, object][] = [
    [
      'the gateway’s',
      { error: 'No.', code: 'unauthorized', type: 'authentication_error', request_id: 'r1', provider: 'groq' },
      { message: 'No.', code: 'unauthorized', type: 'authentication_error', requestId: 'r1', provider: 'groq' },
    ],
    [
      'OpenAI’s',
      { error: { message: 'No.', type: 't', code: 'c', param: 'model' } },
      { message: 'No.', type: 't', code: 'c', param: 'model' },
    ],
    ['a number for a code', { error: { message: 'No.', code: 7 } }, { message: 'No.', code: '7' }],
    [
      'Anthropic’s',
      { type: 'error', error: { type: 'overloaded_error', message: 'No.' }, request_id: 'r2' },
      { message: 'No.', type: 'overloaded_error', code: 'overloaded_error', requestId: 'r2' },
    ],
    ['Google’s list', [{ error: { message: 'No.', code: 429 } }], { message: 'No.', code: '429' }],
    ['a bare message', { message: 'No.' }, { message: 'No.', code: 'http_418' }],
    ['HTML', '<h1>Bad</h1>', { message: 'The gateway answered 418: <h1>Bad</h1>.', code: 'http_418' }],
    ['nothing', '', { message: 'The gateway answered 418.', code: 'http_418' }],
    ['null', 'null', { message: 'The gateway answered 418: null.' }],
  ]
  test.each(envelopes)('%s', (_name, body, expected) => {
    expect(answer(418, body)).toMatchObject({ status: 418, ...expected })
  })
})

describe('every status has its class', () => {
  const classes: [number, typeof errors.GatewayError][] = [
    [400, errors.BadRequestError],
    [401, errors.AuthenticationError],
    [402, errors.BudgetExceededError],
    [403, errors.PermissionDeniedError],
    [404, errors.NotFoundError],
    [409, errors.ConflictError],
    [418, errors.APIError],
    [422, errors.UnprocessableEntityError],
    [429, errors.RateLimitError],
    [500, errors.ServerError],
    [502, errors.UpstreamError],
    [503, errors.UpstreamError],
    [504, errors.UpstreamError],
    [529, errors.UpstreamError],
  ]
  test.each(classes)('%d', (status, Class) => {
    const error = answer(status, {})
    expect(error.constructor).toBe(Class)
    expect(error.name).toBe(Class.name)
    expect(error).toBeInstanceOf(errors.GatewayError)
    expect(errors.GatewayError.is(error)).toBe(true)
  })
})

test('a model nobody serves comes with those that are close', () => {
  const error = answer(400, { error: 'x', code: 'unknown_model', suggestions: ['openai/gpt-4o', 7] })
  expect(error).toBeInstanceOf(errors.ModelNotFoundError)
  expect(error).toMatchObject({ status: 400, suggestions: ['openai/gpt-4o'] })
})

test('a rate limit says how long to wait', () => {
  expect(answer(429, {}, { 'retry-after': '2' })).toMatchObject({ retryAfterMs: 2000, retryable: true })
})

test('the headers tell who was asked, how often, and whether to try again', () => {
  const error = answer(
    503,
    { error: 'x', provider: 'b' },
    {
      'x-gateway-provider': 'a',
      'x-gateway-model': 'm',
      'x-request-id': 'r',
      'x-should-retry': 'false',
      'x-gateway-attempts': 'openai;status=503;dur=12.5, groq;status=connection_refused;dur=1.0',
    },
  )
  expect(error).toMatchObject({ provider: 'a', model: 'm', requestId: 'r', retryable: false })
  expect(error.attempts).toEqual([
    { provider: 'openai', status: 503, code: undefined, durationMs: 12.5 },
    { provider: 'groq', status: undefined, code: 'connection_refused', durationMs: 1 },
  ])
})

test('an error that is printed shows what is known, and no more', () => {
  const error = answer(429, { error: 'No.', code: 'rate_limited' }, { 'x-request-id': 'r1' })
  const text = inspect(error)
  expect(text).toMatch(/^RateLimitError: No\./)
  expect(text).toContain('rate_limited')
  expect(text).not.toMatch(/undefined|Headers/)
  expect(error.headers?.get('x-request-id')).toBe('r1')
  expect(error instanceof errors.RateLimitError && error.retryAfterMs).toBeUndefined()
})

test('an error is JSON with its message', () => {
  const error = new errors.StreamError('It broke.', { code: 'cut', cause: new Error('x') }, { id: 'a' })
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'StreamError',
    message: 'It broke.',
    code: 'cut',
    retryable: false,
    attempts: [],
    partial: { id: 'a' },
  })
})

test('an error of another copy of the package is known, other errors are not', () => {
  const brand = Symbol.for('@inference-gateway/sdk/error')
  expect(errors.GatewayError.is(Object.assign(new Error('x'), { [brand]: true }))).toBe(true)
  expect([new Error('x'), null, undefined, 'x', {}].map((error) => errors.GatewayError.is(error))).not.toContain(true)
})
