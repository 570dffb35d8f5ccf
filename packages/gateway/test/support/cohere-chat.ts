import { isObject, type JsonObject, objectsIn, textOf } from '../../src/providers/dialects/json.ts'

/** The ways back, for round trips, and Cohere's own way between a stream and an answer. */

const memberOf = (value: unknown, name: string): JsonObject =>
  isObject(value) && isObject(value[name]) ? value[name] : {}

const CHOICES: Readonly<Record<string, string>> = { REQUIRED: 'required', NONE: 'none' }

/** A recorded request to Cohere as a client of chat would have written it. */
export function chatFromCohereRequest(request: JsonObject): JsonObject {
  const { messages, p, k, stop_sequences: stop, tool_choice: choice, response_format: format, ...same } = request
  const schema = isObject(format) ? format['json_schema'] : undefined
  return {
    ...same,
    messages: objectsIn(messages).map(chatMessage),
    ...(p === undefined ? {} : { top_p: p }),
    ...(k === undefined ? {} : { top_k: k }),
    ...(stop === undefined ? {} : { stop }),
    ...(choice === undefined ? {} : { tool_choice: CHOICES[textOf(choice)] }),
    ...(schema === undefined ? {} : { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }),
    ...(format === undefined || schema !== undefined ? {} : { response_format: format }),
  }
}

function chatMessage(message: JsonObject): JsonObject {
  const parts = objectsIn(message['content'])
  const plan = textOf(message['tool_plan'])
  const reasoning = parts.map(({ thinking }) => textOf(thinking)).join('') + plan
  if (reasoning === '') return message
  const spoken = parts.filter(({ type }) => type !== 'thinking')
  return { ...message, content: spoken.length === 0 ? null : spoken, reasoning_content: reasoning }
}

const REASONS: Readonly<Record<string, string>> = { stop: 'COMPLETE', length: 'MAX_TOKENS', tool_calls: 'TOOL_CALL' }

/** What Cohere would have said to get such a completion. */
export function answerFromChat(completion: JsonObject): JsonObject {
  const [choice = {}] = objectsIn(completion['choices'])
  const { content, reasoning_content: reasoning, tool_plan: plan, ...message } = memberOf(choice, 'message')
  const thinking = textOf(reasoning).slice(0, textOf(reasoning).length - textOf(plan).length)
  const parts = [
    ...(thinking === '' ? [] : [{ type: 'thinking', thinking }]),
    ...(typeof content === 'string' ? [{ type: 'text', text: content }] : []),
  ]
  return {
    id: completion['id'],
    message: {
      ...message,
      ...(plan === undefined ? {} : { tool_plan: plan }),
      ...(parts.length === 0 ? {} : { content: parts }),
    },
    finish_reason: REASONS[textOf(choice['finish_reason'])],
    usage: usageFromChat(memberOf(completion, 'usage')),
  }
}

function usageFromChat(usage: JsonObject): JsonObject {
  const { cached_tokens: cached, image_tokens: image } = memberOf(usage, 'prompt_tokens_details')
  const { reasoning_tokens: reasoning } = memberOf(usage, 'completion_tokens_details')
  return {
    tokens: {
      input_tokens: Number(usage['prompt_tokens']) - Number(image ?? 0),
      output_tokens: usage['completion_tokens'],
      ...(image === undefined ? {} : { image_tokens: image }),
      ...(reasoning === undefined ? {} : { reasoning_tokens: reasoning }),
    },
    cached_tokens: cached,
  }
}

/** A stream of chat put together, as OpenAI's SDKs do. */
export function accumulateChat(chunks: readonly JsonObject[]): JsonObject {
  const message: Record<string, unknown> = {}
  const calls: Record<string, unknown>[] = []
  const citations: JsonObject[] = []
  let finish: unknown = null
  const completion: Record<string, unknown> = {}
  for (const { object: _object, choices, ...chunk } of chunks) {
    Object.assign(completion, chunk)
    for (const { delta, finish_reason: reason } of objectsIn(choices)) {
      finish = reason ?? finish
      for (const [name, value] of Object.entries(isObject(delta) ? delta : {})) {
        if (name === 'tool_calls') for (const piece of objectsIn(value)) addCall(calls, piece)
        else if (name === 'citations') for (const each of objectsIn(value)) addCitation(citations, each)
        else message[name] = name === 'role' ? value : textOf(message[name]) + textOf(value)
      }
    }
  }
  // A stream begins with an empty text, whether or not one follows.
  message['content'] ||= null
  const more = { ...(calls.length > 0 && { tool_calls: calls }), ...(citations.length > 0 && { citations }) }
  const choice = { index: 0, message: { ...message, ...more }, logprobs: null, finish_reason: finish }
  return { ...completion, object: 'chat.completion', choices: [choice] }
}

