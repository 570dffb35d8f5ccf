/**
 * The real gateway for your own tests: no network, no key, a port of its own each time. On Bun it lives in the test's
 * process; on Node it is a child process, for which the package `bun` has to be installed: `npm install --save-dev bun`.
 */
import { type ScriptLine, writeScript } from './testing/script.ts'
import type { Served, ServeOptions } from './testing/serve.ts'

/** Beside this file, also when both are published. */
const SERVE = './testing/serve.js'

/** What a gateway for tests is made of. Everything may be left out. */
export interface TestGatewayOptions {
  /** Lines for the model `sim/any`, which answers by them. Without them there is the simulator, `simulator/chat` and others. */
  readonly sim?: readonly ScriptLine[]
  /** Settings, as in the environment of a gateway. Nothing else is read. */
  readonly env?: Readonly<Record<string, string>>
  /** The text of a configuration file: aliases, fallbacks. Leave `providers` out when there is a script. */
  readonly config?: string
}

/** A gateway that runs until it is closed. */
export interface TestGateway {
  /** For `new Gateway({ baseURL: url })`. */
  readonly url: string
  readonly close: () => Promise<void>
  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a gateway. Throws Error when it cannot, with what it says. */
export async function startGateway({ sim, env = {}, config = '' }: TestGatewayOptions = {}): Promise<TestGateway> {
  const options: ServeOptions = { env, config, script: sim === undefined ? null : writeScript(sim) }
  const { url, close } = 'Bun' in globalThis ? await openHere(options) : await openElsewhere(options)
  return { url, close, [Symbol.asyncDispose]: close }
}

async function openHere(options: ServeOptions): Promise<Served> {
  const { serve } = await import('./testing/serve.ts')
  return serve(options)
}

/** A child process: it ends when its standard input does, so that none outlives a test that was killed. */
async function openElsewhere(options: ServeOptions): Promise<Served> {
  const [{ spawn }, { createRequire }, { dirname, join }, { fileURLToPath }] = await Promise.all([
    import('node:child_process'),
    import('node:module'),
    import('node:path'),
    import('node:url'),
  ])
  const bun = join(dirname(findBun(createRequire(import.meta.url))), 'bin', 'bun.exe')
  const program = fileURLToPath(new URL(SERVE, import.meta.url))
  const child = spawn(bun, [program, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'pipe'] })
  const left = new Promise<void>((resolve) => child.on('close', () => resolve()))
  let complaints = ''
  child.stderr.on('data', (text: Buffer) => (complaints += text.toString()))
  const url = await new Promise<string>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => reject(new Error(`The gateway did not start. ${complaints}`)))
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()))
  })
  const close = () => {
    child.stdin.end()
    return left
  }
  return { url, close }
}

/** The manifest of the package that has Bun for this machine. */
function findBun({ resolve }: Pick<NodeJS.Require, 'resolve'>): string {
  try {
    return resolve('bun/package.json')
  } catch (cause) {
    throw new Error('The gateway for tests runs on Bun: npm install --save-dev bun', { cause })
  }
}

export type { ScriptLine } from './testing/script.ts'
