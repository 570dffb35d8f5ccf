import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { parseEvents, type ServerSentEvent } from '@inference-gateway/protocol/sse'
import { parseObject } from '../providers/dialects/json.ts'
import { createEventBuffer } from './event-buffer.ts'
import { providerErrorOf } from './provider-error.ts'
import { carriesContent, type ChatTap, tokensIn, untouched } from './tap.ts'
import { usageOf } from './usage.ts'

export interface RewritingTapParts {
  /** Who answers; errors it reports inside the stream are told as its own. */
  readonly provider: string
  /** An error as the last event of a stream, in the caller's dialect. Gets a ProviderError, or whatever was thrown here. */
  readonly errorEvent: (error: unknown) => string
}

/** The last event may hold whole images; a proper one is never as long. */
const EVENT_LIMIT_BYTES = 32 * 1024 * 1024

/** Google breaks off with an error that is no event, but bare JSON where one would stand. No line of an event begins so. */
const BARE_JSON = /(?:^|(?<=[\r\n]))\{/

const NOTHING = new Uint8Array(0)
const encoder = new TextEncoder()

/**
 * Stands where a chat tap stands, and gives other bytes out than it got: the stream in another dialect. Relaying and
 * translating are thereby one pump, with one rule for silence, breaks, back pressure and clients that leave. Never throws: a
 * defect of the translation ends the stream with an error event.
 */
export abstract class RewritingTap implements ChatTap {
  readonly #parts: RewritingTapParts
  readonly #decoder = new TextDecoder()
  readonly #buffer = createEventBuffer(EVENT_LIMIT_BYTES)
  /** Only whole events are given out. */
  readonly isBetweenEvents = true
  readonly state = { ...untouched(), tokens: 0 }

  constructor(parts: RewritingTapParts) {
    this.#parts = parts
  }

  /** What an event becomes; often nothing. */
  protected abstract tell(event: ServerSentEvent): string
  /** What the proper end becomes: what is open is closed, what was kept back is told. */
  protected abstract close(): string

  push(bytes: Uint8Array): Uint8Array {
    const events = this.#buffer.push(bytes)
    if (events.byteLength === 0 || this.isOver) return NOTHING
    return this.#guarded(() =>
      this.#buffer.isOversized
        ? this.fail({ message: 'An event of the stream is too long to be translated.' })
        : this.#translate(this.#decoder.decode(events)),
    )
  }

  end(): Uint8Array {
    return this.#guarded(() => {
      const told = this.#translate(`${this.#decoder.decode(this.#buffer.rest())}\n\n`)
      return this.state.isFinished ? told + this.finish() : told
    })
  }

  /** Nothing is told any more. */
  protected get isOver(): boolean {
    return this.state.isDone || this.state.error !== null
  }

  #translate(text: string): string {
    const bareAt = text.search(BARE_JSON)
    let told = ''
    for (const event of parseEvents(bareAt === -1 ? text : text.slice(0, bareAt))) {
      if (this.isOver) break
      told += this.tell(event)
    }
    const error = bareAt === -1 ? null : (parseObject(text.slice(bareAt))?.['error'] ?? null)
    return error === null ? told : told + this.fail(error)
  }

  /** Takes down what a chunk says of the answer so far. */
  protected note(chunk: ChatChunk): void {
    const { state } = this
    state.usage = usageOf(chunk) ?? state.usage
    if (!carriesContent(chunk)) return
    state.hasContent = true
    state.tokens += tokensIn(chunk)
  }

  /** The proper end, told once. */
  protected finish(): string {
    if (this.isOver) return ''
    this.state.isFinished = true
    const told = this.close()
    this.state.isDone = this.state.error === null
    return told
  }

  /** The last event, if nothing else was: an error that the provider reported. */
  protected fail(error: unknown): string {
    if (this.isOver) return ''
    this.state.error = error
    return this.#parts.errorEvent(providerErrorOf(this.#parts.provider, error))
  }

  /** The pump must not fail for what one stream holds. */
  #guarded(work: () => string): Uint8Array {
    try {
      const text = work()
      return text === '' ? NOTHING : encoder.encode(text)
    } catch (error) {
      this.state.error = { message: 'The gateway could not translate the stream.' }
      return encoder.encode(this.#parts.errorEvent(error))
    }
  }
}
