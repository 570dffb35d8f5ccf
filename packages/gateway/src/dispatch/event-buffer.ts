import { lastEventEnd } from '@inference-gateway/protocol/sse'
import { concatenate } from './patch.ts'

/** Cuts a stream of events between events, however the network has cut it. */
export interface EventBuffer {
  /** The events that are whole by now, as they were written; often none. An event over the limit comes in pieces. */
  push(bytes: Uint8Array): Uint8Array
  /** What is left at the end of the stream: its last event, perhaps without the blank line behind it. */
  rest(): Uint8Array
  /** Whether pieces of an event over the limit are passing. */
  readonly isOversized: boolean
}

const NOTHING = new Uint8Array(0)

export function createEventBuffer(limitBytes: number): EventBuffer {
  let carry: Uint8Array = NOTHING
  let isOversized = false
  return {
    push(bytes) {
      const whole = carry.byteLength === 0 ? bytes : concatenate([carry, bytes])
      const end = lastEventEnd(whole, carry.byteLength)
      carry = NOTHING
      if (end === 0 && (isOversized || whole.byteLength > limitBytes)) {
        isOversized = true
        return whole
      }
      if (end > 0) isOversized = false
      if (end < whole.byteLength) carry = whole.subarray(end)
      return end === whole.byteLength ? whole : whole.subarray(0, end)
    },
    rest() {
      const rest = carry
      carry = NOTHING
      return rest
    },
    get isOversized() {
      return isOversized
    },
  }
}
