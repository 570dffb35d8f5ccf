import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinned } from './cores.ts'
import { processTree } from './process-tree.ts'

const START_LIMIT_MS = 120_000
const POLL_MS = 25

export interface ChildServer {
  readonly port: number
  readonly pid: number
  /** Settles when the process has ended. */
  readonly exited: Promise<number>
}

interface ChildServerOptions {
  readonly name: string
  readonly command: readonly string[]
  readonly port: number
  readonly core: number
  /** Answered with 200 once the server is ready. */
  readonly readyPath: string
  readonly env?: Readonly<Record<string, string>>
  /** Gets `<name>.out` and `<name>.err`: files, because that is where a real server's log goes. */
  readonly folder: string
}

/**
 * Starts a server on loopback and waits until it is ready; it ends with this process. Throws with the last of what it
 * printed when it ends before or takes too long.
 */
export async function startServer(options: ChildServerOptions): Promise<ChildServer> {
  const { name, command, port, core, readyPath, env, folder } = options
  const stdout = join(folder, `${name}.out`)
  const stderr = join(folder, `${name}.err`)
  const child = Bun.spawn(pinned(core, command), {
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: Bun.file(stdout),
    stderr: Bun.file(stderr),
  })
  process.on('exit', () => child.exitCode ?? child.signalCode ?? endTree(child.pid)) // its number may be another's by then

  const giveUpAt = performance.now() + START_LIMIT_MS
  while (!(await answers(port, readyPath))) {
    if (child.exitCode !== null || performance.now() > giveUpAt) {
      const printed = [stdout, stderr].map((file) => readFileSync(file, 'utf8').slice(-2000)).join('')
      throw new Error(`${name} did not start: ${command.join(' ')}\n${printed}`)
    }
    await Bun.sleep(POLL_MS)
  }
  return { port, pid: child.pid, exited: child.exited }
}

/** A port that is free now. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  listener.stop()
  return listener.port
}

async function answers(port: number, path: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      signal: AbortSignal.timeout(2000),
      keepalive: false,
    })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false // not listening yet
  }
}

function endTree(pid: number): void {
  for (const each of processTree(pid)) {
    try {
      process.kill(each)
    } catch {
      // It has ended already.
    }
  }
}
