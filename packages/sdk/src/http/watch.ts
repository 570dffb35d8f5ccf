import { AbortError, ConnectionError, type GatewayError, type Phase, TimeoutError } from '../errors.ts'
import { onAbort } from './on-abort.ts'

/** Watches one try: its signal fires when the caller leaves or a phase takes too long. */
export interface Watch {
  readonly signal: AbortSignal
  /** A phase begins, and the one before it is over. `ms`: how long it may take; 0 = as long as it likes. */
  begin(phase: Phase, ms: number): void
  /** Nobody is late any more. The caller's signals keep their power. */
  rest(): void
  /** It is over: lets go of all timers and signals. */
  release(): void
  /** Ends the try on the caller's behalf. */
  abort(): void
  /** Throws what a failure of the connection means, given what was going on: the signal's reason, or ConnectionError. */
  readonly explain: (error: unknown) => never
}

/** 24.8 days; a runtime takes anything longer, and Infinity, for no time at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** `deadline`: when the whole call has to be over, on `performance.now`. */
export function createWatch(url: string, signals: readonly AbortSignal[], deadline?: number): Watch {
  const controller = new AbortController()
  let phaseTimer: ReturnType<typeof setTimeout> | undefined
  let hasBegun = false
  const stop = (why: GatewayError) => controller.abort(why) // the first one counts
  const startTimer = (phase: Phase, ms: number) =>
    setTimeout(() => stop(timeout(url, phase)), Math.min(ms, LONGEST_TIMER_MS))
  const totalTimer = deadline && startTimer('total', Math.max(0, deadline - performance.now()))
  const rest = () => {
    clearTimeout(phaseTimer)
    clearTimeout(totalTimer)
  }
  const takeBack = signals.map((signal) => onAbort(signal, (reason) => stop(new AbortError(reason))))

  return {
    signal: controller.signal,
    begin(phase, ms) {
      clearTimeout(phaseTimer)
      hasBegun = phase === 'idle'
      if (ms > 0) phaseTimer = startTimer(phase, ms)
    },
    rest,
    release() {
      rest()
      for (const each of takeBack) each()
    },
    abort: () => stop(new AbortError()),
    explain(error) {
      controller.signal.throwIfAborted()
      throw connectionError(url, hasBegun, error)
    },
  }
}

const timeout = (url: string, phase: Phase, cause?: unknown) =>
  new TimeoutError(`${url} did not answer in time (${phase}).`, phase, cause)

/** The limits of Node's own fetch, by the codes of its errors. */
const runtimeLimits: Readonly<Record<string, Phase>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_HEADERS_TIMEOUT: 'firstByte',
  UND_ERR_BODY_TIMEOUT: 'idle',
}

/** Runtimes hide why a connection failed in different depths. */
function connectionError(url: string, hasBegun: boolean, error: unknown): GatewayError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = codeOf(error) ?? codeOf(cause)
  const phase = runtimeLimits[code ?? '']
  if (phase !== undefined) return timeout(url, phase, error)
  const why = code ?? (cause instanceof Error ? cause.message : String(cause))
  const message = hasBegun
    ? `The answer of ${url} broke off: ${why}.`
    : `Cannot reach ${url}: ${why}. Is the gateway running there?`
  return new ConnectionError(message, {
    code: 'connection_error',
    retryable: true,
    cause: error,
  })
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code // whatever was thrown
  return typeof code === 'string' ? code : undefined
}
