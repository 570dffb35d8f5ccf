import { type JsonObject, textOf } from '../json.ts'

const TO_CHAT = new Map([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['LANGUAGE', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
  ['IMAGE_RECITATION', 'content_filter'],
])

/** The model tried to call a tool and could not: an answer without the call would look whole. */
const FAILURES = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
  'MALFORMED_RESPONSE',
])

/** Google says STOP when it calls tools too. */
export function finishReasonOf(reason: string, callsTools: boolean): string {
  const told = TO_CHAT.get(reason) ?? 'stop'
  return told === 'stop' && callsTools ? 'tool_calls' : told
}

/** Whether a reason is one that chat's word for it says all about. */
export const isPlain = (reason: string): boolean => reason === 'STOP' || reason === 'MAX_TOKENS'

/** What went wrong, as an error; `null`: nothing. For reasons that nobody knows, an answer with words in it is one. */
export function failureOf(candidate: JsonObject, hasSaid: boolean): JsonObject | null {
  const reason = textOf(candidate['finishReason'])
  if (reason === '' || (!FAILURES.has(reason) && (hasSaid || TO_CHAT.has(reason)))) return null
  const message = textOf(candidate['finishMessage']) || `The model ended its answer with ${reason}.`
  return { message, type: 'api_error', code: reason }
}
