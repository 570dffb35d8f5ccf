import { answerReader } from './answer-reader.ts'
import { type EventCheck, codeIn, eventCheck, wireOf } from './event-check.ts'
import { type Script, completionOf, requestOf } from './script.ts'

/** A server that says nothing for this long has lost the request. Comments keep the quietest stream below it. */
const SILENCE_LIMIT_SECONDS = 60

/** How an exchange ended for its client. */
export interface Outcome {
  /**
   * `whole`: HTTP says that this was all. `broken`: the answer began, and did not end. `unanswered`: the connection closed
   * before a byte of an answer. `refused`: there was no connection. `left`: the client went, as it was told to.
   */
  readonly end: 'whole' | 'broken' | 'unanswered' | 'refused' | 'left'
  /** `null` without an answer. */
  readonly status: number | null
  /** Of an error body or error event. */
  readonly errorCode: string | null
  /** Whether it is, byte for byte, what the script says, to its end. */
  readonly isRight: boolean
  /** For people: what was not as it had to be. */
  readonly problem: string | null
}

/** One request on its way. */
export interface Exchange {
  /** Settles with the first byte of a body, or with the outcome. */
  readonly begun: Promise<void>
  readonly outcome: Promise<Outcome>
  /** Breaks the connection off. */
  leave(): void
  /** Takes no byte any more: once the buffers are full, the window is zero. */
  stopReading(): void
}

export interface AskOptions {
  /** Leave once so many bytes of the body have come; 0: as soon as the request is on its way. */
  readonly leaveAfterBytes?: number
}

/** One client with one connection, kept from answer to answer. One exchange at a time. */
export interface Client {
  ask(script: Script, options?: AskOptions): Exchange
  close(): void
}

interface Running {
  readonly script: Script
  readonly check: EventCheck
  readonly begun: PromiseWithResolvers<void>
  readonly outcome: PromiseWithResolvers<Outcome>
  readonly leaveAfterBytes: number
  status: number | null
  isStream: boolean
  closes: boolean
  /** Of a body that is not a stream. */
  text: string
  bytes: number
}

/** Connects to a gateway on loopback with the first request, and again whenever the connection has gone. */
export function createClient(port: number): Client {
  let socket: Bun.Socket | null = null
  let running: Running | null = null
  let reader = answerReader({ head, body, end })

  function head({ status, isStream, closes }: { status: number; isStream: boolean; closes: boolean }): void {
    if (running !== null) Object.assign(running, { status, isStream, closes })
  }

  function body(text: string): void {
    if (running === null) return
    if (running.isStream) running.check.push(text)
    else running.text += text
    running.bytes += text.length
    running.begun.resolve()
    if (running.bytes >= running.leaveAfterBytes) settle('left')
  }

  function end(): void {
    if (running?.closes === true) drop()
    settle('whole')
  }

  function settle(how: Outcome['end'], problem: string | null = null): void {
    const done = running
    running = null
    if (done === null) return
    if (how !== 'whole') drop()
    done.begun.resolve()
    done.outcome.resolve(outcomeOf(done, how, problem))
  }

  /** Breaks it off: for the other side that is a client that has left. */
  function drop(): void {
    const dropped = socket
    socket = null
    dropped?.terminate()
  }

  function lose(lost: Bun.Socket, problem: string): void {
    if (socket !== lost) return
    drop()
    settle((running?.status ?? null) === null ? 'unanswered' : 'broken', problem)
  }

  async function open(): Promise<Bun.Socket> {
    reader = answerReader({ head, body, end })
    const opened = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data(from, bytes) {
          if (from !== socket) return
          from.timeout(SILENCE_LIMIT_SECONDS)
          try {
            reader.read(bytes)
          } catch (error) {
            settle('broken', String(error))
          }
        },
        end: (from) => lose(from, 'the connection ended'),
        close: (from) => lose(from, 'the connection closed'),
        error: (from, error) => lose(from, error.message),
        timeout: (from) => lose(from, `no byte for ${SILENCE_LIMIT_SECONDS} s`),
      },
    })
    opened.setNoDelay(true)
    opened.timeout(SILENCE_LIMIT_SECONDS)
    return opened
  }

  async function send(script: Script, leaveAfterBytes: number): Promise<void> {
    try {
      socket ??= await open()
    } catch (error) {
      return settle('refused', String(error))
    }
    // A request is far smaller than a socket buffer, so a write is whole or the connection is gone.
    const request = requestOf(script)
    if (socket.write(request) !== request.length) settle('unanswered', 'the request could not be written')
    else if (leaveAfterBytes === 0) settle('left')
  }

  return {
    ask(script, { leaveAfterBytes = Number.POSITIVE_INFINITY } = {}) {
      const asked = begin(script, leaveAfterBytes)
      running = asked
      void send(script, leaveAfterBytes)
      return {
        begun: asked.begun.promise,
        outcome: asked.outcome.promise,
        leave: () => settle('left'),
        stopReading: () => socket?.pause(),
      }
    },
    close: drop,
  }
}

const begin = (script: Script, leaveAfterBytes: number): Running => ({
  script,
  check: eventCheck(script),
  begun: Promise.withResolvers(),
  outcome: Promise.withResolvers(),
  leaveAfterBytes,
  status: null,
  isStream: false,
  closes: false,
  text: '',
  bytes: 0,
})

function outcomeOf({ script, check, status, isStream, text }: Running, end: Outcome['end'], problem: string | null) {
  const isError = status !== null && status >= 400
  const isExpected = isStream ? check.isComplete : text === wireOf(completionOf(script))
  return {
    end,
    status,
    errorCode: isError ? codeIn(text) : check.errorCode,
    isRight: end === 'whole' && status === 200 && isStream === script.events > 0 && isExpected,
    problem: check.problem ?? problem,
  } satisfies Outcome
}

/** Asks once on a connection of its own. */
export function askOnce(port: number, script: Script, options?: AskOptions): Exchange {
  const client = createClient(port)
  const exchange = client.ask(script, options)
  void exchange.outcome.then(() => client.close())
  return exchange
}