/** Throws where one is numbered wrongly: some SDKs put them together by their numbers. */
function addCitation(citations: JsonObject[], { index, ...citation }: JsonObject): void {
  if (index !== citations.length) throw new Error(`Out of order: ${JSON.stringify(index)}`)
  citations.push(citation)
}

/** Throws where a piece has no beginning, or a call begins twice. */
function addCall(calls: Record<string, unknown>[], { index, ...piece }: JsonObject): void {
  const at = Number(index)
  const known = calls[at]
  if (known === undefined && at === calls.length && textOf(piece['id']) !== '') return void calls.push(piece)
  if (known === undefined || piece['id'] !== undefined) throw new Error(`Out of order: ${JSON.stringify(piece)}`)
  const { name, arguments: before } = memberOf(known, 'function')
  const written = textOf(before) + textOf(memberOf(piece, 'function')['arguments'])
  known['function'] = { name, arguments: written }
}

/** A stream of Cohere's put together, as its own SDKs' users have to. */
export function answerFromEvents(events: readonly JsonObject[]): JsonObject {
  const content: Record<string, unknown>[] = []
  const calls: Record<string, unknown>[] = []
  const citations: JsonObject[] = []
  let plan = ''
  let answer: JsonObject = {}
  for (const { type, id, index, delta } of events) {
    const message = memberOf(delta, 'message')
    const at = Number(index)
    if (type === 'message-start') answer = { id }
    if (type === 'content-start') content[at] = { ...memberOf(message, 'content') }
    if (type === 'content-delta')
      for (const [name, piece] of Object.entries(memberOf(message, 'content')))
        content[at] = { ...content[at], [name]: textOf(content[at]?.[name]) + textOf(piece) }
    if (type === 'tool-plan-delta') plan += textOf(message['tool_plan'])
    if (type === 'tool-call-start') calls[at] = { ...memberOf(message, 'tool_calls') }
    if (type === 'tool-call-delta') {
      const { name, arguments: before } = memberOf(calls[at], 'function')
      const piece = memberOf(memberOf(message, 'tool_calls'), 'function')['arguments']
      calls[at] = { ...calls[at], function: { name, arguments: textOf(before) + textOf(piece) } }
    }
    if (type === 'citation-start') citations.push(memberOf(message, 'citations'))
    if (type === 'message-end') answer = { ...answer, ...(isObject(delta) ? delta : {}) }
  }
  const said = { content, tool_plan: plan, tool_calls: calls, citations }
  return { ...answer, message: { role: 'assistant', ...said } }
}

/** The events Cohere would tell an answer in. */
export function eventsFromAnswer({ id, message, finish_reason, usage }: JsonObject): readonly JsonObject[] {
  const said = isObject(message) ? message : {}
  const event = (type: string, index: number | undefined, told: JsonObject) => ({
    type,
    index,
    delta: { message: told },
  })
  const content = objectsIn(said['content']).flatMap((part, index) => {
    const name = part['type'] === 'thinking' ? 'thinking' : 'text'
    const deltas = pieces(textOf(part[name])).map((piece) =>
      event('content-delta', index, { content: { [name]: piece } }),
    )
    return [event('content-start', index, { content: { type: name, [name]: '' } })].concat(deltas)
  })
  const calls = objectsIn(said['tool_calls']).flatMap((call, index) => {
    const { name, arguments: written } = memberOf(call, 'function')
    const deltas = pieces(textOf(written)).map((piece) =>
      event('tool-call-delta', index, { tool_calls: { function: { arguments: piece } } }),
    )
    const begun = event('tool-call-start', index, { tool_calls: { ...call, function: { name, arguments: '' } } })
    return [begun].concat(deltas, event('tool-call-end', index, {}))
  })
  return [
    { id, ...event('message-start', undefined, { role: 'assistant', content: [] }) },
    ...content,
    ...pieces(textOf(said['tool_plan'])).map((plan) => event('tool-plan-delta', undefined, { tool_plan: plan })),
    ...calls,
    ...objectsIn(said['citations']).map((citation, index) => event('citation-start', index, { citations: citation })),
    { type: 'message-end', delta: { finish_reason, usage } },
  ]
}

const pieces = (text: string): readonly string[] => text.match(/[^]{1,5}/gu) ?? []
