import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createFolder, ending } from './ending.ts'

export interface Gateway {
  /** Its origin. */
  readonly url: string
  readonly stop: () => Promise<void>
}

const MAIN = resolve(import.meta.dir, '../packages/gateway/src/main.ts')

/** Starts the gateway as `npm start` does, on a free port, with the provider in the place of the real ones. */
export async function startGateway(providerUrl: string): Promise<Gateway> {
  const folder = createFolder()
  writeFileSync(join(folder, 'gateway.yaml'), configFor(providerUrl))
  const child = Bun.spawn([process.execPath, '--no-env-file', MAIN, '--dev'], {
    cwd: folder,
    // Nothing of the user's own: a key in the environment would bring a real provider in.
    env: { PATH: process.env['PATH'] ?? '', ...settingsFor(providerUrl) },
    stdout: 'pipe',
    stderr: 'inherit',
    signal: ending,
    killSignal: 'SIGKILL',
  })
  const stop = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  try {
    return { url: await readUrl(child.stdout), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const settingsFor = (providerUrl: string) => ({
  SERVER_PORT: '0',
  SERVER_HOST: '127.0.0.1',
  SIMULATOR_ENABLED: 'true',
  GATEWAY_CONFIG_PATH: 'gateway.yaml',
  LOG_FORMAT: 'json',
  ANTHROPIC_API_KEY: 'key',
  ANTHROPIC_API_URL: `${providerUrl}/anthropic/v1`,
  GROQ_API_KEY: 'key',
  GROQ_API_URL: `${providerUrl}/openai`,
  COHERE_API_KEY: 'key',
  COHERE_API_URL: `${providerUrl}/cohere`,
  OLLAMA_API_URL: `${providerUrl}/ollama`,
})

const configFor = (providerUrl: string) =>
  ['providers:', '  - id: scripted', `    base_url: ${providerUrl}/openai`, '    auth: none', ''].join('\n')

/** The log says where it listens; what it says afterwards is read, so that the pipe does not fill, and dropped. */
async function readUrl(log: ReadableStream<Uint8Array>): Promise<string> {
  const reader = log.getReader()
  const decoder = new TextDecoder()
  let said = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`The gateway did not start: ${said}`)
    said += decoder.decode(value, { stream: true })
    const url = /listening on (http:\/\/[^\s,"]+)/.exec(said)?.[1]
    if (url === undefined) continue
    void drop(reader)
    return url.replace(/\/$/, '')
  }
}

async function drop(reader: { read(): Promise<{ readonly done: boolean }> }): Promise<void> {
  while (!(await reader.read()).done);
}
