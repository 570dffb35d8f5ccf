import { spawn } from 'node:child_process'
import { startGateway } from '../../support/gateway.ts'
import { answer, type ReceivedRequest, startScriptedProvider } from '../../support/scripted-provider.ts'
import { startNginx } from './nginx.ts'

/** A request as an origin has read it; `null`: its body did not come to an end. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly body: string | null
}

/** A server that answers every request with the list of what it has seen since `/probe` was asked for last. */
export interface Origin {
  readonly url: string
  close(): Promise<unknown>
}

const PROBE = /\/probe$/

/** Origins by whose parser they read with. `null`: it is not on this machine. */
export const origins: Readonly<Record<string, (() => Promise<Origin>) | null>> = {
  'Node, node:http': program('node', ['node-http.mjs']),
  'Python, http.server': program('python3', ['-u', 'http-server.py']),
  'Python, h11': hasH11() ? program('python3', ['-u', 'h11-server.py']) : null,
  'Bun, Bun.serve': bunServer,
  'a reader to the letter of RFC 9112': strictReader,
  nginx: startNginx === null ? null : behind(startNginx),
  'another gateway': anotherGateway,
}

function hasH11(): boolean {
  return Bun.which('python3') !== null && Bun.spawnSync(['python3', '-c', 'import h11'], { stderr: 'ignore' }).success
}

/** It says its port on a line of its own. */
function program(name: string, args: readonly string[]): (() => Promise<Origin>) | null {
  const path = Bun.which(name)
  if (path === null) return null
  return async () => {
    const child = spawn(path, [...args], { cwd: import.meta.dir, stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = new Promise((resolve) => child.on('exit', resolve))
    const port = await new Promise<string>((resolve) =>
      child.stdout.once('data', (bytes) => resolve(String(bytes).trim())),
    )
    const close = () => {
      child.kill()
      return exited
    }
    return { url: `http://127.0.0.1:${port}`, close }
  }
}

async function bunServer(): Promise<Origin> {
  let seen: SeenRequest[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { method, url } = request
      const at = seen.push({ method, target: new URL(url).pathname, body: null }) - 1
      seen[at] = { ...seen[at], method, target: new URL(url).pathname, body: latin1(await request.bytes()) }
      const list = Response.json(seen)
      if (PROBE.test(url)) seen = []
      return list
    },
  })
  return { url: server.url.origin, close: () => server.stop(true) }
}

export async function strictReader(): Promise<Origin> {
  const provider = await startScriptedProvider(undefined, { models: null })
  const read = ({ method, target, body, isWhole }: ReceivedRequest): SeenRequest => {
    return { method, target, body: isWhole ? latin1(body) : null }
  }
  provider.play(async (call) => {
    await call.bodyRead
    const list = JSON.stringify(provider.requests.map(read))
    if (PROBE.test(call.request.target)) provider.forget()
    await answer(200, { 'content-type': 'application/json' }, call.request.method === 'HEAD' ? '' : list)(call)
  })
  return { url: provider.origin, close: () => provider.close() }
}

/** What a proxy passes on is what it has read. */
function behind(startProxy: (address: string) => Promise<Origin>): () => Promise<Origin> {
  return async () => {
    const reader = await strictReader()
    const proxy = await startProxy(reader.url)
    return { url: proxy.url, close: () => Promise.all([proxy.close(), reader.close()]) }
  }
}

async function anotherGateway(): Promise<Origin> {
  const behind = await strictReader()
  const gateway = await startGateway({ providers: { openai: behind.url }, env: { APPLICATION_NAME: 'inner' } })
  const close = () => Promise.all([gateway.close(), behind.close()])
  return { url: `${gateway.url}/proxy/openai`, close }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
