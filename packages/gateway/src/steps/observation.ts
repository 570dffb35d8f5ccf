import { anonymous } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import type { ExchangeEvent, ExchangeSummary, Outcome } from '../kernel/events.ts'
import type { Exchange } from '../kernel/exchange.ts'

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** What the summary takes over, while it is being gathered. */
type Told = Writable<
  Omit<ExchangeSummary, 'id' | 'route' | 'method' | 'path' | 'status' | 'code' | 'outcome' | 'durationMs'>
>

/** Gathers what is told of one exchange, from its first byte to the end of its answer. */
export class Observation {
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #attempts: string[] = []
  #changes: readonly string[] = []
  readonly #told: Told = {
    caller: anonymous,
    provider: null,
    model: null,
    upstreamRequestId: null,
    attempts: 0,
    usage: null,
    upstreamMs: null,
    firstContentMs: null,
    streamed: false,
    error: null,
  }

  constructor(clock: Clock) {
    this.#clock = clock
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
      case 'target':
        told.provider = event.provider
        told.model = event.model
        break
      case 'retry':
        this.#changes = []
        break
      case 'changes':
        this.#changes = [...this.#changes, ...event.changes]
        break
      case 'attempt':
        this.#attempts.push(
          `${event.provider};status=${event.status ?? event.code ?? 'none'};dur=${tenths(event.durationMs)}`,
        )
        told.attempts += 1
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
      case 'fault':
        told.error = event.error
        break
      case 'stream.closed':
    }
  }

  elapsedMs(): number {
    return this.#clock.elapsed() - this.#startedAt
  }

  /** What every answer says of itself. */
  putHeaders(headers: Headers, exchange: Exchange, isError: boolean): void {
    const { provider, model } = this.#told
    // The client's own id comes back; else the provider's, which its support asks for; else ours.
    const isTheirs = exchange.headers.get('x-request-id') === exchange.id
    const id = isTheirs ? exchange.id : (headers.get('x-request-id') ?? exchange.id)
    headers.set('x-request-id', id)
    headers.set('request-id', id)
    if (provider !== null) headers.set('x-gateway-provider', provider)
    if (model !== null) headers.set('x-gateway-model', headerText(model))
    if (this.#changes.length > 0) headers.set('x-gateway-changes', headerText(this.#changes.join('; ')))
    if (this.#attempts.length > 0) headers.set('x-gateway-attempts', this.#attempts.join(', '))
    // The gateway has used its own tries: a client that tried again as often would multiply them.
    if (this.#attempts.length > 1 && isError) headers.set('x-should-retry', 'false')
    headers.set('server-timing', this.#serverTiming())
  }

  #serverTiming(): string {
    const { upstreamMs } = this.#told
    const gateway = `gateway;dur=${tenths(this.elapsedMs() - (upstreamMs ?? 0))}`
    return upstreamMs === null ? gateway : `${gateway}, upstream;dur=${tenths(upstreamMs)}`
  }

  summary(exchange: Exchange, status: number, outcome: Outcome, code: string | null): ExchangeSummary {
    const { id, route, method, path } = exchange
    const { caller, provider, model, upstreamRequestId, attempts, usage, upstreamMs } = this.#told
    const { firstContentMs, streamed, error } = this.#told
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
      caller,
      provider,
      model,
      upstreamRequestId,
      attempts,
      usage,
      upstreamMs,
      firstContentMs,
      streamed,
      error,
    }
  }
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10

/** Model names are the client's words: what a header cannot hold is percent-encoded. */
const headerText = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text)
    ? text
    : text.replaceAll(/[^\x21-\x7e]/g, (character) =>
        character === ' ' ? ' ' : encodeURIComponent(character.isWellFormed() ? character : '\ufffd'),
      )
