/** What the socket knows about a request that the request itself does not. */
export interface Connection {
  /** The request is whole: from here on the connection may be quiet for as long as the answer takes. */
  awaitAnswer(): void
  /** The answer is over, or about to be: a connection that is quiet now waits for its next request. */
  awaitRequest(): void
}

export interface ListenOptions {
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  readonly tls: { readonly cert: string; readonly key: string } | null
  /** Of a connection between two requests. */
  readonly idleTimeoutMs: number
  /** Of a request that is still being read. */
  readonly readTimeoutMs: number
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>
  /** Something was thrown that the app did not catch. */
  readonly onBug: (error: unknown) => Response
}

export interface Listener {
  readonly url: string
  readonly port: number
  /** Stops accepting and waits for the running requests; `force` cuts them off. */
  stop(force?: boolean): Promise<void>
  /** Requests under way. */
  pending(): number
  /** From now on every answer closes its connection: the next request belongs to another server. */
  closeAfterAnswers(): void
}

/** The runtime counts whole seconds, up to 255. */
const seconds = (ms: number) => Math.min(255, Math.ceil(ms / 1000))

/** Opens the port. Throws what the system says (EADDRINUSE, EACCES, a bad certificate). */
export function listen(options: ListenOptions): Listener {
  let isClosing = false
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    ...(options.tls === null ? {} : { tls: options.tls }),
    idleTimeout: seconds(options.idleTimeoutMs),
    // The limit is ours (server/body.ts): it answers in JSON and lets pipes through.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    // Without this the runtime lets two gateways share a port, each with half of the requests.
    reusePort: false,
    fetch(request, self) {
      // Until its body is read a request may stall only for so long; afterwards the answer may take hours.
      self.timeout(request, request.method === 'GET' ? 0 : seconds(options.readTimeoutMs))
      const response = options.fetch(request, {
        awaitAnswer: () => self.timeout(request, 0),
        awaitRequest: () => self.timeout(request, seconds(options.idleTimeoutMs)),
      })
      return isClosing ? closing(response) : response
    },
    error: options.onBug,
  })
  return {
    url: server.url.href.replace(/\/$/, ''),
    port: server.port ?? options.port,
    stop: (force) => server.stop(force),
    pending: () => server.pendingRequests,
    closeAfterAnswers: () => (isClosing = true),
  }
}

async function closing(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer
  response.headers.set('connection', 'close')
  return response
}
