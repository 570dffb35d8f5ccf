import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { formatEvent, type ServerSentEvent } from '@inference-gateway/protocol/sse'
import { failureIn } from '../providers/dialects/chat-pieces.ts'
import { parseExactly } from '../providers/dialects/exact-json.ts'
import { refusalIn } from './provider-error.ts'
import { RewritingTap, type RewritingTapParts } from './rewriting-tap.ts'
import { type ChatTap, isFinish, parseChunk } from './tap.ts'

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

export interface TranslatingTapParts extends RewritingTapParts {
  readonly translator: ChatTranslator
}

/** Reads a chat stream and gives out the caller's dialect. Never throws: chunks that make no sense are skipped. */
export const createTranslatingTap = (parts: TranslatingTapParts): ChatTap => new TranslatingTap(parts)

class TranslatingTap extends RewritingTap {
  readonly #translator: ChatTranslator
  #hasChoices = false

  constructor({ translator, ...parts }: TranslatingTapParts) {
    super(parts)
    this.#translator = translator
  }

  protected tell({ event, data }: ServerSentEvent): string {
    // Translated, a stream without a choice would become an empty answer that looks whole.
    if (data === '[DONE]') return this.#hasChoices ? this.finish() : this.fail({ message: NO_ANSWER })
    const chunk = parseChunk(data, parseExactly)
    if (chunk === null) return ''
    if (event === 'error' || (chunk.error ?? null) !== null) return this.fail(chunk.error ?? chunk)
    this.note(chunk)
    this.#hasChoices ||= (chunk.choices?.length ?? 0) > 0
    this.state.isFinished ||= chunk.choices?.some(isFinish) ?? false
    const told = write(this.#translator.chunk(chunk))
    const failure = failureOf(chunk) ?? refusalIn(chunk)
    return failure === null ? told : told + this.fail(failure)
  }

  protected close(): string {
    return write(this.#translator.end())
  }
}

const NO_ANSWER = 'The provider ended the stream without an answer.'

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
