import { formatEvent, parseEvents } from '@inference-gateway/protocol/sse'
import { type JsonObject, parseObject } from '../providers/dialects/json.ts'
import { ChatStream } from '../providers/dialects/anthropic-messages/stream-to-chat.ts'
import { createMessagesTap } from './messages-tap.ts'
import { providerErrorOf } from './provider-error.ts'
import type { ChatTap } from './tap.ts'

export interface ChatFromMessagesParts {
  /** Unix seconds; chunks tell it, messages do not. */
  readonly created: number
  /** Whether the client asked for the usage chunk. */
  readonly wantsUsage: boolean
  readonly provider: string
  /** An error as the last event of the stream, in the caller's envelope. */
  readonly errorEvent: (error: unknown) => string
}

const NOTHING = new Uint8Array(0)
const encoder = new TextEncoder()

/** Reads a message's stream and gives out a chat's. Never throws: what it does not know it leaves out. */
export function createChatFromMessagesTap(parts: ChatFromMessagesParts): ChatTap {
  const { created, wantsUsage, provider, errorEvent } = parts
  const decoder = new TextDecoder()
  const read = createMessagesTap()
  const chat = new ChatStream(created)
  let failure: unknown = null

  function tell(events: Uint8Array): Uint8Array {
    if (failure !== null || events.byteLength === 0) return NOTHING
    if (!read.isBetweenEvents) return fail({ message: 'An event of the stream is too long to be translated.' })
    let told = ''
    for (const { data } of parseEvents(`${decoder.decode(events)}\n\n`)) {
      const event = parseObject(data)
      if (event?.['type'] === 'error') return fail(event['error'], told)
      if (event !== null) told += chunksOf(event)
    }
    return encoder.encode(told)
  }

  function chunksOf(event: JsonObject): string {
    const chunks = chat
      .event(event)
      .filter(({ choices }) => wantsUsage || !(Array.isArray(choices) && choices.length === 0))
    const told = chunks.map((chunk) => formatEvent({ data: JSON.stringify(chunk) })).join('')
    return event['type'] === 'message_stop' ? `${told}data: [DONE]\n\n` : told
  }

  function fail(error: unknown, told = ''): Uint8Array {
    failure = error
    return encoder.encode(told + errorEvent(providerErrorOf(provider, error)))
  }

  return {
    push: (bytes) => tell(read.push(bytes)),
    end: () => tell(read.end()),
    // Only whole events are given out.
    isBetweenEvents: true,
    get state() {
      return failure === null ? read.state : { ...read.state, error: failure }
    },
  }
}
