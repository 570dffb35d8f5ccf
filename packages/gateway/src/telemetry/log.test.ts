import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../kernel/errors.ts'
import type { ExchangeSummary, GatewayEvent } from '../kernel/events.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import { summaryOf } from '../../test/support/summary.ts'
import { until } from '../../test/support/wire.ts'
import { createLog, type LogOptions } from './log.ts'

/** What the log writes about these events. */
function written(events: readonly GatewayEvent[], options: Partial<LogOptions> = {}): string {
  let text = ''
  const log = createLog({
    name: 'gateway',
    level: 'info',
    format: 'json',
    write: (lines) => (text += lines),
    ...options,
  })
  for (const event of events) log.listen(event)
  log.flush()
  return text
}

const finished = (changes: Partial<ExchangeSummary>): GatewayEvent => ({
  type: 'exchange.finished',
  summary: summaryOf(changes),
})

const PROXY = '/proxy/{provider}/{path}'

test('lines wait for a reader that is slow, beyond a limit they are counted, and then they go on', async () => {
  let text = ''
  let isFull = true
  const log = createLog({
    name: 'gateway',
    level: 'info',
    format: 'json',
    write: (lines) => (text += lines),
    isFull: () => isFull,
  })
  for (let index = 0; index < 20_005; index++) log.listen(finished({ id: `id-${index}` }))
  await new Promise((resolve) => setTimeout(resolve, 120)) // two turns of the log's own timer
  expect(text).toBe('')
  expect(log.dropped()).toBe(5)
  isFull = false
  await until(() => text !== '')
  expect(text.split('\n').length - 1).toBe(20_001) // the last says how many there were more
  expect(text).toContain('"lines":5')
})

const attempted = { provider: 'groq', model: 'x', status: 200, code: null, spanId: null, startMs: 0, durationMs: 1 }

test('a request that was tried again says of every try what became of it', () => {
  const lineFor = (tries: ExchangeSummary['tries'], format: LogOptions['format']) =>
    written([finished({ provider: 'groq', model: 'x', tries })], { format })
  const tries = [
    { ...attempted, provider: 'a', status: 503 },
    { ...attempted, provider: 'b', status: null, code: 'connection_failed' },
    { ...attempted, provider: 'c', model: null, code: 'http_response_incomplete' },
    attempted,
  ]
  const said = 'a/x 503, b/x connection_failed, c 200 http_response_incomplete, groq/x 200'
  expect(lineFor(tries, 'pretty')).toEndWith(`groq/x · 12 ms · ${said}\n`)
  expect(JSON.parse(lineFor(tries, 'json'))).toMatchObject({ attempts: 4, tries: said })
  expect(lineFor([attempted], 'pretty')).toEndWith('groq/x · 12 ms\n')
  expect(JSON.parse(lineFor([attempted], 'json'))).not.toHaveProperty('tries')
})

describe('the name that was asked for', () => {
  const lineFor = (requested: string | null, format: LogOptions['format']) =>
    written([finished({ provider: 'groq', model: 'x', requested })], { format })

  test.each([
    ['is an alias', 'fast', 'fast → groq/x · 12 ms'],
    ['is a chain', 'groq/y, groq/x', 'groq/y, groq/x → groq/x · 12 ms'],
    ["is the model's", 'x', 'completions groq/x · 12 ms'],
    ["is the model's and its provider's", 'groq/x', 'completions groq/x · 12 ms'],
    ['is none', null, 'completions groq/x · 12 ms'],
  ])('%s', (_, requested, line) => {
    expect(lineFor(requested, 'pretty')).toContain(line)
    expect(JSON.parse(lineFor(requested, 'json')).requested).toBe(requested ?? undefined)
  })

  test('is told up to a limit', () => {
    expect(JSON.parse(lineFor('x'.repeat(9000), 'json')).requested).toHaveLength(200)
  })
})

test.each([
  [0.00012, '· $0.00012\n'],
  [0.123456789, '· $0.123\n'],
  [0.00000012, '· $0.00000012\n'],
  [0, '· $0\n'],
  [null, '· 12 ms\n'],
])('for people, what it cost has three figures: %p', (costUsd, end) => {
  expect(written([finished({ costUsd })], { format: 'pretty' })).toEndWith(end)
})

test('an error without words is called by its name', () => {
  class ClosedEarly extends Error {
    override name = 'ClosedEarly'
  }
  const error = new GatewayError('connection_terminated', 'it closed', { cause: new ClosedEarly() })
  expect(JSON.parse(written([finished({ error })])).reason).toBe('it closed <- ClosedEarly')
})

test('an issuer that is back is told', () => {
  expect(written([{ type: 'auth.available', issuer: 'http://id' }], { format: 'pretty' })).toEndWith(
    ' info token issuer available\n',
  )
})

test('an issuer that is away is told with the setting that names it', () => {
  const event = { type: 'auth.unavailable', issuer: 'http://id', reason: 'away', serving: false } as const
  expect(written([event], { format: 'pretty' })).toContain('OIDC_ISSUER_URL')
})

