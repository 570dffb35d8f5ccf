import type { Listener } from './listen.ts'

export interface ShutdownParts {
  readonly listener: Listener
  /** Makes `/ready` answer 503. */
  readonly drain: () => void
  /** Ends what still runs, with an error that its clients understand. */
  readonly breakOff: () => void
  /** How long requests are still accepted, so that load balancers notice before anything is refused. */
  readonly lameDuckMs: number
  /** How long running answers may go on after that. */
  readonly timeoutMs: number
  readonly sleep: (ms: number) => Promise<unknown>
}

/** How it will end, and when at the latest. */
export function shutdownInWords(pending: number, lameDuckMs: number, timeoutMs: number): string {
  const seconds = (ms: number) => `${ms / 1000} s`
  const serving = lameDuckMs > 0 ? `serving on for ${seconds(lameDuckMs)} (SERVER_LAME_DUCK), then ` : ''
  const limit = `for ${seconds(timeoutMs)} at most (SERVER_SHUTDOWN_TIMEOUT)`
  return `${serving}finishing ${pending} running requests ${limit}; a second signal stops at once`
}

const LOOK_EVERY_MS = 20

/** An error event needs a moment on the wire before the connection goes. */
const FAREWELL_MS = 500

/**
 * Leaves without anybody noticing, if it can: not ready at once, still serving for a while, then waiting for what runs.
 * What runs longer than allowed is ended as broken, never as complete.
 */
export async function shutDown(parts: ShutdownParts): Promise<void> {
  const { listener, drain, breakOff, lameDuckMs, timeoutMs, sleep } = parts
  drain()
  listener.closeAfterAnswers()
  await sleep(lameDuckMs)
  const stopped = listener.stop()
  if (!(await idleWithin(parts, timeoutMs))) {
    breakOff()
    await idleWithin(parts, FAREWELL_MS)
  }
  // Connections that never asked anything would be waited for.
  await Promise.race([listener.stop(true), sleep(FAREWELL_MS)])
  await Promise.race([stopped, sleep(LOOK_EVERY_MS)])
}

async function idleWithin({ listener, sleep }: ShutdownParts, limitMs: number): Promise<boolean> {
  for (let waitedMs = 0; listener.pending() > 0; waitedMs += LOOK_EVERY_MS) {
    if (waitedMs >= limitMs) return false
    await sleep(LOOK_EVERY_MS)
  }
  return true
}
