import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { forge, rsaSigner } from '../../src/auth/test/forger.ts'
import { startScriptedProvider as startIssuer } from '../../src/auth/test/scripted-provider.ts'
import { type GatewayProcess, startGatewayProcess } from '../faults/gateway-process.ts'
import { endedEarly } from '../faults/scene.ts'
import { ask, type RawAnswer } from '../support/raw-client.ts'
import {
  chunkedHead,
  json,
  type Script,
  type ScriptedProvider,
  startScriptedProvider,
  stream,
} from '../support/scripted-provider.ts'
import { chunk, until } from '../support/wire.ts'
import { type Collector, startCollector } from '../telemetry/otlp-collector.ts'

/** What must be seen nowhere, each under a name that tells which it was. */
const secrets = {
  bearerKey: 'canary-bearer-key-5d1f',
  headerKey: 'canary-header-key-77a0',
  queryKey: 'canary-query-key-0c3e',
  clientSecret: 'canary-client-secret-b1b2',
  proxyPassword: 'canary-proxy-password-94ee',
  cookie: 'canary-cookie-6f0d',
  callersKey: 'canary-callers-key-e812',
  collectorKey: 'canary-collector-key-3ab6',
}
const PROMPT = 'canary-prompt-2b7c'
const ANSWER = 'canary-answer-a9d4'

const config = (origin: string) =>
  JSON.stringify({
    providers: [
      { id: 'inheader', base_url: origin, key_env: 'INHEADER_KEY', auth: { header: 'x-key' } },
      { id: 'inquery', base_url: origin, key_env: 'INQUERY_KEY', auth: { query: 'key' } },
    ],
  })

const delta = (content: string) => `data: {"choices":[{"delta":{"content":"${content}"}}]}\n\n`

/** What a provider may do with a request; most repeat what they were sent. */
const scripts: Readonly<Record<string, Script>> = {
  answers: json({ choices: [{ message: { role: 'assistant', content: ANSWER } }] }),
  streams: stream([delta(ANSWER), 'data: [DONE]\n\n']),
  'refuses and repeats the prompt': json({ error: { message: `bad prompt: ${PROMPT}`, code: 'bad' } }, 400),
  'calls its errors by the prompt': json(
    { error: { message: 'no', code: `bad: ${PROMPT}`, type: `bad: ${PROMPT}` } },
    400,
  ),
  'calls them so in a stream': stream([`data: {"error":{"message":"no","code":"bad: ${PROMPT}"}}\n\n`]),
  'breaks off so': stream([delta(ANSWER), `data: {"error":{"message":"no","code":"bad: ${PROMPT}"}}\n\n`]),
  'does not know the key': json({ error: { message: 'Incorrect API key provided: canar****' } }, 401, {
    'www-authenticate': `Bearer realm="${secrets.bearerKey}"`,
  }),
  'fails with a page': async (call) => json(`<html>${PROMPT}`, 500)(call),
  // The address it was asked at may hold a key.
  'redirects to where it was asked': (call) =>
    json({}, 302, { location: `http://127.0.0.1:1${call.request.target}` })(call),
  'sends what is no HTTP': async (call) => {
    await call.write(`canary ${PROMPT} ${ANSWER}\r\n\r\n`)
    call.end()
  },
  'breaks off': async (call) => {
    await call.write(chunkedHead())
    await call.write(chunk(delta(ANSWER)))
    call.reset()
  },
  'answers with what is no JSON': async (call) => json(`${ANSWER} {`, 200)(call),
  'closes at once': (call) => call.reset(),
}

let provider: ScriptedProvider
let issuer: ReturnType<typeof startIssuer>
let collector: Collector
let gateway: GatewayProcess
let tokens: readonly string[]
const answers: RawAnswer[] = []

beforeAll(async () => {
  const { jwk, sign } = await rsaSigner({ kid: 'one', use: 'sig', alg: 'RS256' })
  provider = await startScriptedProvider()
  issuer = startIssuer({ keys: [jwk] })
  issuer.metadata['introspection_endpoint'] = `${issuer.issuer}/introspect`
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer.issuer, aud: 'gateway', sub: 'ada', exp: now + 300 }
  const header = { alg: 'RS256', kid: 'one' }
  tokens = [
    await forge(header, claims, sign),
    await forge(header, { ...claims, aud: 'account' }, sign),
    await forge(header, { ...claims, exp: now - 300 }, sign),
    'canary-opaque-token-31f6',
    'canary-token.canary-token.canary-token',
  ]
  collector = await startCollector()
  gateway = await start(provider.origin)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await collector.close()
  await issuer.stop()
  await provider.close()
})