describe('the path of a request', () => {
  const cases: [what: string, changes: Partial<ExchangeSummary>, line: string, path: string | undefined][] = [
    ['is the route', { provider: 'groq', model: 'x' }, '200 POST /v1/chat/completions groq/x · 12 ms', undefined],
    [
      'says more than the route',
      { method: 'GET', route: PROXY, path: '/proxy/openai/files', provider: 'openai' },
      '200 GET /proxy/openai/files openai · 12 ms',
      '/proxy/openai/files',
    ],
    [
      'is none of ours',
      { route: 'unknown', path: '/v2/nope', status: 404, code: 'route_not_found' },
      '404 POST /v2/nope · 12 ms · route_not_found',
      '/v2/nope',
    ],
    [
      'would steer a terminal',
      { route: PROXY, path: '/proxy/a/\u001b[2J\n\ud800é' },
      '200 POST /proxy/a/%1B[2J%0A%EF%BF%BD%C3%A9 · 12 ms',
      '/proxy/a/%1B[2J%0A%EF%BF%BD%C3%A9',
    ],
    [
      'is endless',
      { route: PROXY, path: `/${'x'.repeat(9000)}` },
      `200 POST /${'x'.repeat(199)} · 12 ms`,
      `/${'x'.repeat(199)}`,
    ],
  ]

  test.each(cases)('%s: for people', (_, changes, line) => {
    expect(written([finished(changes)], { format: 'pretty' }).slice(9)).toBe(`${line}\n`)
  })

  test.each(cases)('%s: for machines, beside the route', (_, changes, _line, path) => {
    const { route = '/v1/chat/completions' } = changes
    expect(JSON.parse(written([finished(changes)]))).toMatchObject(path === undefined ? { route } : { route, path })
    expect('path' in JSON.parse(written([finished(changes)]))).toBe(path !== undefined)
  })
})

test('no word of a client or a provider steers the terminal of who reads the log', () => {
  const evil = 'x\n\u001b[2J\u0007\u009b31m\u202e\u2028y'
  const error = new GatewayError('model_not_found', `No model \`${evil}\`.`)
  const event = finished({ error, code: evil, provider: 'openai', model: evil })
  const away: GatewayEvent = { type: 'models.unavailable', provider: evil, error: new Error(evil) }
  const lines = written([event, away], { format: 'pretty' })
  expect(lines.match(/[\p{Cc}\p{Cf}\p{Zl}]/gu)).toEqual(['\n', '\n'])
})

test('what a parser quotes of a body is not told', () => {
  const cause = new SyntaxError('JSON Parse error: Unexpected identifier "a_word_of_the_prompt"')
  const error = new GatewayError('invalid_json', 'Failed to decode request: the body is not valid JSON.', { cause })
  expect(JSON.parse(written([finished({ error })])).reason).toBe(
    'Failed to decode request: the body is not valid JSON. <- SyntaxError',
  )
})

test('a target that rests says why', () => {
  const breaker = { type: 'breaker', provider: 'groq', model: 'x', state: 'open' } as const
  const reasonFor = (error: unknown): unknown => JSON.parse(written([{ ...breaker, error }])).reason
  expect(reasonFor(new GatewayError('connection_refused', 'nothing listens'))).toBe('nothing listens')
  const refused = new ProviderError(
    'groq',
    { status: 503, headers: new Headers() },
    { message: 'words that may repeat the prompt', type: '', code: null, param: null },
    null,
  )
  expect(reasonFor(refused)).toBe('the provider answered 503')
  expect(reasonFor(null)).toBeUndefined()
})

describe('a model list that cannot be read', () => {
  const unavailable: GatewayEvent = { type: 'models.unavailable', provider: 'ollama', error: new Error('away') }
  const lineWith = (assumed: readonly string[]): unknown =>
    JSON.parse(written([unavailable], { assumed: new Set(assumed) }))

  test('is a warning', () => {
    expect(JSON.parse(written([unavailable])).level).toBe('warn')
    expect(lineWith(['llamacpp'])).toMatchObject({ level: 'warn', reason: 'Error: away' })
  })

  test('is none of a provider that nobody has asked for, nor is there anything to check', () => {
    expect(lineWith(['ollama'])).toMatchObject({
      level: 'info',
      reason: 'nothing was set for it: no matter if it is not there',
    })
  })
})

test('a line holds all that is known of a request', () => {
  const line: unknown = JSON.parse(
    written([
      finished({
        provider: 'groq',
        model: 'x',
        tries: [attempted, attempted],
        usage: { input: 10, output: 5, total: 15, cached: 4, reasoning: 2, isEstimated: true },
        costUsd: 0.5,
        upstreamRequestId: 'theirs',
        waitedMs: 3.14,
        upstreamMs: 8.06,
        firstContentMs: 9,
        error: new Error('asked\nhttps://a.test/b?key=c'),
      }),
    ]),
  )
  expect(line).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    service: 'gateway',
    id: 'id',
    method: 'POST',
    route: '/v1/chat/completions',
    status: 200,
    outcome: 'complete',
    provider: 'groq',
    model: 'x',
    ms: 12,
    waited_ms: 3.1,
    upstream_ms: 8.1,
    first_token_ms: 9,
    attempts: 2,
    tries: 'groq/x 200, groq/x 200',
    input_tokens: 10,
    output_tokens: 5,
    cached_tokens: 4,
    reasoning_tokens: 2,
    estimated: true,
    cost_usd: 0.5,
    upstream_request_id: 'theirs',
    reason: 'Error: asked https://a.test/b?…',
    msg: 'request',
  })
})

test.each([
  ['info', 200, 'complete'],
  ['info', 499, 'left'],
  ['warn', 404, 'complete'],
  ['error', 502, 'complete'],
  ['error', 200, 'failed'],
  ['warn', 404, 'failed'],
] as const)('%s is the level of status %d, %s', (level, status, outcome) => {
  expect(JSON.parse(written([finished({ status, outcome })])).level).toBe(level)
})

test('nothing is said of probes, nor of what has only begun', () => {
  const probes = ['/health', '/ready'].map((route) => finished({ route }))
  expect(written([...probes, { type: 'exchange.started' }, { type: 'exchange.streaming' }])).toBe('')
})
