import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { keyOf } from '../support/gateway.ts'

export const MAIN = resolve(import.meta.dir, '../../src/main.ts')

/** The gateway as operators run it: a process of its own. */
export interface GatewayProcess {
  readonly url: string
  readonly pid: number
  /** What it has written so far, errors included. */
  readonly output: string
  /** Settles with its exit code; `null` when a signal ended it. */
  readonly exited: Promise<number | null>
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGKILL' | 'SIGHUP' | 'SIGSEGV' | 'SIGUSR2'): void
  /** Stops reading its standard output, as a log collector that dies does. */
  closeOutput(): void
  /** Leaves it unread, as a log collector that hangs does. */
  pauseOutput(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts `main.ts` on a free port, with the provider `openai` at this origin. */
export async function startGatewayProcess(
  origin: string,
  env: Readonly<Record<string, string>> = {},
  [program, ...args]: readonly [string, ...string[]] = [process.execPath, '--no-env-file', MAIN],
): Promise<GatewayProcess> {
  const child = spawn(program, args, {
    cwd: tmpdir(), // a `.env` beside the checkout is not for tests
    env: {
      ENVIRONMENT: 'development',
      LOG_FORMAT: 'json',
      SIMULATOR_ENABLED: 'false',
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: '0',
      OPENAI_API_URL: origin,
      OPENAI_API_KEY: keyOf('openai'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  const output = listenTo(child)
  const url = await Promise.race([
    output.found(/listening on (https?:[^\s,"]+)/),
    exited.then((code) => Promise.reject(new Error(`exited with ${code}: ${output.text()}`))),
  ])
  return {
    url,
    pid: child.pid ?? 0,
    get output() {
      return output.text()
    },
    exited,
    signal: (name) => void child.kill(name),
    closeOutput: () => void child.stdout?.destroy(),
    pauseOutput: () => void child.stdout?.pause(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function listenTo({ stdout, stderr }: ChildProcess) {
  let text = ''
  let wake = Promise.withResolvers<void>()
  for (const stream of [stdout, stderr])
    stream?.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      wake.resolve()
      wake = Promise.withResolvers()
    })
  return {
    text: () => text,
    /** Settles with the first group of the pattern once it has been written. */
    async found(pattern: RegExp): Promise<string> {
      for (;;) {
        const match = pattern.exec(text)?.[1]
        if (match !== undefined) return match
        await wake.promise
      }
    },
  }
}
