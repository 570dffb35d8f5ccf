import { entryOf } from '../json.ts'

const FROM_CHAT: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  model_length: 'max_tokens', // Mistral
  model_context_window_exceeded: 'model_context_window_exceeded', // Z.ai
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
  sensitive: 'refusal', // Z.ai
}

const TO_CHAT: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
}

/** How an answer ended, as far as chat told. */
export interface ChatEnding {
  readonly finishReason: unknown
  readonly callsTools: boolean
  readonly isRefusal: boolean
  /** The stop sequence that was met; vLLM and its kin tell it. */
  readonly stopSequence: unknown
}

export interface MessageEnding {
  readonly stop_reason: string
  readonly stop_sequence: string | null
}

/** Some providers end with `stop` although they call tools: the calls are what the client must go by. */
export function endingFromChat({ finishReason, callsTools, isRefusal, stopSequence }: ChatEnding): MessageEnding {
  const reason = entryOf(FROM_CHAT, finishReason) ?? 'end_turn'
  if (isRefusal) return { stop_reason: 'refusal', stop_sequence: null }
  // Without a call there is nothing that a client could answer to.
  const isPlain = reason === 'end_turn' || reason === 'tool_use'
  if (!isPlain) return { stop_reason: reason, stop_sequence: null }
  if (callsTools) return { stop_reason: 'tool_use', stop_sequence: null }
  return typeof stopSequence === 'string'
    ? { stop_reason: 'stop_sequence', stop_sequence: stopSequence }
    : { stop_reason: 'end_turn', stop_sequence: null }
}

export const finishReasonOf = (stopReason: unknown): string => entryOf(TO_CHAT, stopReason) ?? 'stop'
