import { isObject, type JsonObject, objectsIn, textOf } from '../../src/providers/dialects/json.ts'

/** The way back, for round trips: what a provider of chat would have said to get such a response. */

const usageToChat = (value: unknown): JsonObject => {
  const usage = isObject(value) ? value : {}
  const input = isObject(usage['input_tokens_details']) ? usage['input_tokens_details'] : {}
  const output = isObject(usage['output_tokens_details']) ? usage['output_tokens_details'] : {}
  return {
    prompt_tokens: usage['input_tokens'],
    completion_tokens: usage['output_tokens'],
    total_tokens: usage['total_tokens'],
    prompt_tokens_details: { cached_tokens: input['cached_tokens'] ?? 0 },
    completion_tokens_details: { reasoning_tokens: output['reasoning_tokens'] ?? 0 },
  }
}

const FINISH: Readonly<Record<string, string>> = { max_output_tokens: 'length', content_filter: 'content_filter' }

function finishOf(response: JsonObject): string {
  const details = isObject(response['incomplete_details']) ? response['incomplete_details'] : {}
  const calls = objectsIn(response['output']).some(({ type }) => type === 'function_call')
  return FINISH[textOf(details['reason'])] ?? (calls ? 'tool_calls' : 'stop')
}

const reasoningIn = ({ summary, content }: JsonObject): string =>
  [...objectsIn(summary), ...objectsIn(content)].map(({ text }) => textOf(text)).join('')

/** A recorded response as a chat completion. */
export function chatFromResponse(response: JsonObject): JsonObject {
  const items = objectsIn(response['output'])
  const said = items.filter(({ type }) => type === 'message').flatMap(({ content }) => objectsIn(content))
  const calls = items.filter(({ type }) => type === 'function_call')
  const message = {
    role: 'assistant',
    reasoning_content: items
      .filter(({ type }) => type === 'reasoning')
      .map(reasoningIn)
      .join(''),
    content: said.map(({ text }) => textOf(text)).join(''),
    refusal: said.map(({ refusal }) => textOf(refusal)).join('') || null,
    tool_calls: calls.map(({ call_id: id, name, arguments: written }) => ({
      id,
      type: 'function',
      function: { name, arguments: written },
    })),
  }
  const { created_at: created, model } = response
  const choices = [{ index: 0, message, finish_reason: finishOf(response) }]
  return { id: 'x', object: 'chat.completion', created, model, choices, usage: usageToChat(response['usage']) }
}

/** Tells the recorded events of a response as the chunks of a chat. */
export function createChunksFromResponse(): (event: JsonObject) => readonly JsonObject[] {
  let calls = -1
  let head: JsonObject = {}
  const chunk = (delta: JsonObject, more: JsonObject = {}) => [
    { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: null, ...more }] },
  ]
  return (event) => {
    const { type, delta, item, response } = event
    switch (type) {
      case 'response.created':
        head = isObject(response) ? { id: 'x', created: response['created_at'], model: response['model'] } : {}
        return chunk({ role: 'assistant', content: '' })
      case 'response.output_text.delta':
        return chunk({ content: delta })
      case 'response.refusal.delta':
        return chunk({ refusal: delta })
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return chunk({ reasoning_content: delta })
      case 'response.output_item.added':
        if (!isObject(item) || item['type'] !== 'function_call') return []
        return chunk({
          tool_calls: [
            {
              index: ++calls,
              id: item['call_id'],
              type: 'function',
              function: { name: item['name'], arguments: item['arguments'] },
            },
          ],
        })
      case 'response.function_call_arguments.delta':
        return chunk({ tool_calls: [{ index: calls, function: { arguments: delta } }] })
      case 'response.completed':
      case 'response.incomplete': {
        const ended = isObject(response) ? response : {}
        const usage = { ...head, object: 'chat.completion.chunk', choices: [], usage: usageToChat(ended['usage']) }
        return [...chunk({}, { finish_reason: finishOf(ended) }), usage]
      }
      default:
        return []
    }
  }
}
