import { formatEvent, parseEvents } from '@inference-gateway/protocol/sse'
import type { ChatNarrator } from '../providers/dialects/chat-dialect.ts'
import { type JsonObject, parseObject } from '../providers/dialects/json.ts'
import { createEventBuffer } from './event-buffer.ts'
import { providerErrorOf } from './provider-error.ts'
import { carriesContent, type ChatTap, untouched } from './tap.ts'
import { usageOf } from './usage.ts'

export interface NativeTapParts {
  readonly narrator: ChatNarrator
  /** Whether the client asked for the usage chunk. */
  readonly wantsUsage: boolean
  readonly provider: string
  /** An error as the last event of the stream, in the caller's envelope. */
  readonly errorEvent: (error: unknown) => string
}

/** The last event may hold a whole image. */
const EVENT_LIMIT_BYTES = 16 * 1024 * 1024

const NOTHING = new Uint8Array(0)
const encoder = new TextEncoder()

/** Reads a stream of a provider's own dialect and gives out a chat's. Never throws: a defect ends it with an error event. */
export const createNativeTap = (parts: NativeTapParts): ChatTap => new NativeTap(parts)

class NativeTap implements ChatTap {
  readonly #parts: NativeTapParts
  readonly #decoder = new TextDecoder()
  readonly #buffer = createEventBuffer(EVENT_LIMIT_BYTES)
  /** Only whole events are given out. */
  readonly isBetweenEvents = true
  readonly state = untouched()

  constructor(parts: NativeTapParts) {
    this.#parts = parts
  }

  push(bytes: Uint8Array): Uint8Array {
    const events = this.#buffer.push(bytes)
    if (events.byteLength === 0) return NOTHING
    return this.#guarded(() =>
      this.#buffer.isOversized
        ? this.#fail({ message: 'An event of the stream is too long to be translated.' })
        : this.#tell(this.#decoder.decode(events)),
    )
  }

  end(): Uint8Array {
    return this.#guarded(() => {
      const told = this.#tell(`${this.#decoder.decode(this.#buffer.rest())}\n\n`)
      return this.state.isFinished ? told + this.#finish() : told
    })
  }

  #tell(text: string): string {
    const bare = bareErrorIn(text)
    if (bare !== null) return this.#fail(bare)
    let told = ''
    for (const { data } of parseEvents(text)) {
      if (this.#isOver()) break
      const event = parseObject(data)
      // Before the dialect's own end, it ends nothing.
      if (data === '[DONE]') told += this.state.isFinished ? this.#finish() : ''
      else if (event !== null) told += this.#pass(event)
    }
    return told
  }

  #pass(event: JsonObject): string {
    const { narrator } = this.#parts
    const told = this.#write(narrator.event(event))
    this.state.isFinished ||= narrator.progress !== 'running'
    return narrator.progress === 'over' ? told + this.#finish() : told
  }

  /** The proper end, told once. */
  #finish(): string {
    if (this.#isOver()) return ''
    const told = this.#write(this.#parts.narrator.end())
    this.state.isFinished = this.state.isDone = true
    return `${told}data: [DONE]\n\n`
  }

  #write(chunks: readonly JsonObject[]): string {
    let told = ''
    for (const chunk of chunks) {
      if (this.#isOver()) break
      if ('error' in chunk) return told + this.#fail(chunk['error'])
      this.state.usage = usageOf(chunk) ?? this.state.usage
      this.state.hasContent ||= carriesContent(chunk)
      if (this.#parts.wantsUsage || !isUsageChunk(chunk)) told += formatEvent({ data: JSON.stringify(chunk) })
    }
    return told
  }

  #fail(error: unknown): string {
    if (this.#isOver()) return ''
    const { provider, errorEvent } = this.#parts
    this.state.error = error
    return errorEvent(providerErrorOf(provider, error))
  }

  #isOver(): boolean {
    return this.state.isDone || this.state.error !== null
  }

  /** The pump must not fail for what one stream holds. */
  #guarded(work: () => string): Uint8Array {
    try {
      return encoder.encode(work())
    } catch (error) {
      this.state.error = { message: 'The gateway could not translate the stream.' }
      return encoder.encode(this.#parts.errorEvent(error))
    }
  }
}

const isUsageChunk = ({ choices }: JsonObject): boolean => Array.isArray(choices) && choices.length === 0

/** Google breaks off with an error that is no event, but bare JSON where one would stand. */
function bareErrorIn(text: string): unknown {
  const trimmed = text.trimStart()
  return trimmed[0] === '{' ? (parseObject(trimmed)?.['error'] ?? null) : null
}
