import { join } from 'node:path'
import { LOAD_CORE, pinned } from '../cores.ts'

const PROGRAM = join(import.meta.dir, 'pulse-process.ts')

export interface Pulse {
  /**
   * Ends it. Answers the longest that `/health` has taken, ms: while an event loop stalls, nobody is answered. Rejects
   * when it was not answered with 200.
   */
  stop(): Promise<number>
}

/** Asks a gateway for its health every 20 ms. */
export function startPulse(port: number): Pulse {
  const longest = Promise.withResolvers<number>()
  const child = Bun.spawn(pinned(LOAD_CORE, [process.execPath, PROGRAM, String(port)]), {
    stdio: ['ignore', 'ignore', 'inherit'],
    ipc: (message: unknown) => longest.resolve(Number(message)),
    onExit: (_, code) => longest.reject(new Error(`the pulse of port ${port} ended with ${code}`)),
  })
  longest.promise.catch(() => {}) // told by stop
  return {
    stop() {
      child.send('stop')
      return longest.promise
    },
  }
}
