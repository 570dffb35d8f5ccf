import type { ChatTap } from './tap.ts'
import { createTypedTap, type EventData } from './typed-tap.ts'

/** Hears a response pass, streamed or whole. */
export interface HeardResponse {
  readonly tap: ChatTap
  /** For a whole answer, which stays as it is. */
  readonly whole: (bytes: Uint8Array<ArrayBuffer>, answer: unknown) => Uint8Array<ArrayBuffer>
  /** The number of the event that would come next. */
  readonly next: () => number
}

const ENDS = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled'])

/** Events before which nothing has been said: a failure up to here can be made good elsewhere. */
const PREAMBLE = new Set(['response.created', 'response.queued', 'response.in_progress', 'error', 'response.failed'])

/** `keep` is told the id of a response that its provider has stored. */
export function createResponsesTap(keep: (responseId: string) => void): HeardResponse {
  let next = 0
  const note = (response: unknown): void => {
    if (isObject(response) && typeof response['id'] === 'string' && response['store'] !== false) keep(response['id'])
  }
  const tap = createTypedTap((type, data) => {
    const { sequence_number: number, response } = data
    if (typeof number === 'number') next = number + 1
    if (type === 'response.created') note(response)
    const error = errorIn(type, data)
    return {
      hasContent: error === null && !PREAMBLE.has(type),
      isFinished: ENDS.has(type),
      error,
      counted: response,
    }
  })
  return {
    tap,
    whole(bytes, answer) {
      note(answer)
      return bytes
    },
    next: () => next,
  }
}

function errorIn(type: string, data: EventData): unknown {
  // Some servers tell an error as chat does, without a type.
  if (isObject(data['error']) || typeof data['error'] === 'string') return data['error']
  if (type === 'error') return data
  const { response } = data
  return type === 'response.failed' && isObject(response) ? (response['error'] ?? response) : null
}

const isObject = (value: unknown): value is EventData => typeof value === 'object' && value !== null
