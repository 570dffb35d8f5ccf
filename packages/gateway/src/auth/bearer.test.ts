import { afterAll, describe, expect, test } from 'bun:test'
import { GatewayError } from '../kernel/errors.ts'
import { bearerToken } from './bearer.ts'

const CHALLENGE = 'Bearer realm="inference-gateway"'

function outcome(pairs: readonly (readonly [string, string])[], acceptApiKeyHeader = false): unknown {
  const headers = new Headers()
  for (const [name, value] of pairs) headers.append(name, value)
  try {
    return bearerToken(headers, { acceptApiKeyHeader })
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [error.status, error.headers['www-authenticate']]
  }
}

const missing = [401, CHALLENGE]
const ambiguous = [400, `${CHALLENGE}, error="invalid_request"`]

describe('the token of a request', () => {
  const cases = [
    ['no header', [], missing],
    ['Bearer', [['authorization', 'Bearer a.b.c']], 'a.b.c'],
    ['bearer in small letters', [['authorization', 'bearer a.b.c']], 'a.b.c'],
    ['BEARER in capitals', [['authorization', 'BEARER a.b.c']], 'a.b.c'],
    ['several blanks', [['authorization', 'Bearer   a.b.c']], 'a.b.c'],
    ['the scheme alone', [['authorization', 'Bearer']], ''],
    ['the scheme and blanks', [['authorization', 'Bearer   ']], ''],
    ['blanks inside', [['authorization', 'Bearer a b']], 'a b'],
    ['Basic', [['authorization', 'Basic dTpw']], missing],
    ['Digest, which has commas of its own', [['authorization', 'Digest username="u", realm="r"']], missing],
    ['Token', [['authorization', 'Token abc']], missing],
    ['no scheme', [['authorization', 'a.b.c']], missing],
    ['a scheme that only begins like Bearer', [['authorization', 'Bearers a']], missing],
    [
      'two headers',
      [
        ['authorization', 'Bearer a'],
        ['authorization', 'Bearer b'],
      ],
      ambiguous,
    ],
    [
      'two equal headers',
      [
        ['authorization', 'Bearer a'],
        ['authorization', 'Bearer a'],
      ],
      ambiguous,
    ],
    [
      'another scheme first',
      [
        ['authorization', 'Basic a'],
        ['authorization', 'Bearer b'],
      ],
      ambiguous,
    ],
    [
      'another scheme second',
      [
        ['authorization', 'Bearer b'],
        ['authorization', 'Basic a'],
      ],
      ambiguous,
    ],
    [
      'an empty second header',
      [
        ['authorization', 'Bearer b'],
        ['authorization', ''],
      ],
      ambiguous,
    ],
    ['an API key where none is accepted', [['x-api-key', 'a.b.c']], missing],
  ] as const
  test.each(cases)('%s', (_, headers, expected) => expect(outcome(headers)).toEqual(expected))

  const withApiKey = [
    ['an API key', [['x-api-key', 'a.b.c']], 'a.b.c'],
    ['an empty API key', [['x-api-key', '']], missing],
    [
      'two API keys',
      [
        ['x-api-key', 'a'],
        ['x-api-key', 'b'],
      ],
      ambiguous,
    ],
    [
      'the same in both headers',
      [
        ['x-api-key', 'a'],
        ['authorization', 'Bearer a'],
      ],
      'a',
    ],
    [
      'two different credentials',
      [
        ['x-api-key', 'a'],
        ['authorization', 'Bearer b'],
      ],
      ambiguous,
    ],
    [
      'an API key beside another scheme',
      [
        ['x-api-key', 'a'],
        ['authorization', 'Basic b'],
      ],
      'a',
    ],
  ] as const
  test.each(withApiKey)('%s, for an Anthropic-dialect client', (_, headers, expected) =>
    expect(outcome(headers, true)).toEqual(expected),
  )
})

describe('who shows no token', () => {
  const reasonFor = (headers: Readonly<Record<string, string>>): unknown => {
    try {
      return bearerToken(new Headers(headers), { acceptApiKeyHeader: false })
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      expect(error.message).toBe('unauthorized: send a token as `Authorization: Bearer …`')
      return error.cause instanceof Error ? error.cause.message : null
    }
  }
  test.each([
    [{}, 'no bearer token'],
    [{ authorization: 'canary.b.c' }, 'no bearer token, but Authorization does not begin with Bearer'],
    [{ authorization: 'Basic canary' }, 'no bearer token, but Authorization does not begin with Bearer'],
    [{ 'x-api-key': 'canary' }, 'no bearer token, but x-api-key, which this path does not take: send Authorization'],
    [{ 'api-key': 'canary' }, 'no bearer token, but api-key, which this path does not take: send Authorization'],
  ])('is told how to send one, and the log where one came instead: %p', (headers, reason) =>
    expect(reasonFor(headers)).toBe(reason),
  )
})

describe('on the wire', () => {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ headers }) => Response.json(outcome([...headers])),
  })
  afterAll(() => server.stop(true))

  test.each([
    ['good first', 'Authorization: Bearer good\r\nAuthorization: Bearer bad\r\n'],
    ['bad first', 'Authorization: Bearer bad\r\nauthorization: bearer good\r\n'],
    ['the second of another scheme', 'Authorization: Basic bad\r\nAUTHORIZATION: Bearer good\r\n'],
  ])('two Authorization lines are refused, %s', async (_, lines) => {
    expect(await exchange(lines)).toEndWith(JSON.stringify(ambiguous))
  })

  async function exchange(lines: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>()
    const received: string[] = []
    await Bun.connect({
      hostname: '127.0.0.1',
      port: Number(server.port),
      socket: {
        open: (socket) => void socket.write(`GET / HTTP/1.1\r\nHost: gateway\r\n${lines}Connection: close\r\n\r\n`),
        data: (_, bytes) => void received.push(bytes.toString()),
        close: () => resolve(received.join('')),
      },
    })
    return promise
  }
})
