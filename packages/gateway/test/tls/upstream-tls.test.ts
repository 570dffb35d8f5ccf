import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'bun:test'
import { makeCertificate } from '../faults/certificates.ts'
import { startGatewayProcess } from '../faults/gateway-process.ts'
import { CHAT, CHAT_LINE, codeOf, COMPLETION, SHORT_LIMITS } from '../faults/scene.ts'
import { answersAll, sized, startFaultProvider } from '../support/fault-provider.ts'
import { keyOf, startGateway } from '../support/gateway.ts'
import { ask } from '../support/raw-client.ts'
import { until } from '../support/wire.ts'

const authority = makeCertificate({ address: null })
const other = makeCertificate({ address: '127.0.0.9' })
const certificate = makeCertificate({ address: '127.0.0.1', issuer: authority })

const folder = mkdtempSync(join(tmpdir(), 'gateway-authorities-'))
afterAll(() => rmSync(folder, { recursive: true }))

const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('CLIENT_TLS_CA_PATH', () => {
  test('is trusted: one authority of several, with words between them', async () => {
    await using provider = await startFaultProvider({ tls: certificate })
    provider.play(answersAll(sized(COMPLETION)))
    const path = fileOf('both.pem', `# ours\n${other.cert}\n# theirs\n${authority.cert}`)
    await using gateway = await startGatewayProcess(provider.origin, { CLIENT_TLS_CA_PATH: path })
    expect((await ask(gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
  })

  test('without it, nobody is who signs for himself', async () => {
    await using provider = await startFaultProvider({ tls: certificate })
    const path = fileOf('other.pem', other.cert)
    await using gateway = await startGatewayProcess(provider.origin, { CLIENT_TLS_CA_PATH: path })
    const answer = await ask(gateway.url, CHAT_LINE, {}, CHAT)
    expect([answer.status, codeOf(answer)]).toEqual([502, 'tls_certificate_error'])
    expect(answer.text).toContain('CLIENT_TLS_CA_PATH')
    expect(provider.requests).toEqual([])
  })
})

test('NODE_TLS_REJECT_UNAUTHORIZED lets nobody sign for himself: no provider, and no issuer of tokens', async () => {
  await using provider = await startFaultProvider({ tls: certificate })
  await using issuer = await startFaultProvider({ tls: certificate })
  await using gateway = await startGatewayProcess(provider.origin, {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    ENABLE_AUTH: 'true',
    OIDC_ISSUER_URL: issuer.origin,
    OIDC_CLIENT_ID: 'gateway',
  })
  await until(() => /token issuer unavailable/.test(gateway.output) && /model list unavailable/.test(gateway.output))
  expect([...provider.requests, ...issuer.requests]).toEqual([])
})

describe('CLIENT_TLS_MIN_VERSION', () => {
  const cases = [
    ['TLS12', 'TLSv1.2', 200],
    ['TLS12', 'TLSv1.3', 200],
    ['TLS13', 'TLSv1.2', 502],
    ['TLS13', 'TLSv1.3', 200],
  ] as const
  test.each(cases)('%s and a provider of %s: %i', async (oldest, spoken, status) => {
    let heard = ''
    const server = createServer({ ...certificate, minVersion: spoken, maxVersion: spoken }, (socket) => {
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        heard += bytes.toString()
        if (heard.endsWith('}')) socket.end(sized(COMPLETION, ['connection: close']))
        else if (heard.startsWith('GET')) socket.end(sized('{"data":[]}', ['connection: close']))
        if (heard.startsWith('GET')) heard = ''
      })
    }).on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const origin = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    await using gateway = await startGateway({
      providers: { openai: origin },
      authorities: [authority.cert],
      env: { ...SHORT_LIMITS, CLIENT_TLS_MIN_VERSION: oldest },
    })
    const answer = await ask(gateway.url, CHAT_LINE, {}, CHAT)
    expect(answer.status).toBe(status)
    expect(heard.includes(keyOf('openai'))).toBe(status === 200)
    server.close()
  })
})

describe('a redirect is followed nowhere, and no key with it', () => {
  test.each([301, 302, 303, 307, 308])('%i', async (status) => {
    await using elsewhere = await startFaultProvider()
    await using provider = await startFaultProvider()
    const location = `${elsewhere.origin}/v1/chat/completions?key=stolen`
    provider.play(answersAll(sized('', [`location: ${location}`], `${status} Moved`)))
    await using gateway = await startGateway({ providers: { openai: provider.origin }, env: SHORT_LIMITS })
    const chat = await ask(gateway.url, CHAT_LINE, {}, CHAT)
    expect([chat.status, codeOf(chat)]).toEqual([502, 'invalid_response'])
    const passed = await ask(gateway.url, 'POST /proxy/openai/chat/completions', {}, CHAT)
    expect([passed.status, passed.header('location')]).toEqual([status, location])
    expect(elsewhere.connections).toBe(0)
  })
})
