import { isObject, type JsonObject } from '../providers/dialects/json.ts'
import { usageToChat } from '../providers/dialects/anthropic-messages/usage.ts'
import type { ChatTap } from './tap.ts'
import { createTypedTap } from './typed-tap.ts'

/** Reads a message's stream while it passes. Its usage comes in two parts: what went in first, what came out last. */
export function createMessagesTap(): ChatTap {
  let usage: JsonObject | null = null
  return createTypedTap((type, data) => {
    const message = isObject(data['message']) ? data['message'] : data
    const counted = isObject(message['usage']) ? message['usage'] : null
    if (counted !== null) usage = { ...usage, ...known(counted) }
    return {
      hasContent: type === 'content_block_delta',
      isFinished: type === 'message_stop',
      error: type === 'error' ? (data['error'] ?? data) : null,
      counted: counted === null || usage === null ? null : { usage: usageToChat(usage) },
      isPartial: type === 'message_start',
    }
  })
}

const known = (usage: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(usage).filter(([, count]) => count !== null))