async function start(origin: string, env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  const file = `${import.meta.dir}/.canaries-${process.pid}.yaml`
  await Bun.write(file, config(origin))
  const started = await startGatewayProcess(origin, {
    LOG_LEVEL: 'debug',
    BUN_CONFIG_VERBOSE_FETCH: 'curl',
    GATEWAY_CONFIG_PATH: file,
    OPENAI_API_KEY: secrets.bearerKey,
    INHEADER_KEY: secrets.headerKey,
    INQUERY_KEY: secrets.queryKey,
    HTTPS_PROXY: `http://ada:${secrets.proxyPassword}@127.0.0.1:1`,
    GROQ_API_URL: 'https://203.0.113.7',
    GROQ_API_KEY: secrets.bearerKey,
    ENABLE_AUTH: 'true',
    OIDC_ISSUER_URL: issuer.issuer,
    OIDC_CLIENT_ID: 'gateway',
    OIDC_CLIENT_SECRET: secrets.clientSecret,
    ENABLE_TELEMETRY: 'true',
    TELEMETRY_METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${secrets.collectorKey}`,
    OTEL_METRIC_EXPORT_INTERVAL: '500',
    ...env,
  })
  await Bun.file(file).delete()
  await until(() => started.output.includes('token issuer available'))
  return started
}

const headersOf = (token: string) => ({
  authorization: `Bearer ${token}`,
  cookie: secrets.cookie,
  'x-api-key': secrets.callersKey,
  'openai-beta': 'x',
})

async function send(line: string, token: string, body = ''): Promise<void> {
  const answer = await ask(gateway.url, line, headersOf(token), body).catch(endedEarly)
  if (answer !== null) answers.push(answer)
}

const chatOf = (model: string, isStreaming: boolean) =>
  JSON.stringify({ model, messages: [{ role: 'user', content: PROMPT }], ...(isStreaming ? { stream: true } : {}) })

/** Everything one can ask of the gateway, for everything a provider can do. */
async function everything(): Promise<void> {
  const [good = '', ...bad] = tokens
  for (const script of Object.values(scripts)) {
    provider.play(script)
    for (const id of ['openai', 'inheader', 'inquery', 'groq'])
      for (const isStreaming of [false, true]) {
        await send('POST /v1/chat/completions', good, chatOf(`${id}/x`, isStreaming))
        await send('POST /v1/messages', good, chatOf(`${id}/x`, isStreaming))
        await send(`POST /proxy/${id}/chat/completions?key=${secrets.callersKey}`, good, chatOf('x', isStreaming))
      }
    await send(`GET /proxy/inquery/files?key=${secrets.callersKey}&q=${PROMPT}`, good)
  }
  for (const token of bad) await send('POST /v1/chat/completions', token, chatOf('openai/x', false))
  await send('POST /v1/chat/completions', good, `{"messages":"${PROMPT}"`)
  await send('POST /v1/route/explain', good, chatOf('openai/x', false))
  for (const path of ['/v1/models', '/', '/openapi.json', '/nowhere', '/ready']) await send(`GET ${path}`, good)
}

const found = (text: string, names: Readonly<Record<string, string>>): string[] =>
  Object.entries(names).flatMap(([name, canary]) => (text.includes(canary) ? [name] : []))

describe('after everything that can be asked, at debug level', () => {
  beforeAll(async () => {
    await everything()
    // Lines are gathered before they are written.
    const lines = () => gateway.output.split('"msg":"request"').length - 1
    await until(() => lines() >= answers.length - 2)
  }, 60_000)

  test('something was done', () => {
    expect(answers.length).toBeGreaterThan(200)
    expect(new Set(answers.map(({ status }) => status)).size).toBeGreaterThan(4)
    // That it can be found where it is: the key has gone to the provider, and the answer to the caller.
    expect(JSON.stringify(provider.requests)).toContain(secrets.bearerKey)
    expect(answers.some(({ text }) => text.includes(ANSWER))).toBe(true)
  })

  test('no secret, no prompt and no answer is in the log', () => {
    const whole = Object.fromEntries(tokens.map((token, index) => [`token ${index}`, token]))
    expect(found(gateway.output, { ...secrets, ...whole, PROMPT, ANSWER })).toEqual([])
  })

  test('none is in the metrics, however they are asked for, or in the traces', async () => {
    const [, url = ''] = /metrics at (http[^"]+)/.exec(gateway.output) ?? []
    const scraped = await (await fetch(url)).text()
    expect(scraped).toContain('provider="inquery"')
    await until(() => collector.spans.length > 200 && collector.metricNames.size > 5)
    const whole = Object.fromEntries(tokens.map((token, index) => [`token ${index}`, token]))
    for (const told of [scraped, collector.received()])
      expect(found(told, { ...secrets, ...whole, PROMPT, ANSWER })).toEqual([])
  })

  test('no secret is in any answer, head or body', () => {
    const told = new Set(answers.flatMap(({ headers, text }) => found(JSON.stringify(headers) + text, secrets)))
    expect([...told]).toEqual([])
  })

  test('no secret of the caller has reached a provider', () => {
    const heard = JSON.stringify(provider.requests.map(({ firstLine, headers }) => [firstLine, headers]))
    const { cookie, callersKey, clientSecret, proxyPassword } = secrets
    expect(found(heard, { cookie, callersKey, clientSecret, proxyPassword, token: tokens[0] ?? '' })).toEqual([])
  })
})

describe('a process that dies in the middle of a request tells none of it', () => {
  // Of the two reports that the runtime knows, it sends its own, as an address that it prints as well, and writes Node's to
  // no file.
  test.each([
    ['SIGSEGV', 'http://127.0.0.1:1/'],
    ['SIGUSR2', 'listening on'],
  ] as const)('by %s, though every report is asked for', async (signal, said) => {
    const folder = mkdtempSync(`${tmpdir()}/reports-`)
    await using dying = await start(provider.origin, {
      BUN_CRASH_REPORT_URL: 'http://127.0.0.1:1/',
      NODE_OPTIONS: `--report-on-signal --report-on-fatalerror --report-directory=${folder}`,
    })
    provider.play(async ({ bodyRead }) => bodyRead)
    provider.forget()
    const broken = ask(dying.url, 'POST /v1/chat/completions', headersOf(tokens[0] ?? ''), chatOf('openai/x', false))
    await until(() => provider.requests.at(-1)?.isWhole === true)
    dying.signal(signal)
    expect([await broken.catch(endedEarly), await dying.exited]).toEqual([null, null])
    await until(() => dying.output.includes(said))
    expect(found(dying.output, { ...secrets, PROMPT, token: tokens[0] ?? '' })).toEqual([])
    expect(readdirSync(folder)).toEqual([])
    rmdirSync(folder)
  })
})
