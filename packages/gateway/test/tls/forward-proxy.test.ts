import { describe, expect, test } from 'bun:test'
import { makeCertificate } from '../faults/certificates.ts'
import { CHAT, CHAT_LINE, codeOf, COMPLETION, SHORT_LIMITS, STREAMED_CHAT, WAYS } from '../faults/scene.ts'
import { answersAll, type FaultProvider, says, sized, startFaultProvider } from '../support/fault-provider.ts'
import { keyOf, startGateway, type TestGateway } from '../support/gateway.ts'
import { event, framed, STREAM_HEAD } from '../faults/stream.ts'
import { ask, connect, request } from '../support/raw-client.ts'
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts'

// An address that no test machine has: whoever gets there got there through the proxy.
const ELSEWHERE = '203.0.113.7'
const authority = makeCertificate({ address: null })
const certificate = makeCertificate({ address: ELSEWHERE, issuer: authority })
const LARGE = sized(JSON.stringify({ choices: [], padding: 'x'.repeat(5_000_000) }))

async function startProvider(tls?: typeof certificate): Promise<FaultProvider> {
  const provider = await startFaultProvider(tls === undefined ? {} : { tls })
  provider.play(answersAll(sized(COMPLETION)))
  return provider
}

const portOf = ({ origin }: FaultProvider): number => Number(new URL(origin).port)

