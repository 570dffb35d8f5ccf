import { parseEvents } from '@inference-gateway/protocol/sse'
import { isObject, type JsonObject, objectsIn, parsed, partsOf, type SpanMessage } from './span-messages.ts'

/** What was answered, whole or as the events of a stream, in the dialect of the client. */
export function answerOf(answer: string): readonly SpanMessage[] {
  const whole = parsed(answer)
  if (isObject(whole)) return messagesIn(whole)
  const events = parseEvents(`${answer}\n\n`)
    .map(({ data }) => parsed(data))
    .filter(isObject)
  const response = events.findLast((event) => isObject(event['response']))?.['response']
  if (isObject(response)) return messagesIn(response)
  return messagesIn(
    events.some(({ type }) => type === 'message_start') ? gatheredMessage(events) : gatheredChat(events),
  )
}

function messagesIn(answer: JsonObject): readonly SpanMessage[] {
  const { choices, content, output } = answer
  if (Array.isArray(choices))
    return objectsIn(choices).map(({ message, finish_reason: reason }) => spoken(partsOf(message), reason))
  if (Array.isArray(content)) return [spoken(partsOf({ content }), answer['stop_reason'])]
  return Array.isArray(output) ? [spoken(objectsIn(output).flatMap(partsOf), answer['status'])] : []
}

function spoken(parts: SpanMessage['parts'], reason: unknown): SpanMessage {
  return { role: 'assistant', parts, ...(typeof reason === 'string' && { finish_reason: reason }) }
}

type Draft = Record<string, unknown>

const append = (before: unknown, more: unknown): unknown =>
  typeof more === 'string' ? (typeof before === 'string' ? before + more : more) : before

/** The member of a list with this index, made where there is none. */
function at(drafts: Map<unknown, Draft>, index: unknown): Draft {
  const draft = drafts.get(index) ?? {}
  drafts.set(index, draft)
  return draft
}

/** The chunks of a chat as one completion. */
function gatheredChat(chunks: readonly JsonObject[]): JsonObject {
  const choices = new Map<unknown, Draft>()
  const calls = new Map<unknown, Map<unknown, Draft>>()
  for (const { index = 0, delta, finish_reason: reason } of chunks.flatMap((chunk) => objectsIn(chunk['choices']))) {
    const choice = at(choices, index)
    choice['finish_reason'] = reason ?? choice['finish_reason']
    if (!isObject(delta)) continue
    choice['content'] = append(choice['content'], delta['content'])
    choice['reasoning'] = append(choice['reasoning'], delta['reasoning_content'] ?? delta['reasoning'])
    const known = calls.get(index) ?? new Map<unknown, Draft>()
    calls.set(index, known)
    for (const { index: place, id, function: called } of objectsIn(delta['tool_calls'])) {
      const call = at(known, place)
      call['id'] ??= id
      if (!isObject(called)) continue
      call['name'] ??= called['name']
      call['arguments'] = append(call['arguments'], called['arguments'])
    }
  }
  return {
    choices: Array.from(choices, ([index, { finish_reason: reason, ...message }]) => ({
      message: { ...message, tool_calls: Array.from(calls.get(index)?.values() ?? [], toolCall) },
      finish_reason: reason,
    })),
  }
}

const toolCall = ({ id, ...called }: Draft): JsonObject => ({ id, function: called })

/** The events of a message as one message. */
function gatheredMessage(events: readonly JsonObject[]): JsonObject {
  const blocks = new Map<unknown, Draft>()
  let reason: unknown = null
  for (const { type, index, delta, content_block: block } of events) {
    if (type === 'content_block_start' && isObject(block)) Object.assign(at(blocks, index), block, { input: '' })
    if (!isObject(delta)) continue
    if (type === 'message_delta') reason = delta['stop_reason']
    if (type !== 'content_block_delta') continue
    const draft = at(blocks, index)
    draft['text'] = append(draft['text'], delta['text'])
    draft['thinking'] = append(draft['thinking'], delta['thinking'])
    draft['input'] = append(draft['input'], delta['partial_json'])
  }
  return { content: [...blocks.values()], stop_reason: reason }
}
