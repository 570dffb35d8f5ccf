import { entryOf, type JsonObject, textOf } from '../json.ts'

const TO_CHAT: Readonly<Record<string, string>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
}

/** No answer has ended so: what there is of one is not to be used. */
const FAILURES = new Set(['ERROR', 'TIMEOUT'])

/** An answer that calls tools must say so: clients go by it. */
export function finishReasonOf(reason: unknown, callsTools: boolean): string {
  const told = entryOf(TO_CHAT, reason) ?? 'stop'
  return told === 'stop' && callsTools ? 'tool_calls' : told
}

/**
 * What went wrong, as an error's object, although the status was 200; `null`: nothing. Takes a whole answer, the `delta`
 * of a `message-end`, and Cohere's error `{id, message}`, which may stand where an event would.
 */
export function failureOf(ended: JsonObject): JsonObject | null {
  const reason = textOf(ended['finish_reason'])
  const told = textOf(ended['error']) || textOf(ended['message'])
  if (told === '' && !FAILURES.has(reason)) return null
  const code = textOf(ended['error_type']) || reason
  return {
    message: told || `Cohere ended the answer with ${reason}.`,
    ...(code === '' ? {} : { code }),
    ...(reason === 'TIMEOUT' ? { status: 504 } : {}),
  }
}
