import { describe, expect, test } from 'bun:test'
import { anonymous, type Caller } from '../kernel/caller.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { ExchangeEvent } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { guard, type GuardParts } from './guard.ts'

const ada: Caller = { kind: 'oidc', id: 'ada', scopes: new Set(['models:read']) }
const verifier = {
  verify: async (token: string) => {
    if (token !== 'good') throw new GatewayError('unauthorized', 'unauthorized')
    return ada
  },
}

function exchangeWith(headers: Record<string, string>, told: ExchangeEvent[] = []): Exchange {
  return {
    id: 'id',
    route: '/v1/models',
    method: 'GET',
    path: '/v1/models',
    query: () => null,
    search: '',
    headers: new Headers(headers),
    body: { bytes: () => Promise.reject(new Error('read')), stream: () => null },
    caller: anonymous,
    signal: new AbortController().signal,
    trace: null,
    done: () => {},
    tell: (event) => void told.push(event),
  }
}

/** Who reached the handler, or the code of the error in its stead. */
async function outcome(parts: Partial<GuardParts>, headers: Record<string, string>): Promise<string> {
  const reached: Caller[] = []
  const step = guard({ access: 'caller', verifier, acceptApiKeyHeader: false, ...parts })
  const handler = step(({ caller }) => {
    reached.push(caller)
    return new Response()
  })
  try {
    await handler(exchangeWith(headers))
  } catch (error) {
    expect(reached).toEqual([])
    return error instanceof GatewayError ? error.code : 'broken'
  }
  return reached.map(({ id }) => id).join()
}

const good = { authorization: 'Bearer good' }
const bad = { authorization: 'Bearer bad' }

describe('the guard', () => {
  const cases = [
    ['lets a good token in as its caller', {}, good, 'ada'],
    ['stops a bad token', {}, bad, 'unauthorized'],
    ['stops who shows nothing', {}, {}, 'unauthorized'],
    ['stops two credentials', {}, { authorization: 'Bearer good, Bearer bad' }, 'invalid_request'],
    ['stops an API key where none is taken', {}, { 'x-api-key': 'good' }, 'unauthorized'],
    ['takes an API key where one may be sent', { acceptApiKeyHeader: true }, { 'x-api-key': 'good' }, 'ada'],
    ['asks nobody on a public route', { access: 'public' }, bad, 'anonymous'],
    ['asks nobody while authentication is off', { verifier: null }, bad, 'anonymous'],
  ] as const
  test.each(cases)('%s', async (_, parts, headers, expected) => expect(await outcome(parts, headers)).toBe(expected))

  test('tells who asks, and hands on a new exchange that works like the one it got', async () => {
    const told: ExchangeEvent[] = []
    const exchange = exchangeWith(good, told)
    const handler = guard({ access: 'caller', verifier, acceptApiKeyHeader: false })((next) => {
      expect({ ...next, caller: anonymous }).toEqual(exchange)
      next.tell({ type: 'stream.opened' })
      return new Response('answer')
    })
    expect(await (await handler(exchange)).text()).toBe('answer')
    expect(told).toEqual([{ type: 'caller', caller: ada }, { type: 'stream.opened' }])
    expect(exchange.caller).toBe(anonymous)
  })
})
