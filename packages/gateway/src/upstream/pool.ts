import type { Connection, ConnectionUser, Origin } from './connection.ts'

export interface PoolOptions {
  /** Idle connections kept in all; running calls are never limited. */
  readonly maxIdle: number
  /** Idle connections kept per origin. */
  readonly maxIdlePerHost: number
  readonly idleTimeoutMs: number
}

/** Connections that wait for their next request, by where they lead. */
export class ConnectionPool implements ConnectionUser {
  readonly #options: PoolOptions
  readonly #idle = new Map<Origin, Connection[]>()
  #count = 0
  #sweeper: NodeJS.Timeout | null = null
  /** Connections in the hands of calls. */
  busy = 0

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get idle(): number {
    return this.#count
  }

  /** The connection that was used last, or `null`. */
  take(origin: Origin, user: ConnectionUser): Connection | null {
    const connection = this.#idle.get(origin)?.pop()
    if (connection === undefined) return null
    this.#count -= 1
    connection.use(user)
    return connection
  }

  /** Keeps a connection whose last answer was complete. */
  put(connection: Connection): void {
    const { maxIdle, maxIdlePerHost, idleTimeoutMs } = this.#options
    const idle = this.#idle.get(connection.origin) ?? []
    if (idle.length >= maxIdlePerHost || this.#count >= maxIdle || idleTimeoutMs === 0) return connection.close()
    connection.idleSince = performance.now()
    connection.use(this)
    if (idle.push(connection) === 1) this.#idle.set(connection.origin, idle)
    this.#count += 1
    this.#sweeper ??= setInterval(() => this.#sweep(), Math.min(1000, Math.max(10, idleTimeoutMs / 4))).unref()
  }

  close(): void {
    this.#stopSweeping()
    for (const connection of [...this.#idle.values()].flat()) connection.close()
    this.#idle.clear()
    this.#count = 0
  }

  // Whatever happens on an idle connection is its end: an answer nobody asked for would be the next request's.
  opened = (connection: Connection): void => this.#drop(connection)
  received = (_bytes: Uint8Array, connection: Connection): void => this.#drop(connection)
  closed = (_error: Error | null, connection: Connection): void => this.#drop(connection)
  drained = (): void => {}

  #drop(connection: Connection): void {
    const idle = this.#idle.get(connection.origin) ?? []
    const at = idle.indexOf(connection)
    if (at === -1) return
    idle.splice(at, 1)
    this.#count -= 1
    connection.destroy()
  }

  #sweep(): void {
    const oldest = performance.now() - this.#options.idleTimeoutMs
    for (const idle of this.#idle.values()) {
      // The first have waited longest.
      while (idle[0] !== undefined && idle[0].idleSince < oldest) {
        idle.shift()?.close()
        this.#count -= 1
      }
    }
    if (this.#count === 0) this.#stopSweeping()
  }

  #stopSweeping(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper)
    this.#sweeper = null
  }
}
