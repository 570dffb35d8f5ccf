import { pino, type Logger } from 'pino'
import { GatewayError } from '../kernel/errors.ts'
import type { ExchangeSummary, GatewayEvent, Try } from '../kernel/events.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import { nameOf, pretty } from './pretty.ts'

export interface LogOptions {
  readonly name: string
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly format: 'json' | 'pretty'
  /** Takes many whole lines at once. */
  readonly write: (lines: string) => void
  /** Whether what was written last has not been taken yet: more would only fill the memory. */
  readonly isFull?: () => boolean
  /** Providers nobody has asked for: that one of them has no model list is no reason to warn. */
  readonly assumed?: ReadonlySet<string>
}

/** How long a line may wait for others. Written one by one, in the middle of requests, lines cost five times as much. */
const GATHER_MS = 50

/** A log that cannot keep up must not fill the memory: events beyond this many are counted instead. */
const WAITING_LIMIT = 20_000

export interface Log {
  readonly listen: (event: GatewayEvent) => void
  readonly info: (message: string) => void
  readonly warn: (message: string) => void
  readonly error: (error: unknown, message: string) => void
  /** Writes what is waiting, whoever takes it. */
  readonly flush: () => void
  /** Lines that came faster than they could be written, so far. */
  readonly dropped: () => number
}

/** Probes ask every few seconds: a line for each would hide the rest. */
const QUIET_ROUTES = new Set(['/health', '/ready'])

