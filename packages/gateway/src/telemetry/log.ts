import { pino } from 'pino'
import type { ExchangeSummary, GatewayEvent } from '../kernel/events.ts'

export interface LogOptions {
  readonly name: string
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly format: 'json' | 'pretty'
  /** Takes one or more whole lines. */
  readonly write: (lines: string) => void
}

export interface Log {
  readonly listen: (event: GatewayEvent) => void
  info(message: string): void
  warn(message: string): void
  error(error: unknown, message: string): void
}

/** Probes ask every few seconds: a line for each would hide the rest. */
const QUIET_ROUTES = new Set(['/health', '/ready'])

/** Writes one line per exchange, and one when something changes. Never a key, never a prompt. */
export function createLog({ name, level, format, write }: LogOptions): Log {
  const sink = { write: format === 'json' ? write : (line: string) => write(pretty(JSON.parse(line))) }
  const logger = pino(
    {
      level,
      base: { service: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  )
  return {
    listen(event) {
      switch (event.type) {
        case 'exchange.finished':
          if (!QUIET_ROUTES.has(event.summary.route)) logger[levelOf(event.summary)](lineOf(event.summary), 'request')
          break
        case 'models.unavailable':
          logger.warn({ provider: event.provider, reason: reasonOf(event.error) }, 'model list unavailable')
          break
        case 'models.available':
          logger.info({ provider: event.provider, models: event.count }, 'model list available')
          break
        case 'auth.unavailable':
          logger.error(
            { issuer: event.issuer, reason: event.reason, serving: event.serving },
            'token issuer unavailable',
          )
          break
        case 'auth.available':
          logger.info({ issuer: event.issuer }, 'token issuer available')
          break
      }
    },
    info: (message) => logger.info(message),
    warn: (message) => logger.warn(message),
    error: (error, message) => logger.error({ reason: reasonOf(error) }, message),
  }
}

function levelOf({ status, outcome }: ExchangeSummary): 'info' | 'warn' | 'error' {
  if (status >= 500 || (outcome === 'failed' && status < 400)) return 'error'
  return status >= 400 && status !== 499 ? 'warn' : 'info'
}

const round = (ms: number | null): number | undefined => (ms === null ? undefined : Math.round(ms * 10) / 10)

/** Members that are undefined are not written. */
function lineOf(summary: ExchangeSummary): object {
  const { id, route, method, status, outcome, caller, provider, model, usage, attempts, upstreamRequestId, error } =
    summary
  return {
    id,
    method,
    route,
    status,
    outcome,
    code: summary.code ?? undefined,
    caller: caller.kind === 'anonymous' ? undefined : caller.id,
    provider: provider ?? undefined,
    model: model ?? undefined,
    ms: round(summary.durationMs),
    upstream_ms: round(summary.upstreamMs),
    first_token_ms: round(summary.firstContentMs),
    attempts: attempts > 1 ? attempts : undefined,
    input_tokens: usage?.input,
    output_tokens: usage?.output,
    upstream_request_id: upstreamRequestId ?? undefined,
    reason: error === null ? undefined : reasonOf(error),
  }
}

/** What went wrong, down to its cause. Error texts of the runtime may hold URLs; a query in one may hold a key. */
function reasonOf(error: unknown): string {
  const own = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const cause =
    error instanceof Error && error.cause !== undefined && error.cause !== null ? ` <- ${reasonOf(error.cause)}` : ''
  return own.replaceAll(/\?[^\s"']*/g, '?…').slice(0, 1000) + cause
}

/** A line for a person at a terminal: time, status, what, who answered, how long. */
function pretty(line: Readonly<Record<string, unknown>>): string {
  const time = text(line['time']).slice(11, 19)
  if (line['route'] === undefined)
    return `${time} ${text(line['level'])} ${[line['msg'], line['provider'], line['reason']].map(text).filter(Boolean).join(' · ')}\n`
  const { status, method, route, provider, model, ms, output_tokens: tokens, code, reason } = line
  const who = provider === undefined ? '' : ` ${text(provider)}${model === undefined ? '' : `/${text(model)}`}`
  const facts = [
    `${text(ms)} ms`,
    tokens === undefined ? '' : `${text(tokens)} tokens`,
    text(code),
    text(reason),
  ].filter(Boolean)
  return `${time} ${text(status)} ${text(method)} ${text(route)}${who} · ${facts.join(' · ')}\n`
}

const text = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
