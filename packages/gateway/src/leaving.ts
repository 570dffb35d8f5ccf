import type { Settings } from './config/load.ts'
import type { Gateway } from './gateway.ts'
import type { Monitoring } from './monitoring.ts'
import type { Listener } from './server/listen.ts'
import { shutDown, shutdownInWords } from './server/shutdown.ts'
import type { Log } from './telemetry/log.ts'

export interface LeavingParts {
  readonly listener: Listener
  readonly gateway: Pick<Gateway, 'drain' | 'breakOff' | 'close'>
  readonly monitoring: Pick<Monitoring, 'close'> | null
  readonly log: Pick<Log, 'info' | 'warn' | 'flush'>
  readonly limits: Pick<Settings['server'], 'lameDuckMs' | 'shutdownTimeoutMs'>
  readonly sleep: (ms: number) => Promise<unknown>
  readonly exit: (code: 0 | 1) => void
}

export interface Leaving {
  /** The first signal asks to leave in good order, the second to leave at once. */
  readonly obey: (signal: 'SIGTERM' | 'SIGINT') => void
  /**
   * Who has started us lets go of us, which asks for good order too. It counts as no signal: one that was sent to the whole
   * group, to us and to who has started us, comes beside it in either order.
   */
  readonly released: () => void
}

/** How the process ends. */
export function createLeaving({ listener, gateway, monitoring, log, limits, sleep, exit }: LeavingParts): Leaving {
  const { drain, breakOff } = gateway
  const { lameDuckMs: usualLameDuckMs, shutdownTimeoutMs: timeoutMs } = limits
  let isLeaving = false
  let isSignalled = false

  async function leave(cause: string, lameDuckMs: number): Promise<void> {
    if (isLeaving) return
    isLeaving = true
    log.info(`${cause}: ${shutdownInWords(listener.pending(), lameDuckMs, timeoutMs)}`)
    log.flush()
    await shutDown({ listener, drain, breakOff, lameDuckMs, timeoutMs, sleep })
    gateway.close()
    await monitoring?.close()
    log.flush()
    exit(0)
  }

  return {
    obey(signal) {
      if (isSignalled) {
        log.warn(`${signal} again: stopping at once, ${listener.pending()} running requests are cut`)
        log.flush()
        return exit(1)
      }
      isSignalled = true
      if (isLeaving) log.info(`${signal}: leaving already; once more stops at once`)
      // Who presses Ctrl-C has no load balancer that must notice first.
      void leave(signal, signal === 'SIGINT' ? 0 : usualLameDuckMs)
    },
    released: () => void leave('stopping with its launcher', usualLameDuckMs),
  }
}
