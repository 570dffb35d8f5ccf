import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { formatEvent, parseEvents } from '@inference-gateway/protocol/sse'
import { failureIn } from '../providers/dialects/chat-pieces.ts'
import { createEventBuffer } from './event-buffer.ts'
import { providerErrorOf, refusalIn } from './provider-error.ts'
import { carriesContent, type ChatTap, isFinish, parseChunk, tokensIn, untouched } from './tap.ts'
import { usageOf } from './usage.ts'

/** An event of the caller's dialect; its `type` is also the name of the event on the wire. */
export interface TypedEvent {
  readonly type: string
}

/**
 * Tells a chat stream in another dialect: chunks in, events out. A small machine, made anew for every stream; it keeps
 * what it needs and touches nothing else.
 */
export interface ChatTranslator {
  /** What one chunk becomes; often nothing. Never called again after `end`. */
  readonly chunk: (chunk: ChatChunk) => readonly TypedEvent[]
  /** The stream has come to its proper end: what is open is closed, what was kept back is told. */
  readonly end: () => readonly TypedEvent[]
}

export interface TranslatingTapParts {
  readonly translator: ChatTranslator
  /** Who answers; errors it reports inside the stream are told as its own. */
  readonly provider: string
  /** An error as the last event of a stream, in the caller's dialect. Gets a ProviderError, or whatever was thrown here. */
  readonly errorEvent: (error: unknown) => string
}

/** A proper event of a chat stream is never as long. */
const EVENT_LIMIT_BYTES = 32 * 1024 * 1024

const NOTHING = new Uint8Array(0)
const encoder = new TextEncoder()

/**
 * Stands where a chat tap stands, and gives other bytes out than it got: the events of the caller's dialect. Relaying and
 * translating are thereby one pump, with one rule for silence, breaks, back pressure and clients that leave. Never throws:
 * chunks that make no sense are skipped, a defect of the translator ends the stream with an error event.
 */
export const createTranslatingTap = (parts: TranslatingTapParts): ChatTap => new TranslatingTap(parts)

class TranslatingTap implements ChatTap {
  readonly #parts: TranslatingTapParts
  readonly #decoder = new TextDecoder()
  readonly #buffer = createEventBuffer(EVENT_LIMIT_BYTES)
  /** Only whole events are given out. */
  readonly isBetweenEvents = true
  readonly state = { ...untouched(), tokens: 0 }

  constructor(parts: TranslatingTapParts) {
    this.#parts = parts
  }

  push(bytes: Uint8Array): Uint8Array {
    const events = this.#buffer.push(bytes)
    if (events.byteLength === 0 || this.state.error !== null) return NOTHING
    return this.#guarded(() => {
      if (this.#buffer.isOversized) throw new RangeError(`An event of the stream is over ${EVENT_LIMIT_BYTES} bytes.`)
      return this.#translate(this.#decoder.decode(events))
    })
  }

  end(): Uint8Array {
    const { state } = this
    return this.#guarded(() => {
      const told = this.#translate(`${this.#decoder.decode(this.#buffer.rest())}\n\n`)
      return state.isFinished && !state.isDone && state.error === null ? told + this.#finish() : told
    })
  }

  /** Events of the chat stream, whole, as text of the caller's dialect. */
  #translate(text: string): string {
    let told = ''
    for (const { event, data } of parseEvents(text)) {
      if (this.state.isDone || this.state.error !== null) break
      if (data === '[DONE]') {
        told += this.#finish()
        continue
      }
      const chunk = parseChunk(data)
      if (chunk === null) continue
      told += event === 'error' || (chunk.error ?? null) !== null ? this.#fail(chunk) : this.#pass(chunk)
    }
    return told
  }

  #pass(chunk: ChatChunk): string {
    const { state } = this
    state.usage = usageOf(chunk) ?? state.usage
    if (carriesContent(chunk)) {
      state.hasContent = true
      state.tokens += tokensIn(chunk)
    }
    state.isFinished ||= chunk.choices?.some(isFinish) ?? false
    const told = write(this.#parts.translator.chunk(chunk))
    const error = failureOf(chunk) ?? refusalIn(chunk)
    return error === null ? told : told + this.#fail({ error })
  }

  #finish(): string {
    this.state.isFinished = this.state.isDone = true
    return write(this.#parts.translator.end())
  }

  #fail(chunk: ChatChunk): string {
    const { provider, errorEvent } = this.#parts
    this.state.error = chunk.error ?? chunk
    return errorEvent(providerErrorOf(provider, this.state.error))
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

const write = (events: readonly TypedEvent[]): string =>
  events.map((event) => formatEvent({ event: event.type, data: JSON.stringify(event) })).join('')

/** A whole completion as the chunk of a stream: some providers answer so to a client that wants a stream. */
export function chunksOf(completion: unknown): readonly ChatChunk[] {
  const answer = completion as Completion // every member may be missing: nothing is read but by the translator
  const choices = Array.isArray(answer?.choices) ? answer.choices : []
  const told = choices.flatMap((choice, index) => {
    if (typeof choice !== 'object' || choice === null) return []
    const { message, ...rest } = choice
    const calls = Array.isArray(message?.['tool_calls']) ? { tool_calls: message['tool_calls'].map(numbered) } : {}
    return [{ index, ...rest, delta: { ...message, ...calls } }]
  })
  return [{ ...answer, choices: told }]
}

/** What a chunk's finish reason says went wrong; `null`: nothing. */
const failureOf = ({ choices }: ChatChunk): object | null =>
  choices?.map((choice) => failureIn(choice?.finish_reason)).find((failure) => failure !== null) ?? null

/** What a whole completion says went wrong; `null`: nothing. */
export const failureOfCompletion = (completion: unknown): object | null => {
  const [chunk = {}] = chunksOf(completion)
  return failureOf(chunk)
}

/** Whether this is a completion with something to tell. */
export const isCompletion = (answer: unknown): boolean =>
  chunksOf(answer).some(({ choices }) => (choices?.length ?? 0) > 0)

interface Completion extends Omit<ChatChunk, 'choices'> {
  readonly choices?: readonly ({
    readonly message?: Readonly<Record<string, unknown>> | null
    readonly finish_reason?: string | null
  } | null)[]
}

const numbered = (call: unknown, index: number): unknown =>
  typeof call === 'object' && call !== null ? Object.assign({}, call, { index }) : call
