import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { parseEvents } from '@inference-gateway/protocol/sse'
import type { TokenUsage } from '../kernel/events.ts'
import { createEventBuffer } from './event-buffer.ts'
import { isNotable } from './notable.ts'
import { refusalIn } from './provider-error.ts'
import { usageOf } from './usage.ts'

/** What a tap has seen of a chat stream so far. */
export interface TapState {
  /** A delta with text, reasoning or a tool call has passed. */
  readonly hasContent: boolean
  /** `[DONE]` or a finish reason has passed: an end from here on is a proper end. */
  readonly isFinished: boolean
  readonly isDone: boolean
  /** The provider reported an error inside the stream. */
  readonly error: unknown
  readonly usage: TokenUsage | null
  /** What a byte of this stream is likely to hold, judged by the first event with content; 0 while there was none. */
  readonly tokensPerByte?: number
  /** What is likely to have passed, where every event is read. */
  readonly tokens?: number
  /** The usage tells what went in; what has come out is told at the end. */
  readonly isUsagePartial?: boolean
}

/**
 * Reads a chat stream while it passes. Bytes go in as they come from the network; whole events come out as soon as they
 * are whole, untouched but for the usage chunk, which is taken out when the client did not ask for it.
 */
export interface ChatTap {
  push(bytes: Uint8Array): Uint8Array
  /** The end of the stream: what is left is its last event, even without the blank line behind it. */
  end(): Uint8Array
  /** Whether the client stands between two events: only there may anything be put in. */
  readonly isBetweenEvents: boolean
  readonly state: TapState
}

/** An event longer than this passes in pieces as it comes, unread. */
const EVENT_LIMIT_BYTES = 1024 * 1024

const NOTHING = new Uint8Array(0)

/** The state of a stream of which nothing has passed. */
export const untouched = () => ({
  hasContent: false,
  isFinished: false,
  isDone: false,
  error: null as unknown,
  usage: null as TokenUsage | null,
})

/** `choices`: how many have to finish before an end without `[DONE]` is a proper one. */
export function createChatTap(hidesUsage: boolean, choices = 1): ChatTap {
  const finished = new Set<number>()
  const decoder = new TextDecoder()
  const buffer = createEventBuffer(EVENT_LIMIT_BYTES)
  const state = { ...untouched(), tokensPerByte: 0 }

  function read(events: Uint8Array): Uint8Array {
    if (events.byteLength === 0) return events
    if (buffer.isOversized || (state.hasContent && !isNotable(events))) return events
    return note(decoder.decode(events)) ? withoutUsageChunk(events) : events
  }

  /** Notes what the events say. Answers whether one of them is a usage chunk that must be hidden. */
  function note(text: string): boolean {
    let hides = false
    for (const { event, data } of parseEvents(text)) {
      if (data === '[DONE]') state.isFinished = state.isDone = true
      const chunk = parseChunk(data)
      if (chunk === null) continue
      if (event === 'error' || (chunk.error ?? null) !== null) state.error = chunk.error ?? chunk
      else state.error ??= refusalIn(chunk)
      state.usage = usageOf(chunk) ?? state.usage
      if (!state.hasContent && carriesContent(chunk)) {
        state.hasContent = true
        state.tokensPerByte = tokensIn(chunk) / (data.length + FRAME_BYTES)
      }
      for (const choice of chunk.choices ?? []) if (isFinish(choice)) finished.add(choice?.index ?? 0)
      state.isFinished ||= finished.size >= choices
      hides ||= hidesUsage && isUsageChunk(chunk)
    }
    return hides
  }

  return {
    push: (bytes) => read(buffer.push(bytes)),
    end() {
      const rest = buffer.rest()
      return note(`${decoder.decode(rest)}\n\n`) ? NOTHING : rest
    },
    get isBetweenEvents() {
      return !buffer.isOversized
    },
    state,
  }
}

/** A chunk of a chat stream; `null` when it is none. */
export function parseChunk(data: string, parse: (text: string) => unknown = JSON.parse): ChatChunk | null {
  if (data.trimStart()[0] !== '{') return null
  try {
    const chunk = parse(data) as ChatChunk // a provider's: every member may be something else
    return Array.isArray(chunk.choices) ? chunk : { ...chunk, choices: [] }
  } catch {
    return null // not ours to judge: the client gets it as it came
  }
}

/** The extra chunk that `include_usage` asks for: no choices, and usage. One that tells of an error is not hidden. */
const isUsageChunk = (chunk: ChatChunk): boolean =>
  chunk.choices?.length === 0 && usageOf(chunk) !== null && (chunk.error ?? null) === null

/** Whether a delta holds text, reasoning or a tool call. Completions of plain text have no delta, only `text`. */
export function carriesContent(chunk: ChatChunk): boolean {
  return (
    chunk.choices?.some((choice) => Object.entries(choice?.delta ?? {}).some(isContent) || Boolean(choice?.text)) ??
    false
  )
}

/** Some providers write an empty reason into every chunk. */
export const isFinish = (choice: NonNullable<ChatChunk['choices']>[number]): boolean =>
  typeof choice?.finish_reason === 'string' && choice.finish_reason !== ''

/** `data: ` and a blank line. */
const FRAME_BYTES = 8

const CHARACTERS_PER_TOKEN = 4

/** What a chunk is likely to hold: most providers send an event for every token, the others' deltas are longer. */
export const tokensIn = ({ choices }: ChatChunk): number =>
  likelyTokens(
    (choices ?? [])
      .flatMap((choice) => Object.entries(choice?.delta ?? {}))
      .filter(isContent)
      .reduce((length, [, value]) => length + (typeof value === 'string' ? value.length : 0), 0),
  )

/** Of an event with so many characters of text. */
export const likelyTokens = (characters: number): number => Math.max(1, characters / CHARACTERS_PER_TOKEN)

const isContent = ([name, value]: [string, unknown]): boolean =>
  name !== 'role' && value !== '' && value !== null && !(Array.isArray(value) && value.length === 0)

/** Up to and with the blank line. A CR before an LF is never a line end by itself. */
const EVENT = /[^]*?(?:\r\n|\n|\r(?!\n)){2}/g

/** The events but the usage chunks, as they were written: one character a byte, so that no byte is read as another. */
function withoutUsageChunk(bytes: Uint8Array): Uint8Array {
  const events =
    Array.from(bytes, (byte) => String.fromCharCode(byte))
      .join('')
      .match(EVENT) ?? []
  const kept = events.filter((event) => !parseEvents(event).some(({ data }) => isUsageChunk(parseChunk(data) ?? {})))
  return Uint8Array.from(kept.join(''), (character) => character.charCodeAt(0))
}
