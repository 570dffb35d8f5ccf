import { expect, test } from 'bun:test'
import { anonymous } from '../kernel/caller.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import { limit } from './limit.ts'

const exchange: Exchange = {
  id: 'x',
  route: '/v1/chat/completions',
  method: 'POST',
  path: '/v1/chat/completions',
  search: '',
  query: () => null,
  headers: new Headers(),
  body: { bytes: async () => new Uint8Array(0), stream: () => null },
  caller: anonymous,
  signal: new AbortController().signal,
  trace: null,
  done: () => {},
  tell: () => {},
}

const refusal = (answer: Promise<unknown>) =>
  answer.then(
    () => null,
    (error: unknown) => (error instanceof GatewayError ? error.code : error),
  )

test('one more than the limit is refused at once, and again there is room when an answer is through', async () => {
  const first = Promise.withResolvers<Response>()
  const answers = [first.promise, Promise.resolve(new Response('second'))]
  const handler = limit(1)(() => answers.shift() ?? new Response('third'))
  const running = Promise.resolve(handler(exchange))
  expect(await refusal(Promise.resolve(handler(exchange)))).toBe('overloaded')
  first.resolve(new Response('first'))
  expect(await (await running).text()).toBe('first')
  expect(await (await handler(exchange)).text()).toBe('second')
})

test('a stream holds its place until it is closed, not until its headers are sent', async () => {
  const tells: Exchange['tell'][] = []
  const streaming: Handler = (inner) => {
    tells.push((event) => inner.tell(event))
    inner.tell({ type: 'stream.opened' })
    return new Response('…')
  }
  const handler = limit(1)(streaming)
  await handler(exchange)
  expect(await refusal(Promise.resolve(handler(exchange)))).toBe('overloaded')
  tells[0]?.({ type: 'stream.closed', outcome: 'complete', code: null, bytes: 0, tokens: null })
  expect((await handler(exchange)).status).toBe(200)
})

test('a failed exchange gives its place back', async () => {
  const handler = limit(1)(() => Promise.reject(new Error('no')))
  await refusal(Promise.resolve(handler(exchange)))
  expect(await refusal(Promise.resolve(handler(exchange)))).not.toBe('overloaded')
})

test('0 is no limit', async () => {
  const handler = limit(0)(() => new Response('ok'))
  const answers = await Promise.all(Array.from({ length: 50 }, () => handler(exchange)))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
})
