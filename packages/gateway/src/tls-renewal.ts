import type { Listener, TlsIdentity } from './server/listen.ts'
import type { Log } from './telemetry/log.ts'

export interface TlsRenewalParts {
  /** What the server was started with. */
  readonly tls: TlsIdentity
  /** Reads and checks the files again. Throws when they are not fit for use. */
  readonly read: () => TlsIdentity | null
  /** What clients will not like of it. */
  readonly doubt: (tls: TlsIdentity) => string | null
  readonly listener: Pick<Listener, 'renewTls'>
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
}

/** Takes over another certificate while the server runs, or none when anything is wrong with it. Never throws. */
export function createTlsRenewal({ tls, read, doubt, listener, log }: TlsRenewalParts): (cause: string) => void {
  let inUse = tls
  return (cause) => {
    try {
      const next = read()
      if (next === null || (next.cert === inUse.cert && next.key === inUse.key)) return
      listener.renewTls(next)
      inUse = next
      log.info(`certificate read again (${cause}): new connections see it`)
      const doubted = doubt(next)
      if (doubted !== null) log.warn(doubted)
    } catch (error) {
      log.error(error, `certificate refused (${cause}), the one before still holds`)
    }
  }
}
