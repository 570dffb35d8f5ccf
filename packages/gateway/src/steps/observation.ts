import { anonymous } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import type { ExchangeEvent, ExchangeSummary, Outcome, TokenUsage, Try } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'
import { answerId } from '../kernel/request-id.ts'
import { costUsd, type PriceOf } from '../kernel/prices.ts'
import { codeOf } from './error-code.ts'

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** What the summary takes over, while it is being gathered. */
type Told = Writable<
  Omit<
    ExchangeSummary,
    | 'id'
    | 'route'
    | 'method'
    | 'path'
    | 'status'
    | 'code'
    | 'outcome'
    | 'durationMs'
    | 'tries'
    | 'costUsd'
    | 'trace'
    | 'gatewayMs'
    | 'waitedMs'
  >
>

/** English text and JSON have about four bytes to a token. */
const BYTES_PER_TOKEN = 4

/** Gathers what is told of one exchange, from its first byte to the end of its answer. */
export class Observation {
  readonly #clock: Clock
  readonly #priceOf: PriceOf
  readonly #startedAt: number
  readonly #tries: Try[] = []
  #requestBytes = 0
  #gatewayMs = 0
  #waitedMs = 0
  #changes: readonly string[] = []
  readonly #told: Told = {
    caller: anonymous,
    requested: null,
    provider: null,
    model: null,
    alias: null,
    upstreamRequestId: null,
    usage: null,
    upstreamMs: null,
    firstContentMs: null,
    streamed: false,
    content: null,
    error: null,
  }

  constructor(clock: Clock, priceOf: PriceOf) {
    this.#clock = clock
    this.#priceOf = priceOf
    this.#startedAt = clock.elapsed()
  }

  get isStreamed(): boolean {
    return this.#told.streamed
  }

  /** What went wrong, as far as it was told. */
  get fault(): unknown {
    return this.#told.error
  }

  note(event: ExchangeEvent): void {
    const told = this.#told
    switch (event.type) {
      case 'caller':
        told.caller = event.caller
        break
      case 'planned':
        told.requested = event.requested || null
        told.alias = event.alias
        break
      case 'target':
        told.provider = event.provider
        told.model = event.model
        break
      case 'retry':
        this.#changes = []
        this.#explainLast(event.error)
        break
      case 'waited':
        this.#waitedMs += event.durationMs
        break
      case 'read':
        told.upstreamMs = (told.upstreamMs ?? 0) + event.durationMs
        break
      case 'changes':
        this.#changes = [...this.#changes, ...event.changes]
        break
      case 'attempt':
        this.#remember(event)
        told.upstreamMs = (told.upstreamMs ?? 0) + event.durationMs
        told.upstreamRequestId = event.upstreamRequestId
        break
      case 'usage':
        told.usage = event.usage
        break
      case 'stream.opened':
        told.streamed = true
        break
      case 'stream.first-content':
        told.firstContentMs = this.elapsedMs()
        break
      case 'content':
        told.content = event.content
        break
      case 'fault':
        told.error = event.error
        break
      case 'stream.closed':
        if (event.outcome !== 'complete' && told.usage === null) told.usage = this.#estimate(event.tokens)
    }
  }

  #remember({ provider, model, status, code, spanId, durationMs, requestBytes }: AttemptEvent): void {
    this.#requestBytes = requestBytes
    const startMs = this.elapsedMs() - durationMs
    this.#tries.push({ provider, model, status, code, spanId, startMs, durationMs })
  }

  /** A try may have begun well and been no answer all the same: its status does not tell why. */
  #explainLast(error: unknown): void {
    const last = this.#tries.at(-1)
    if (last === undefined || last.status === null || last.status >= 400 || last.code !== null) return
    this.#tries[this.#tries.length - 1] = { ...last, code: codeOf(error) }
  }

  /** What a stream without figures has cost all the same: a provider bills what it made before the stream broke. */
  #estimate(output: number | null): TokenUsage | null {
    if (output === null) return null
    const input = Math.ceil(this.#requestBytes / BYTES_PER_TOKEN)
    return { input, output, total: input + output, isEstimated: true }
  }

  get #costUsd(): number | null {
    const { provider, model, usage } = this.#told
    if (usage === null || provider === null || model === null) return null
    const price = this.#priceOf(provider, model)
    return price === null ? null : costUsd(usage, price)
  }

  elapsedMs(): number {
    return this.#clock.elapsed() - this.#startedAt
  }

  /** What every answer says of itself. */
  putHeaders(headers: Headers, exchange: Exchange, isError: boolean): void {
    const { provider, model } = this.#told
    const id = answerId(exchange, headers)
    headers.set('x-request-id', id)
    headers.set('request-id', id)
    if (provider !== null) headers.set('x-gateway-provider', provider)
    if (model !== null) headers.set('x-gateway-model', headerText(model))
    if (this.#changes.length > 0) headers.set('x-gateway-changes', shortened(headerText(this.#changes.join('; '))))
    if (this.#tries.length > 0) headers.set('x-gateway-attempts', this.#tries.map(tryText).join(', '))
    // The gateway has used its own tries: a client that tried again as often would multiply them.
    if (this.#tries.length > 1 && isError) headers.set('x-should-retry', 'false')
    const cost = this.#costUsd
    if (cost !== null) headers.set('x-gateway-cost-usd', dollars(cost))
    headers.set('server-timing', this.#serverTiming())
  }

  #serverTiming(): string {
    const { upstreamMs } = this.#told
    this.#gatewayMs = this.elapsedMs() - (upstreamMs ?? 0) - this.#waitedMs
    const own = `gateway;dur=${tenths(this.#gatewayMs)}, queue;dur=${tenths(this.#waitedMs)}`
    return upstreamMs === null ? own : `${own}, upstream;dur=${tenths(upstreamMs)}`
  }

  summary(exchange: Exchange, status: number, outcome: Outcome, code: string | null): ExchangeSummary {
    const { id, route, method, path, trace } = exchange
    const { caller, requested, provider, model, alias, upstreamRequestId, usage, upstreamMs } = this.#told
    const { firstContentMs, streamed, content, error } = this.#told
    // Written out: copying the members one does not see costs as much as all the rest of this.
    return {
      id,
      route,
      method,
      path,
      status,
      outcome,
      code,
      durationMs: this.elapsedMs(),
      gatewayMs: this.#gatewayMs,
      waitedMs: this.#waitedMs,
      caller,
      requested,
      provider,
      model,
      alias,
      upstreamRequestId,
      tries: this.#tries,
      usage,
      costUsd: this.#costUsd,
      trace,
      upstreamMs,
      firstContentMs,
      streamed,
      content,
      error,
    }
  }
}

type AttemptEvent = Extract<ExchangeEvent, { type: 'attempt' }>

const tryText = ({ provider, status, code, durationMs }: Try): string =>
  `${provider};status=${status ?? code ?? 'none'};dur=${tenths(durationMs)}`

/** To a billionth, and never as `1e-7`. */
const dollars = (amount: number): string => amount.toFixed(9).replace(/\.?0+$/, '')

const tenths = (ms: number): number => Math.round(ms * 10) / 10

/** Servers in front commonly take 4 to 8 KiB of headers in all, and clients can name thousands of things. */
const CHANGES_LIMIT = 2048

/** Whole changes only: half of one would tell of another name. */
function shortened(changes: string): string {
  if (changes.length <= CHANGES_LIMIT) return changes
  const end = changes.lastIndexOf('; ', CHANGES_LIMIT - '; ...'.length)
  return end === -1 ? '...' : `${changes.slice(0, end)}; ...`
}

/** Model names are the client's words: what a header cannot hold is percent-encoded. */
const headerText = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text)
    ? text
    : text.replaceAll(/[^\x21-\x7e]/g, (character) =>
        character === ' ' ? ' ' : encodeURIComponent(character.isWellFormed() ? character : '\ufffd'),
      )