/** Writes one line per exchange, and one when something changes. Never a key, never a prompt. */
export function createLog(options: LogOptions): Log {
  let waiting: { readonly at: number; readonly entry: ExchangeSummary | ((logger: Logger) => void) }[] = []
  let dropped = 0
  let timer: ReturnType<typeof setTimeout> | null = null
  let writtenAt = 0
  let droppedInAll = 0
  const lines: string[] = []
  const logger = pino(
    {
      level: options.level,
      base: { service: options.name },
      timestamp: () => `,"time":"${new Date(writtenAt).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => lines.push(options.format === 'json' ? line : pretty(JSON.parse(line))) },
  )

  function later(entry: ExchangeSummary | ((logger: Logger) => void)): void {
    if (waiting.length >= WAITING_LIMIT) dropped++
    else waiting.push({ at: Date.now(), entry })
    timer ??= setTimeout(flushIfTaken, GATHER_MS)
  }

  /** The one line that is written for every request is put together here: pino takes four times as long for it. */
  function writeRequest(summary: ExchangeSummary): void {
    const level = levelOf(summary)
    if (!logger.isLevelEnabled(level)) return
    const line = lineOf(summary, level, new Date(writtenAt).toISOString(), options.name)
    lines.push(options.format === 'json' ? `${JSON.stringify(line)}\n` : pretty(line))
  }

  function flushIfTaken(): void {
    if (options.isFull?.() === true) timer = setTimeout(flushIfTaken, GATHER_MS)
    else flush()
  }

  function flush(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    const ready = waiting
    waiting = []
    for (const { at, entry } of ready) {
      writtenAt = at
      if (typeof entry === 'function') entry(logger)
      else writeRequest(entry)
    }
    if (dropped > 0) logger.warn({ lines: dropped }, 'log lines dropped')
    droppedInAll += dropped
    dropped = 0
    if (lines.length > 0) options.write(lines.splice(0).join(''))
  }

  return {
    listen(event) {
      if (event.type === 'exchange.started' || event.type === 'exchange.streaming') return
      if (event.type !== 'exchange.finished') later((to) => writeEvent(to, event, options.assumed))
      else if (!QUIET_ROUTES.has(event.summary.route)) later(event.summary)
    },
    info: (message) => later((to) => to.info(message)),
    warn: (message) => later((to) => to.warn(message)),
    error: (error, message) => later((to) => to.error({ reason: reasonOf(error) }, message)),
    flush,
    dropped: () => droppedInAll + dropped,
  }
}

/** Those that say what the end of the exchange says again. */
type ExchangeProgress = Extract<GatewayEvent, { readonly type: `exchange.${string}` }>

/** What became of a target, for people. */
const BREAKER_WORDS = {
  open: 'target rests, it failed repeatedly',
  half_open: 'target is tried again',
  cooling: 'target rests, it asked for a pause',
  closed: 'target is well again',
} as const

type OtherEvent = Exclude<GatewayEvent, ExchangeProgress>

function writeEvent(logger: Logger, event: OtherEvent, assumed: LogOptions['assumed']): void {
  switch (event.type) {
    case 'models.unavailable': {
      const isAssumed = assumed?.has(event.provider) === true
      // What to check when it fails would be advice to somebody who has set nothing.
      const reason = isAssumed ? 'nothing was set for it: no matter if it is not there' : reasonOf(event.error)
      logger[isAssumed ? 'info' : 'warn']({ provider: event.provider, reason }, 'model list unavailable')
      break
    }
    case 'models.available':
      logger.info({ provider: event.provider, models: event.count }, 'model list available')
      break
    case 'breaker':
      logger[event.state === 'closed' ? 'info' : 'warn'](
        { provider: event.provider, model: event.model, state: event.state, reason: reasonIfAny(event.error) },
        BREAKER_WORDS[event.state],
      )
      break
    case 'auth.unavailable':
      logger.error(
        { issuer: event.issuer, reason: event.reason, serving: event.serving },
        'token issuer unavailable (OIDC_ISSUER_URL)',
      )
      break
    case 'auth.available':
      logger.info({ issuer: event.issuer }, 'token issuer available')
      break
    case 'content':
      logger.debug({ id: event.id, route: event.route, direction: event.direction, content: event.text }, 'content')
      break
  }
}

function levelOf({ status, outcome }: ExchangeSummary): 'info' | 'warn' | 'error' {
  if (status >= 500 || (outcome === 'failed' && status < 400)) return 'error'
  return status >= 400 && status !== 499 ? 'warn' : 'info'
}

const round = (ms: number | null): number | undefined => (ms === null ? undefined : Math.round(ms * 10) / 10)

/** Enough to know a path or a chain of models again; ids of files and models stand in front. */
const TEXT_LIMIT = 200

/** A path is the client's words: what could steer a terminal is percent-encoded. */
const printable = (path: string): string => path.toWellFormed().replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent)

/** What became of a try: `groq/llama 503`, `groq/llama 200 http_response_incomplete`. */
const tryText = ({ provider, model, status, code }: Try): string =>
  [nameOf(provider, model ?? ''), status, code].filter((part) => part !== null).join(' ')

/** Members that are undefined are not written. */
function lineOf(summary: ExchangeSummary, level: string, time: string, service: string) {
  const { id, route, path, method, status, outcome, caller, requested, provider, model, usage, tries } = summary
  const { upstreamRequestId, error } = summary
  return {
    level,
    time,
    service,
    id,
    method,
    route,
    path: path === route ? undefined : printable(path).slice(0, TEXT_LIMIT),
    status,
    outcome,
    code: summary.code ?? undefined,
    caller: caller.kind === 'anonymous' ? undefined : caller.id,
    requested: requested?.slice(0, TEXT_LIMIT),
    provider: provider ?? undefined,
    model: model ?? undefined,
    ms: round(summary.durationMs),
    waited_ms: round(summary.waitedMs || null),
    upstream_ms: round(summary.upstreamMs),
    first_token_ms: round(summary.firstContentMs),
    attempts: tries.length > 1 ? tries.length : undefined,
    tries: tries.length > 1 ? tries.map(tryText).join(', ') : undefined,
    input_tokens: usage?.input,
    output_tokens: usage?.output,
    cached_tokens: usage?.cached,
    reasoning_tokens: usage?.reasoning,
    estimated: usage?.isEstimated,
    cost_usd: summary.costUsd ?? undefined,
    trace_id: summary.trace?.traceId,
    upstream_request_id: upstreamRequestId ?? undefined,
    reason: reasonIfAny(error),
    msg: 'request',
  }
}

export type RequestLine = ReturnType<typeof lineOf>

const reasonIfAny = (error: unknown): string | undefined => (error === null ? undefined : reasonOf(error))

/**
 * What went wrong, down to its cause. A provider's own words stay out: they may repeat the prompt. The runtime's texts
 * may hold URLs, and the query of one may hold a key. One line, whatever was said: nobody may forge a second.
 */
function reasonOf(error: unknown): string {
  if (error instanceof ProviderError) {
    const advice = error.advice === null ? '' : ` (${error.advice})`
    return `the provider answered ${error.status}${advice}`
  }
  const own = error instanceof Error ? error.message : String(error)
  const name = error instanceof Error && !(error instanceof GatewayError) ? `${error.name}: ` : ''
  const text = own.replaceAll(/(\w+:\/\/[^\s"'?]*)\?[^\s"']*/g, '$1?…').replaceAll(/\s+/g, ' ')
  const cause = error instanceof Error && (error.cause ?? null) !== null ? ` <- ${causeOf(error.cause)}` : ''
  return (text === '' && error instanceof Error ? error.name : name + text.slice(0, 500)) + cause
}

/** The runtime's own words are for its users, not for ours: its code says enough. Its parsers quote what they read. */
function causeOf(cause: unknown): string {
  if (cause instanceof SyntaxError) return cause.name
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null
  return typeof code === 'string' ? code : reasonOf(cause)
}
