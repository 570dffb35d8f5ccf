import { parseEvents } from '@inference-gateway/protocol/sse'
import { createEventBuffer } from './event-buffer.ts'
import { type ChatTap, likelyTokens, untouched } from './tap.ts'
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
  /** What is counted is only what went in: the rest is told later. */
  readonly isPartial?: boolean
}

export type EventData = Readonly<Record<string, unknown>>

/** The last event may hold a whole image, or a whole response. What is longer passes in pieces as it comes, unread. */
const EVENT_LIMIT_BYTES = 16 * 1024 * 1024

const NOTHING = new Uint8Array(0)

/** Reads a stream whose events name their `type` while it passes. Nothing of it is changed. */
export function createTypedTap(note: (type: string, data: EventData) => EventNote): ChatTap {
  const decoder = new TextDecoder()
  const buffer = createEventBuffer(EVENT_LIMIT_BYTES)
  const state = { ...untouched(), tokens: 0, isUsagePartial: false }

  function read(bytes: Uint8Array, text: string): Uint8Array {
    for (const { event, data } of parseEvents(text)) {
      if (data === '[DONE]') state.isFinished = state.isDone = true
      const parsed = parse(data)
      if (parsed === null) continue
      take(note(typeof parsed['type'] === 'string' ? parsed['type'] : event, parsed))
      const characters = charactersIn(parsed['delta'])
      if (characters > 0) state.tokens += likelyTokens(characters)
    }
    return bytes
  }

  function take({ hasContent, isFinished, error, counted, isPartial = false }: EventNote): void {
    state.hasContent ||= hasContent
    if (isFinished) state.isFinished = state.isDone = true
    state.error ??= error
    const usage = usageOf(counted)
    if (usage === null) return
    state.usage = usage
    state.isUsagePartial = isPartial
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

/** What a delta adds to the answer: text, thinking, arguments. What signs it is nobody's output. */
function charactersIn(delta: unknown): number {
  if (typeof delta === 'string') return delta.length
  if (!isObject(delta)) return 0
  return Object.entries(delta).reduce(
    (length, [name, value]) => length + (typeof value === 'string' && !UNSPOKEN.has(name) ? value.length : 0),
    0,
  )
}

const UNSPOKEN = new Set(['type', 'signature', 'stop_reason'])

const isObject = (value: unknown): value is EventData => typeof value === 'object' && value !== null

function parse(data: string): EventData | null {
  if (data.trimStart()[0] !== '{') return null
  try {
    const value: EventData = JSON.parse(data)
    return value
  } catch {
    return null // not ours to judge: the client gets it as it came
  }
}