/** A gateway whose provider `openai` lies elsewhere. */
const startBehind = (
  proxy: ConnectProxy,
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<TestGateway> => {
  const address = `http://ada:open%20sesame@127.0.0.1:${proxy.port}`
  return startGateway({
    providers: { openai: url },
    authorities: [authority.cert],
    env: { ...SHORT_LIMITS, HTTPS_PROXY: address, HTTP_PROXY: address, ...env },
  })
}

const AUTHORIZATION = `Basic ${btoa('ada:open sesame')}`

describe('HTTPS_PROXY', () => {
  test('leads through a tunnel: the proxy sees where to, and no more', async () => {
    await using provider = await startProvider(certificate)
    await using proxy = await startConnectProxy(portOf(provider))
    await using gateway = await startBehind(proxy, `https://${ELSEWHERE}/v1`)
    for (const [, line, body] of WAYS.filter(([way]) => way !== 'streamed'))
      expect((await ask(gateway.url, line, {}, body)).status).toBe(200)
    expect(proxy.heads[0]?.firstLine).toBe(`CONNECT ${ELSEWHERE}:443 HTTP/1.1`)
    expect(proxy.heads[0]?.header('host')).toBe(`${ELSEWHERE}:443`)
    expect(proxy.heads[0]?.header('proxy-authorization')).toBe(AUTHORIZATION)
    const chat = provider.requests.find(({ method }) => method === 'POST')
    expect(chat?.target).toBe('/v1/chat/completions')
    expect(chat?.header('host')).toBe(ELSEWHERE)
    expect(chat?.header('authorization')).toBe(`Bearer ${keyOf('openai')}`)
    expect(chat?.header('proxy-authorization')).toBeUndefined()
    expect(proxy.seen).not.toContain(keyOf('openai'))
    expect(proxy.seen).not.toContain('"Hi"')
  })

  test('keeps a tunnel for the next request', async () => {
    await using provider = await startProvider(certificate)
    await using proxy = await startConnectProxy(portOf(provider))
    await using gateway = await startBehind(proxy, `https://${ELSEWHERE}:8443/v1`)
    for (let count = 0; count < 5; count++) expect((await ask(gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
    // One for the model list, which is read at the same time.
    expect(proxy.heads.length).toBeLessThanOrEqual(2)
    expect(proxy.heads[0]?.firstLine).toBe(`CONNECT ${ELSEWHERE}:8443 HTTP/1.1`)
  })

  test('leaves no tunnel open: not behind a client that left, nor one that nobody uses', async () => {
    await using provider = await startProvider(certificate)
    await using proxy = await startConnectProxy(portOf(provider))
    await using gateway = await startBehind(proxy, `https://${ELSEWHERE}/v1`, { CLIENT_IDLE_CONN_TIMEOUT: '50ms' })
    expect((await ask(gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
    await provider.deserted()
    provider.play(says(STREAM_HEAD + framed(event('Hi'))))
    const client = await connect(gateway.url)
    await client.send(request(CHAT_LINE, {}, STREAMED_CHAT))
    await client.saw('Hi')
    client.cut()
    await provider.deserted()
  })

  test('carries what is large, both ways', async () => {
    await using provider = await startProvider(certificate)
    provider.play(answersAll(LARGE))
    await using proxy = await startConnectProxy(portOf(provider))
    await using gateway = await startBehind(proxy, `https://${ELSEWHERE}/v1`, { CLIENT_RESPONSE_HEADER_TIMEOUT: '5s' })
    const body = CHAT.replace('canary-prompt', 'Hi'.repeat(2_000_000))
    const answer = await ask(gateway.url, CHAT_LINE, {}, body)
    expect([answer.status, answer.isWhole, answer.body.length]).toEqual([200, true, LARGE.length - LARGE.indexOf('{')])
    expect(provider.requests.find(({ method }) => method === 'POST')?.text.length).toBeGreaterThan(4_000_000)
  })

  test("checks the provider's certificate, not the proxy's, and sends no key to another", async () => {
    await using provider = await startProvider(makeCertificate({ address: '127.0.0.1', issuer: authority }))
    await using proxy = await startConnectProxy(portOf(provider))
    await using gateway = await startBehind(proxy, `https://${ELSEWHERE}/v1`)
    for (const [, line, body] of WAYS) {
      const answer = await ask(gateway.url, line, {}, body)
      expect([answer.status, codeOf(answer)]).toEqual([502, 'tls_certificate_error'])
    }
    expect(provider.requests).toEqual([])
  })

  const refusals: [behaviour: string, answer: string][] = [
    ['wants other credentials', 'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'],
    ['forbids it', 'HTTP/1.1 403 Forbidden\r\n\r\n<html>'],
    ['is no proxy', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['speaks for the provider', `HTTP/1.1 200 OK\r\n\r\n${sized(COMPLETION)}`],
    ['says nothing', ''],
  ]
  test.each(refusals)('a proxy that %s', async (_, said) => {
    await using proxy = await startConnectProxy(1, said)
    await using gateway = await startBehind(proxy, `https://${ELSEWHERE}/v1`)
    for (const [, line, body] of WAYS) {
      const answer = await ask(gateway.url, line, {}, body)
      expect([answer.status, codeOf(answer)]).toEqual([502, 'proxy_failed'])
      expect(answer.text).not.toContain('sesame')
    }
    expect(proxy.seen).not.toContain(keyOf('openai'))
  })
})

test('a proxy that never answers CONNECT is waited for no longer than a connection', async () => {
  await using proxy = await startConnectProxy(1, null, { answers: false })
  await using gateway = await startBehind(proxy, `https://${ELSEWHERE}/v1`)
  const answer = await ask(gateway.url, CHAT_LINE, {}, CHAT)
  expect([answer.status, codeOf(answer)]).toEqual([504, 'connection_timeout'])
  expect(proxy.seen).not.toContain(keyOf('openai'))
})

describe('HTTP_PROXY', () => {
  test('is asked for the whole address, and told who asks', async () => {
    await using provider = await startProvider()
    await using proxy = await startConnectProxy(portOf(provider))
    await using gateway = await startBehind(proxy, `http://${ELSEWHERE}:8000/v1`)
    expect((await ask(gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
    const chat = provider.requests.find(({ method }) => method === 'POST')
    expect(chat?.target).toBe(`http://${ELSEWHERE}:8000/v1/chat/completions`)
    expect(chat?.header('host')).toBe(`${ELSEWHERE}:8000`)
    expect(chat?.header('proxy-authorization')).toBe(AUTHORIZATION)
  })
})

describe('what needs no proxy', () => {
  test('is reached directly', async () => {
    await using provider = await startProvider()
    await using proxy = await startConnectProxy(portOf(provider))
    await using gateway = await startBehind(proxy, provider.origin)
    expect((await ask(gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
    expect(proxy.heads).toEqual([])
  })
})

test('a proxy that is not there is named as what is wrong', async () => {
  const proxy = await startConnectProxy(1)
  await proxy[Symbol.asyncDispose]()
  for (const scheme of ['http', 'https']) {
    await using gateway = await startBehind(proxy, `${scheme}://${ELSEWHERE}/v1`)
    const answer = await ask(gateway.url, CHAT_LINE, {}, CHAT)
    expect([answer.status, codeOf(answer)]).toEqual([502, 'proxy_failed'])
    expect(answer.text).toContain('HTTPS_PROXY')
  }
})
