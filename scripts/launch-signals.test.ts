import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FaultProvider, says, startFaultProvider } from '../packages/gateway/test/support/fault-provider.ts'
import { connect, request } from '../packages/gateway/test/support/raw-client.ts'
import { until } from '../packages/gateway/test/support/wire.ts'
import { CHAT_LINE, STREAMED_CHAT } from '../packages/gateway/test/faults/scene.ts'
import { event, framed, STREAM_HEAD } from '../packages/gateway/test/faults/stream.ts'

const ROOT = resolve(import.meta.dir, '..')

/** The two ways to the gateway. npm starts the launcher, the launcher the gateway. */
const COMMANDS = {
  npm: ['npm', 'run', 'serve', '--silent'],
  launcher: ['node', 'scripts/launch.mjs', 'serve'],
} as const

/** Many processes start at once here, and npm takes its time on a machine with other work. */
const LIMIT_MS = 50_000

interface Started extends AsyncDisposable {
  readonly url: string
  /** Of the gateway. */
  readonly pid: number
  readonly top: ChildProcess
  readonly tellAll: (signal: NodeJS.Signals) => void
  /** The exit code of what was started, once nobody it has started is left. */
  readonly ended: Promise<number | null>
  readonly output: () => string
}

let provider: FaultProvider
beforeAll(async () => (provider = await startFaultProvider()))
afterAll(() => provider[Symbol.asyncDispose]())

/** In a process group of its own, as a shell and systemd do it. */
async function start(command: keyof typeof COMMANDS, env: Readonly<Record<string, string>>): Promise<Started> {
  const [program, ...rest] = COMMANDS[command]
  const top = spawn(program, rest, {
    cwd: ROOT,
    detached: true,
    env: {
      ...process.env,
      ENVIRONMENT: 'production',
      LOG_FORMAT: 'json',
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: '0',
      OPENAI_API_URL: provider.origin,
      OPENAI_API_KEY: 'key',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [top.stdout, top.stderr]) stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
  const ended = new Promise<number | null>((done) => top.on('close', (code) => done(code)))
  const line = /listening on (\S+), pid (\d+),/
  await until(() => line.test(text), LIMIT_MS)
  const [, url = '', pid] = line.exec(text) ?? []
  let hasEnded = false
  void ended.then(() => (hasEnded = true))
  const all = -Number(top.pid)
  return {
    url,
    pid: Number(pid),
    top,
    tellAll: (signal) => void process.kill(all, signal),
    ended,
    output: () => text,
    async [Symbol.asyncDispose]() {
      if (!hasEnded) process.kill(all, 'SIGKILL')
      await ended
    },
  }
}

/** Opens a stream that says one word and goes on for ever. */
async function openStream({ url }: Started) {
  provider.play(says(STREAM_HEAD + framed(event('Hi'))))
  const connection = await connect(url)
  await connection.send(request(CHAT_LINE, {}, STREAMED_CHAT))
  await connection.saw('Hi')
  return connection
}

const QUICK = { SERVER_LAME_DUCK: '800ms', SERVER_SHUTDOWN_TIMEOUT: '200ms' } as const

type Path = [what: string, command: keyof typeof COMMANDS, tell: (started: Started) => void, exitCode: number | null]

describe('whoever hears that the gateway is to stop, it takes its time, once', () => {
  const paths: Path[] = [
    ["SIGTERM to npm's process", 'npm', ({ top }) => top.kill('SIGTERM'), 0],
    ["SIGTERM to npm's whole group", 'npm', ({ tellAll }) => tellAll('SIGTERM'), 0],
    ['kill -9 of npm', 'npm', ({ top }) => top.kill('SIGKILL'), null],
    ['SIGHUP to npm, which ends it', 'npm', ({ top }) => top.kill('SIGHUP'), null],
    ["SIGTERM to the launcher's process", 'launcher', ({ top }) => top.kill('SIGTERM'), 0],
    ["SIGTERM to the launcher's whole group", 'launcher', ({ tellAll }) => tellAll('SIGTERM'), 0],
    ['kill -9 of the launcher', 'launcher', ({ top }) => top.kill('SIGKILL'), null],
    ['SIGTERM to the gateway itself', 'launcher', ({ pid }) => process.kill(pid, 'SIGTERM'), 0],
  ]

  test.concurrent.each(paths)('%s', async (_, command, tell, exitCode) => {
    await using started = await start(command, QUICK)
    const connection = await openStream(started)
    tell(started)
    expect((await connection.answer()).text).toContain('"code":"server_shutdown"')
    expect(await started.ended).toBe(exitCode)
    expect(started.output().match(/serving on for 0.8 s/g)).toHaveLength(1)
    expect(started.output()).not.toContain('again: stopping')
  })
})

test.concurrent('Ctrl-C, which a terminal sends to all, stops in good order, and the second time at once', async () => {
  await using started = await start('npm', { SERVER_SHUTDOWN_TIMEOUT: '60s' })
  await openStream(started)
  started.tellAll('SIGINT')
  await until(() => started.output().includes('SIGINT: finishing 1 running requests'), LIMIT_MS)
  started.tellAll('SIGINT')
  expect(await started.ended).toBe(1)
  expect(started.output()).toContain('SIGINT again: stopping at once, 1 running requests are cut')
})

test.concurrent('SIGTERM to npm, and again some seconds later, stops at once', async () => {
  await using started = await start('npm', { SERVER_LAME_DUCK: '60s' })
  await openStream(started)
  const asking = setInterval(() => started.top.kill('SIGTERM'), 100)
  expect(await started.ended).toBe(1)
  clearInterval(asking)
  expect(started.output()).toContain('again: stopping at once, 1 running requests are cut')
})

test.concurrent('SIGHUP to the launcher reaches the gateway, which goes on', async () => {
  await using started = await start('launcher', QUICK)
  started.top.kill('SIGHUP')
  await until(() => started.output().includes('configuration read again (SIGHUP)'), LIMIT_MS)
  expect((await fetch(`${started.url}/health`)).status).toBe(200)
})
