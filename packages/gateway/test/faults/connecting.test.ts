import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect as connectSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { answersAll, type FaultProvider, pause, sized, startFaultProvider } from '../support/fault-provider.ts'
import { keyOf, startGateway } from '../support/gateway.ts'
import { ask } from '../support/raw-client.ts'
import { until } from '../support/wire.ts'
import { makeCertificate } from './certificates.ts'
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts'
import { CHAT, CHAT_LINE, codeOf, COMPLETION, SHORT_LIMITS, STREAMED_CHAT, WAYS } from './scene.ts'

const GOOD = sized(COMPLETION)

describe('an address that cannot be reached', () => {
  test.concurrent('refuses', async () => {
    const provider = await startFaultProvider()
    await provider[Symbol.asyncDispose]()
    await using gateway = await startGateway({ providers: { openai: provider.origin } })
    for (const [, line, body] of WAYS) {
      const answer = await ask(gateway.url, line, {}, body)
      expect([answer.status, codeOf(answer)]).toEqual([502, 'connection_refused'])
    }
  })

  test.concurrent('has a name that does not exist', async () => {
    await using gateway = await startGateway({ providers: { openai: 'http://gateway-test.invalid' } })
    for (const [, line, body] of WAYS) {
      const answer = await ask(gateway.url, line, {}, body)
      expect([answer.status, codeOf(answer)]).toEqual([502, 'dns_error'])
    }
  })
})

/** A port whose queue of connections is full: the system drops every further SYN, as a firewall does. */
async function startBlackHole() {
  const script =
    'require("node:net").createServer().listen(0, "127.0.0.1", 1, function () { console.log(this.address().port) })'
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)))
  child.kill('SIGSTOP')
  const sockets: Socket[] = []
  const connects = async (): Promise<boolean> => {
    const socket = connectSocket(port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    const connected = new Promise<boolean>((resolve) => socket.on('connect', () => resolve(true)))
    return Promise.race([connected, pause(500).then(() => false)])
  }
  // The queue has room until a whole batch is left hanging.
  while ((await Promise.all(Array.from({ length: 100 }, connects))).some(Boolean));
  return {
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      const exited = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGKILL')
      await exited
    },
  }
}

test.concurrent('an address that swallows every packet is given up after CLIENT_TIMEOUT', async () => {
  await using hole = await startBlackHole()
  await using gateway = await startGateway({
    providers: { openai: hole.origin },
    env: { ...SHORT_LIMITS, CLIENT_RESPONSE_HEADER_TIMEOUT: '5s' },
  })
  await Promise.all(
    WAYS.map(async ([, line, body]) => {
      const before = performance.now()
      const answer = await ask(gateway.url, line, {}, body)
      expect([answer.status, codeOf(answer)]).toEqual([504, 'connection_timeout'])
      expect(performance.now() - before).toBeLessThan(4000)
    }),
  )
})

const authority = makeCertificate({ address: null })
const made = {
  good: makeCertificate({ address: '127.0.0.1', issuer: authority }),
  expired: makeCertificate({ address: '127.0.0.1', days: -1, issuer: authority }),
  'made out to another': makeCertificate({ address: '127.0.0.2', issuer: authority }),
  'of its own making': makeCertificate({ address: '127.0.0.1' }),
} as const

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'))
  const file = join(folder, 'authority.pem')
  beforeAll(() => writeFileSync(file, authority.cert))
  afterAll(() => rmSync(folder, { recursive: true }))

  const startTrusting = (origin: string, env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> =>
    startGatewayProcess(origin, {
      ...SHORT_LIMITS,
      CLIENT_RESPONSE_HEADER_TIMEOUT: '3s',
      NODE_EXTRA_CA_CERTS: file,
      ...env,
    })

  const start = async (kind: keyof typeof made): Promise<FaultProvider> => {
    const provider = await startFaultProvider({ tls: made[kind] })
    provider.play(answersAll(GOOD))
    return provider
  }

  test.concurrent('a certificate that is right is trusted', async () => {
    await using provider = await start('good')
    await using gateway = await startTrusting(provider.origin)
    expect((await ask(gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
  })

  test.concurrent.each(['expired', 'made out to another', 'of its own making'] as const)(
    'a certificate that is %s is not, and no key is sent',
    async (kind) => {
      await using provider = await start(kind)
      await using gateway = await startTrusting(provider.origin)
      for (const [, line, body] of WAYS) {
        const answer = await ask(gateway.url, line, {}, body)
        expect([answer.status, codeOf(answer)]).toEqual([502, 'tls_certificate_error'])
      }
      expect(provider.requests).toEqual([])
      expect(gateway.output).not.toContain(keyOf('openai'))
    },
  )

  test.concurrent('the name is checked on each of two names of one address', async () => {
    await using provider = await start('good')
    const byName = provider.origin.replace('127.0.0.1', 'localhost')
    await using gateway = await startTrusting(provider.origin, { GROQ_API_URL: byName, GROQ_API_KEY: keyOf('groq') })
    for (let count = 0; count < 2; count++) {
      expect((await ask(gateway.url, CHAT_LINE, {}, CHAT)).status).toBe(200)
      const answer = await ask(gateway.url, CHAT_LINE, {}, CHAT.replace('openai/', 'groq/'))
      expect([answer.status, codeOf(answer)]).toEqual([502, 'tls_certificate_error'])
    }
    expect(provider.requests.map((request) => request.header('authorization'))).not.toContain(`Bearer ${keyOf('groq')}`)
  })

  const handshakes: [behaviour: string, act: (socket: Socket) => void][] = [
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['the end', (socket) => socket.end()],
    ['plain HTTP', (socket) => socket.end(GOOD)],
    // The alert protocol_version: what a server of TLS 1.1 says to a client that speaks nothing so old.
    ['a refusal of the version', (socket) => socket.end(Buffer.from('15030100020246', 'hex'))],
    // A ServerHello of TLS 1.1.
    [
      'an old version',
      (socket) => socket.write(Buffer.from(`160302002a020000260302${'00'.repeat(33)}c0130000`, 'hex')),
    ],
  ]
  test.concurrent.each(handshakes)('%s in the handshake', async (_, act) => {
    let heard = ''
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        heard += bytes.toString('latin1')
        act(socket)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const origin = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    await using gateway = await startGateway({ providers: { openai: origin } })
    for (const body of [CHAT, STREAMED_CHAT]) {
      const answer = await ask(gateway.url, CHAT_LINE, {}, body)
      expect([answer.status, codeOf(answer)]).toEqual([502, 'tls_protocol_error'])
    }
    await until(() => heard.length > 0)
    expect(heard).not.toContain(keyOf('openai'))
    server.close()
  })
})
