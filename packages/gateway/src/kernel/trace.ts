/** Where an exchange stands in a trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string
  /** Of the exchange itself: 16 hex digits. */
  readonly spanId: string
  /** The client's span, when it sent one. */
  readonly parentSpanId: string | null
  /** Whether the trace is recorded. Those who come after us are told, and may do the same. */
  readonly isSampled: boolean
  /** The client's `tracestate`, passed on as it came; `null`: none. */
  readonly state: string | null
}

const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-.*)?$/

/** A tracestate longer than that is dropped, as the recommendation allows. */
const STATE_LIMIT = 512

/** What a client's trace headers say; `null` when they say nothing that can be understood. */
export function readTraceParent(headers: Headers): Omit<TraceContext, 'spanId'> | null {
  const [, traceId, parentSpanId, flags = '00'] = TRACEPARENT.exec(headers.get('traceparent') ?? '') ?? []
  if (traceId === undefined || parentSpanId === undefined) return null
  const state = headers.get('tracestate')
  return {
    traceId,
    parentSpanId,
    isSampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: state !== null && state.length <= STATE_LIMIT ? state : null,
  }
}

/** The headers that name a span of this trace as the sender. */
export function traceHeaders({ traceId, isSampled, state }: TraceContext, spanId: string): Record<string, string> {
  const traceparent = `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
  return state === null ? { traceparent } : { traceparent, tracestate: state }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function randomHex(bytes: number): string {
  let text = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) text += HEX[byte] ?? ''
  // An id of zeros alone is none.
  return /[1-9a-f]/.test(text) ? text : randomHex(bytes)
}

export const newTraceId = (): string => randomHex(16)
export const newSpanId = (): string => randomHex(8)
