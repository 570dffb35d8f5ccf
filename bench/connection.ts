import { type HttpResponse, responseReader } from './response.ts'

/** A server that says nothing for this long has lost the request. */
const SILENCE_LIMIT_SECONDS = 20

/** One client: a keep-alive connection that asks, waits for the whole response, and asks again. */
export interface Connection {
  /** Sends a request, in ASCII. Throws when the connection breaks, or stays silent, before the response is complete. */
  ask(request: string): Promise<HttpResponse>
  close(): void
}

/** Connects to loopback with the first request, and again after a response with `connection: close`. */
export function connection(port: number): Connection {
  let socket: Bun.Socket | null = null
  let reader = responseReader()
  let waiting: PromiseWithResolvers<HttpResponse> | null = null

  function settle(outcome: HttpResponse | Error): void {
    const asked = waiting
    waiting = null
    if (outcome instanceof Error) asked?.reject(outcome)
    else asked?.resolve(outcome)
  }

  function drop(): void {
    const dropped = socket
    socket = null
    dropped?.end()
  }

  /** A connection that was dropped closes later, when its successor may be waiting already: that is no loss. */
  function lose(lost: Bun.Socket, reason: Error): void {
    if (socket !== lost) return
    drop()
    settle(reason)
  }

  async function open(): Promise<Bun.Socket> {
    reader = responseReader()
    const opened = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data(_, bytes) {
          try {
            const response = reader.read(bytes)
            if (response?.close) drop()
            if (response) settle(response)
          } catch (error) {
            settle(new Error('the response is not HTTP', { cause: error }))
          }
        },
        close: (from) => lose(from, new Error('the connection closed before the response was complete')),
        error: lose,
        timeout: (from) => lose(from, new Error(`no byte for ${SILENCE_LIMIT_SECONDS} s`)),
      },
    })
    opened.setNoDelay(true)
    opened.timeout(SILENCE_LIMIT_SECONDS)
    return opened
  }

  return {
    async ask(request) {
      socket ??= await open()
      waiting = Promise.withResolvers()
      const answered = waiting.promise
      // A request is far smaller than a socket buffer, so a write is whole or the connection is gone.
      if (socket.write(request) !== request.length) settle(new Error('the request could not be written'))
      return answered
    },
    close: drop,
  }
}
