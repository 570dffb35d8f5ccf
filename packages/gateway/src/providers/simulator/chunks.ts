import { callId, envelope, type Completion } from './completion.ts'
import { countTokens, tokens } from './tokens.ts'

/** One event of the stream, and how many tokens it took to think of it: what its pace is measured by. */
export interface Step {
  readonly data: string
  readonly tokens: number
}

type Delta = Readonly<Record<string, unknown>>

/** A part of the answer, before it is known to which choice it is told. */
interface Piece {
  readonly delta: (choice: number) => Delta
  readonly tokens: number
  readonly finishReason?: string
}

/**
 * The streamed reply: role first, then the answer token by token, the finish reason, the usage if it was asked for, and
 * `[DONE]`. The choices are told side by side, so each piece counts once however many choices there are.
 */
export function* chunks(completion: Completion, includeUsage: boolean): Generator<Step> {
  const head = envelope(completion, 'chat.completion.chunk')
  const usage = includeUsage ? { usage: null } : {} // the other chunks say so only to those who asked
  for (const { delta, tokens, finishReason = null } of pieces(completion)) {
    for (let index = 0; index < completion.choiceCount; index++) {
      const choices = [{ index, delta: delta(index), logprobs: null, finish_reason: finishReason }]
      yield { data: JSON.stringify({ ...head, choices, ...usage }), tokens: index === 0 ? tokens : 0 }
    }
  }
  if (includeUsage) yield { data: JSON.stringify({ ...head, choices: [], usage: completion.usage }), tokens: 0 }
  yield { data: '[DONE]', tokens: 0 }
}

function* pieces(completion: Completion): Generator<Piece> {
  const { reasoning, content, calls, finishReason } = completion.answer
  const start = content === null ? null : ''
  yield { delta: () => ({ role: 'assistant', content: start, refusal: null }), tokens: 0 }
  for (const text of tokens(reasoning)) yield { delta: () => ({ reasoning_content: text }), tokens: 1 }
  for (const text of tokens(content ?? '')) yield { delta: () => ({ content: text }), tokens: 1 }
  for (const [index, call] of calls.entries()) {
    const named = { name: call.name, arguments: '' }
    yield {
      delta: (choice) => ({
        tool_calls: [{ index, id: callId(completion, choice, index), type: 'function', function: named }],
      }),
      tokens: countTokens(call.name),
    }
    for (const text of tokens(call.arguments)) {
      yield { delta: () => ({ tool_calls: [{ index, function: { arguments: text } }] }), tokens: 1 }
    }
  }
  yield { delta: () => ({}), tokens: 0, finishReason }
}
