import { spawn } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, describe, expect, test } from 'bun:test'
import { type Certificate, makeCertificate } from '../faults/certificates.ts'
import { type GatewayProcess, startGatewayProcess } from '../faults/gateway-process.ts'
import { inboxOf, readHead, until } from '../support/wire.ts'

const MAIN = resolve(import.meta.dir, '../../src/main.ts')
const authority = makeCertificate({ address: null })
const make = (): Certificate => makeCertificate({ address: '127.0.0.1', issuer: authority })

const folder = mkdtempSync(join(tmpdir(), 'gateway-server-tls-'))
afterAll(() => rmSync(folder, { recursive: true }))

let count = 0
/** Puts both on disk, each in a folder of its own. */
function onDisk({ cert, key }: Certificate): { readonly cert: string; readonly key: string; readonly env: object } {
  const names = { cert: join(folder, `${++count}.crt`), key: join(folder, `${count}.key`) }
  writeFileSync(names.cert, cert)
  writeFileSync(names.key, key)
  return { ...names, env: { SERVER_TLS_CERT_PATH: names.cert, SERVER_TLS_KEY_PATH: names.key } }
}

const start = (env: object): Promise<GatewayProcess> => startGatewayProcess('http://127.0.0.1:1', { ...env })

/** A connection whose handshake is over; rejects when it fails. */
function greet({ url }: GatewayProcess, options: object = {}): Promise<TLSSocket> {
  const { hostname: host, port } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const socket = connect({ host, port: Number(port), ca: authority.cert, ...options }, () => resolve(socket))
  socket.on('error', reject)
  return promise
}

/** Asks for `/health` on a connection. */
async function askHealth(socket: TLSSocket): Promise<string> {
  socket.write('GET /health HTTP/1.1\r\nhost: gateway\r\n\r\n')
  return (await readHead(inboxOf(socket))).firstLine
}

