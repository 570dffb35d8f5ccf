import type { ChatChunk, CompletionUsage } from '@inference-gateway/protocol/chat'
import { isObject, type JsonObject } from '../json.ts'
import {
  type AnswerMessage,
  type Choice,
  type CompletionBody,
  type FinishReason,
  reasoningOf,
  textOf,
} from './completion.ts'
import { joined } from './join.ts'
import { partialJson } from './partial-json.ts'
import type { ToolCall } from './request.ts'

interface Told {
  /** Of `n` answers side by side; 0 when there is one. */
  readonly choice: number
}

/** A piece of the answer. */
export interface TextEvent extends Told {
  readonly type: 'text'
  readonly text: string
}

/** A piece of what the model thinks aloud. */
export interface ReasoningEvent extends Told {
  readonly type: 'reasoning'
  readonly text: string
}

/** A tool call grows. It is whole when the stream is: `final().toolCalls`. */
export interface ToolCallEvent extends Told {
  readonly type: 'tool_call'
  /** Counts the calls of the answer, from 0. */
  readonly index: number
  readonly id: string
  readonly name: string
  /** What came just now. */
  readonly delta: string
  /** All that has come of the arguments. */
  readonly arguments: string
  /** The arguments as far as they have come, read as JSON whose open ends are closed; `undefined` before anything can be. */
  readonly partial: unknown
}

/** A choice is complete, and why it ended. */
export interface FinishEvent extends Told {
  readonly type: 'finish'
  readonly reason: FinishReason
}

/** Comes once, at the end, when the provider counts. */
export interface UsageEvent {
  readonly type: 'usage'
  readonly usage: CompletionUsage
}

/** What a stream tells: `switch (event.type)` knows the rest. */
export type ChatEvent = TextEvent | ReasoningEvent | ToolCallEvent | FinishEvent | UsageEvent

interface GrowingCall {
  id: string
  name: string
  arguments: string
  /** Members that are not known here, such as signatures. */
  more: JsonObject
}

interface GrowingChoice {
  content: string | null
  more: JsonObject
  readonly calls: GrowingCall[]
  finishReason: FinishReason | null
}

/** Puts the chunks of a stream together. */
export interface Accumulator {
  /** What a chunk brings. */
  add(chunk: ChatChunk): readonly ChatEvent[]
  /** Whether there are choices, and each has said why it ended. */
  readonly hasFinished: boolean
  /** What has come so far, in the form of a whole answer. */
  body(): CompletionBody
}

export function createAccumulator(): Accumulator {
  const choices: GrowingChoice[] = []
  let head: JsonObject = {}
  let usage: CompletionUsage | null = null

  return {
    add(chunk) {
      const { choices: parts, usage: counted, ...rest } = chunk
      head = { ...rest, ...head }
      const events: ChatEvent[] = []
      for (const { index = 0, delta, finish_reason: reason } of parts ?? []) {
        const growing = (choices[index] ??= newChoice())
        events.push(...grow(growing, index, delta ?? {}))
        if (!reason) continue
        growing.finishReason = reason
        events.push({ type: 'finish', choice: index, reason })
      }
      if (counted) events.push({ type: 'usage', usage: (usage = counted) })
      return events
    },
    get hasFinished() {
      return choices.length > 0 && choices.every(({ finishReason }) => finishReason !== null)
    },
    body: () => {
      const { id = '', created = 0, model = '', ...rest } = head as Partial<CompletionBody> // chunks share the head
      return { ...rest, id, object: 'chat.completion', created, model, choices: choices.flatMap(choiceOf), usage }
    },
  }
}

const newChoice = (): GrowingChoice => ({ content: null, more: {}, calls: [], finishReason: null })

function grow(growing: GrowingChoice, choice: number, delta: JsonObject): ChatEvent[] {
  const events: ChatEvent[] = []
  const { role: _role, content, tool_calls: calls, ...more } = delta
  const thought = reasoningOf(delta)
  if (thought !== '') events.push({ type: 'reasoning', choice, text: thought })
  // It goes back under the name it came by; a thought among parts came by none.
  growing.more = joined(growing.more, more['reasoning'] ? more : { ...more, reasoning_content: thought })
  if (content !== null && content !== undefined) {
    const text = textOf(content)
    growing.content = (growing.content ?? '') + text
    if (text !== '') events.push({ type: 'text', choice, text })
  }
  if (Array.isArray(calls))
    for (const call of calls) if (isObject(call)) events.push(growCall(growing.calls, choice, call))
  return events
}

function growCall(calls: GrowingCall[], choice: number, piece: JsonObject): ToolCallEvent {
  const index = indexOf(calls, piece)
  const call = (calls[index] ??= { id: '', name: '', arguments: '', more: {} })
  const { index: _index, id, type: _type, function: called, ...more } = piece
  const said = isObject(called) ? called : {}
  call.more = joined(call.more, more)
  // Names and ids come once; some providers repeat them in every piece.
  if (typeof id === 'string' && call.id === '') call.id = id
  if (typeof said['name'] === 'string' && call.name === '') call.name = said['name']
  const delta = typeof said['arguments'] === 'string' ? said['arguments'] : ''
  const text = (call.arguments += delta)
  return {
    type: 'tool_call',
    choice,
    index,
    id: call.id,
    name: call.name,
    delta,
    arguments: text,
    get partial() {
      return partialJson(text) // read when somebody asks: most do not
    },
  }
}

/** Some providers leave the index out: then another id begins another call. */
function indexOf(calls: readonly GrowingCall[], { index, id }: JsonObject): number {
  if (typeof index === 'number') return index
  const last = calls.length - 1
  return typeof id === 'string' && calls[last]?.id !== id ? last + 1 : Math.max(0, last)
}

function choiceOf({ content, more, calls, finishReason }: GrowingChoice, index: number): Choice {
  // Calls that were never begun, where a provider counts from 1, are holes: flatMap leaves them out.
  const toolCalls = calls.flatMap(({ id, name, arguments: text, more: rest }): ToolCall[] => [
    { id, type: 'function', function: { name, arguments: text }, ...rest },
  ])
  const message: AnswerMessage = {
    role: 'assistant',
    content,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    ...more,
  }
  return { index, message, finish_reason: finishReason }
}
