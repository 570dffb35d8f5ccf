/** What the socket knows about a request that the request itself does not. */
export interface Connection {
  /** The request is whole: from here on the connection may be quiet for as long as the answer takes. */
  awaitAnswer(): void
  /** The answer is over, or about to be: a connection that is quiet now waits for its next request. */
  awaitRequest(): void
}

/** A certificate chain and its key, in PEM. */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
}

export interface ListenOptions {
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  /** `null`: plain HTTP. With it TLS 1.2 and 1.3 are spoken, the runtime knows nothing older, and HTTP/1.1 only. */
  readonly tls: TlsIdentity | null
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
  /** From now on new connections see this certificate. Requests under way go on; idle connections are closed. */
  renewTls(tls: TlsIdentity): void
}

/** The runtime counts whole seconds, up to 255. */
const seconds = (ms: number) => Math.min(255, Math.ceil(ms / 1000))

/** Opens the port. Throws what the system says (EADDRINUSE, EACCES, a bad certificate). */
export function listen(options: ListenOptions): Listener {
  const state = { isClosing: false }
  let server = serve(options, options, state)
  const { port = options.port } = server
  /** Servers with a certificate of before, while they still finish what they have begun. */
  const former = new Set<typeof server>()
  const all = () => [server, ...former]
  return {
    url: server.url.href.replace(/\/$/, ''),
    port,
    stop: async (force) => void (await Promise.all(all().map((each) => each.stop(force)))),
    pending: () => all().reduce((sum, { pendingRequests }) => sum + pendingRequests, 0),
    closeAfterAnswers: () => void (state.isClosing = true),
    renewTls(tls) {
      const before = server
      former.add(before)
      // The runtime keeps the certificate a server began with. One follows the other without a turn of the event loop
      // between them: for a client, the port is never closed.
      void before.stop().finally(() => former.delete(before))
      server = serve(options, { port, tls }, state)
    },
  }
}

function serve(
  { host, idleTimeoutMs, readTimeoutMs, fetch, onBug }: ListenOptions,
  { port, tls }: Pick<ListenOptions, 'port' | 'tls'>,
  state: { readonly isClosing: boolean },
) {
  return Bun.serve({
    hostname: host,
    port,
    ...(tls === null ? {} : { tls: { ...tls } }),
    idleTimeout: seconds(idleTimeoutMs),
    // The limit is ours (server/body.ts): it answers in JSON and lets pipes through.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    // Without this the runtime lets two gateways share a port, each with half of the requests.
    reusePort: false,
    fetch(request, self) {
      // Until its body is read a request may stall only for so long; afterwards the answer may take hours.
      self.timeout(request, request.method === 'GET' ? 0 : seconds(readTimeoutMs))
      const response = fetch(request, {
        awaitAnswer: () => self.timeout(request, 0),
        awaitRequest: () => self.timeout(request, seconds(idleTimeoutMs)),
      })
      return state.isClosing ? closing(response) : response
    },
    error: onBug,
  })
}

async function closing(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer
  response.headers.set('connection', 'close')
  return response
}