/** The certificate that new connections see. */
async function serialOf(gateway: GatewayProcess): Promise<string> {
  const socket = await greet(gateway)
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

describe('a server with a certificate', () => {
  const versions: [version: string, options: object][] = [
    ['TLSv1.2', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
    ['TLSv1.3', { minVersion: 'TLSv1.3' }],
  ]
  test.each(versions)('speaks %s, and HTTP/1.1 to clients that would rather have another', async (version, options) => {
    await using gateway = await start(onDisk(make()).env)
    expect(gateway.url).toStartWith('https://')
    const socket = await greet(gateway, { ...options, ALPNProtocols: ['h2', 'http/1.1'] })
    expect(socket.getProtocol()).toBe(version)
    expect(socket.alpnProtocol).not.toBe('h2')
    expect(await askHealth(socket)).toBe('HTTP/1.1 200 OK')
    socket.destroy()
  })

  test('refuses what is older, and goes on', async () => {
    await using gateway = await start(onDisk(make()).env)
    const { port } = new URL(gateway.url)
    // A ClientHello of TLS 1.1 with one cipher suite of its time.
    const hello = `010000290302${'11'.repeat(32)}000002c0130100`
    const socket = connectPlain(Number(port), '127.0.0.1')
    let heard = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => (heard = Buffer.concat([heard, bytes])))
    socket.on('error', () => {})
    socket.write(Buffer.from(`160301002d${hello}`, 'hex'))
    await new Promise((resolve) => socket.on('close', resolve))
    // An alert, fatal: protocol_version.
    expect(heard.toString('hex')).toMatch(/^1503..0002(0246|0228|0232)$/)
    expect(await askHealth(await greet(gateway))).toBe('HTTP/1.1 200 OK')
  })

  test('is not troubled by odd names or plain HTTP', async () => {
    await using gateway = await start(onDisk(make()).env)
    for (const servername of ['..', 'a'.repeat(250), 'localhost\0.test', '*'])
      await greet(gateway, { servername, rejectUnauthorized: false }).then(
        (socket) => socket.destroy(),
        () => {},
      )
    const plain = connectPlain(Number(new URL(gateway.url).port), '127.0.0.1')
    plain.on('error', () => {})
    plain.resume().write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n')
    await new Promise((resolve) => plain.on('close', resolve))
    expect(await askHealth(await greet(gateway))).toBe('HTTP/1.1 200 OK')
  })
})

test('a certificate that has run out is warned of, also when it comes later', async () => {
  const old = makeCertificate({ address: '127.0.0.1', days: -1, issuer: authority })
  const files = onDisk(old)
  await using gateway = await start(files.env)
  const warnings = () => gateway.output.split('SERVER_TLS_CERT_PATH: the certificate ended on ').length - 1
  expect(warnings()).toBe(1)
  await expect(greet(gateway)).rejects.toThrow('expired')
  const next = make()
  writeFileSync(files.cert, next.cert)
  writeFileSync(files.key, next.key)
  await until(() => gateway.output.includes('certificate read again'))
  expect(await askHealth(await greet(gateway))).toBe('HTTP/1.1 200 OK')
  expect(warnings()).toBe(1)
  writeFileSync(files.cert, old.cert)
  writeFileSync(files.key, old.key)
  await until(() => warnings() === 2)
})

describe('files that are not fit for use stop the start, and say which', () => {
  const good = onDisk(make())
  const broken = join(folder, 'broken')
  writeFileSync(broken, 'not PEM')
  const empty = join(folder, 'empty')
  writeFileSync(empty, '')
  const own = make()
  const misordered = onDisk({ cert: authority.cert + own.cert, key: own.key })
  const passphrase = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const
  const locked = onDisk({ cert: own.cert, key: createPrivateKey(own.key).export(passphrase) })
  const cases: [behaviour: string, env: Readonly<Record<string, string>>, said: RegExp][] = [
    ['an empty certificate', { SERVER_TLS_CERT_PATH: empty }, /^SERVER_TLS_CERT_PATH: expected a certificate/],
    ['an empty key', { SERVER_TLS_KEY_PATH: empty }, /^SERVER_TLS_KEY_PATH: expected a private key/],
    ['a folder', { SERVER_TLS_CERT_PATH: folder }, /^SERVER_TLS_CERT_PATH: cannot read /],
    [
      'a chain that does not begin with the own certificate',
      { SERVER_TLS_CERT_PATH: misordered.cert, SERVER_TLS_KEY_PATH: misordered.key },
      /^SERVER_TLS_KEY_PATH: this is not the key/,
    ],
    [
      'a key behind a passphrase',
      { SERVER_TLS_CERT_PATH: locked.cert, SERVER_TLS_KEY_PATH: locked.key },
      /^SERVER_TLS_KEY_PATH: expected a private key without a passphrase/,
    ],
    [
      'a certificate that is not there',
      { SERVER_TLS_CERT_PATH: '/nowhere' },
      /^SERVER_TLS_CERT_PATH: cannot read .*\/nowhere/,
    ],
    ['a key that is not there', { SERVER_TLS_KEY_PATH: '/nowhere' }, /^SERVER_TLS_KEY_PATH: cannot read /],
    ['a certificate that is none', { SERVER_TLS_CERT_PATH: broken }, /^SERVER_TLS_CERT_PATH: expected a certificate/],
    ['a key that is none', { SERVER_TLS_KEY_PATH: broken }, /^SERVER_TLS_KEY_PATH: expected a private key/],
    ["another's key", { SERVER_TLS_KEY_PATH: onDisk(make()).key }, /^SERVER_TLS_KEY_PATH: this is not the key/],
    ['a certificate without a key', { SERVER_TLS_KEY_PATH: '' }, /expected both or neither/],
    ['an authority that is not there', { CLIENT_TLS_CA_PATH: '/nowhere' }, /^CLIENT_TLS_CA_PATH: cannot read /],
    ['an authority that is none', { CLIENT_TLS_CA_PATH: broken }, /^CLIENT_TLS_CA_PATH: expected a certificate/],
  ]
  test.concurrent.each(cases)('%s', async (_, env, said) => {
    const child = spawn(process.execPath, ['--no-env-file', MAIN], {
      cwd: folder,
      env: { ENVIRONMENT: 'development', SERVER_PORT: '0', ...good.env, ...env },
    })
    let text = ''
    child.stderr.on('data', (bytes) => (text += String(bytes)))
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect([code, text]).toEqual([1, expect.stringMatching(said)])
    expect(text).not.toContain('    at ')
  })
})

describe('another certificate', () => {
  test('is taken over when the files change, and by SIGHUP; requests under way go on', async () => {
    const files = onDisk(make())
    await using gateway = await start(files.env)
    const before = await serialOf(gateway)
    const running = await greet(gateway)
    running.write('POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{')
    const next = make()
    writeFileSync(files.cert, next.cert)
    writeFileSync(files.key, next.key)
    await until(() => gateway.output.includes('certificate read again (certificate file changed)'))
    const after = await serialOf(gateway)
    expect(after).not.toBe(before)
    running.write('}')
    expect((await readHead(inboxOf(running))).firstLine).toBe('HTTP/1.1 400 Bad Request')

    gateway.signal('SIGHUP')
    await until(() => gateway.output.includes('configuration read again (SIGHUP)'))
    expect(await serialOf(gateway)).toBe(after)
  })

  test('with the key of the one before is refused, until its own key comes', async () => {
    const files = onDisk(make())
    await using gateway = await start(files.env)
    const before = await serialOf(gateway)
    const next = make()
    writeFileSync(files.cert, next.cert)
    await until(() => gateway.output.includes('certificate refused'))
    expect(gateway.output).toContain('this is not the key')
    expect(await serialOf(gateway)).toBe(before)
    writeFileSync(files.key, next.key)
    await until(() => gateway.output.includes('certificate read again'))
    expect(await serialOf(gateway)).not.toBe(before)
  })

  test('is taken over where Kubernetes turns a link, both files at once', async () => {
    const mount = join(folder, 'mount')
    mkdirSync(mount)
    /** A folder for each state; `..data` leads to the newest, and the names lead through it. */
    const publish = (name: string, { cert, key }: Certificate) => {
      mkdirSync(join(mount, name))
      writeFileSync(join(mount, name, 'tls.crt'), cert)
      writeFileSync(join(mount, name, 'tls.key'), key)
      symlinkSync(name, join(mount, '..data_tmp'))
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
    }
    publish('..one', make())
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(mount, name))
    await using gateway = await start({
      SERVER_TLS_CERT_PATH: join(mount, 'tls.crt'),
      SERVER_TLS_KEY_PATH: join(mount, 'tls.key'),
    })
    const before = await serialOf(gateway)
    publish('..two', make())
    await until(() => gateway.output.includes('certificate read again'))
    expect(await serialOf(gateway)).not.toBe(before)
    expect(gateway.output).not.toContain('certificate refused')
  })
})
