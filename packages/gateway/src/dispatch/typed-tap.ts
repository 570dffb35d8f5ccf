import { parseEvents } from '@inference-gateway/protocol/sse'
import { createEventBuffer } from './event-buffer.ts'
import { type ChatTap, untouched } from './tap.ts'
import { usageOf } from './usage.ts'

/** What one event says of its stream. */
export interface EventNote {
  readonly hasContent: boolean
  /** The stream may properly end here. */
  readonly isFinished: boolean
  /** `null`: the event tells of none. */
  readonly error: unknown
  /** Where the usage stands; `usageOf` reads it. */
  readonly counted: unknown
}

export type EventData = Readonly<Record<string, unknown>>

/** The last event may hold a whole image, or a whole response. What is longer passes in pieces as it comes, unread. */
const EVENT_LIMIT_BYTES = 16 * 1024 * 1024

const NOTHING = new Uint8Array(0)

/** Reads a stream whose events name their `type` while it passes. Nothing of it is changed. */
export function createTypedTap(note: (type: string, data: EventData) => EventNote): ChatTap {
  const decoder = new TextDecoder()
  const buffer = createEventBuffer(EVENT_LIMIT_BYTES)
  const state = untouched()

  function read(bytes: Uint8Array, text: string): Uint8Array {
    for (const { event, data } of parseEvents(text)) {
      if (data === '[DONE]') state.isFinished = state.isDone = true
      const parsed = parse(data)
      if (parsed !== null) take(note(typeof parsed['type'] === 'string' ? parsed['type'] : event, parsed))
    }
    return bytes
  }

  function take({ hasContent, isFinished, error, counted }: EventNote): void {
    state.hasContent ||= hasContent
    if (isFinished) state.isFinished = state.isDone = true
    state.error ??= error
    state.usage = usageOf(counted) ?? state.usage
  }

  return {
    push(bytes) {
      const events = buffer.push(bytes)
      return events.byteLength === 0 ? events : read(events, decoder.decode(events))
    },
    end() {
      const rest = buffer.rest()
      return rest.byteLength === 0 ? NOTHING : read(rest, `${decoder.decode(rest)}\n\n`)
    },
    get isBetweenEvents() {
      return !buffer.isOversized
    },
    state,
  }
}

/** Transcripts, speech and images: the last event of each has `done` or `completed` behind its name. */
export const createMediaTap = (): ChatTap =>
  createTypedTap((type, data) => ({
    hasContent: true,
    isFinished: /\.(?:done|completed)$/.test(type),
    error: type === 'error' || isObject(data['error']) ? (data['error'] ?? data) : null,
    counted: data,
  }))

const isObject = (value: unknown): value is EventData => typeof value === 'object' && value !== null

function parse(data: string): EventData | null {
  if (data[0] !== '{') return null
  try {
    const value: EventData = JSON.parse(data)
    return value
  } catch {
    return null // not ours to judge: the client gets it as it came
  }
}
