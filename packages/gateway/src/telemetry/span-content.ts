import type { Attributes } from '@opentelemetry/api'
import type { SpokenContent } from '../kernel/events.ts'
import {
  isObject,
  type JsonObject,
  objectsIn,
  parsed,
  partsOf,
  type SpanMessage,
  systemParts,
} from './span-messages.ts'
import { answerOf } from './span-answer.ts'

/** Of each attribute, in characters: collectors refuse or cut what is much longer. */
const LIMIT = 64 * 1024

/**
 * What was asked and answered, as the GenAI conventions write it: JSON in four attributes
 * (opentelemetry.io/docs/specs/semconv/gen-ai). Only for operators who have opted in. Of a conversation that is too long
 * its beginning is left out.
 */
export function contentAttributes(content: SpokenContent): Attributes {
  const request = parsed(content.request() ?? '')
  const answer = content.answer() ?? ''
  if (!isObject(request)) return {}
  return {
    ...attribute('gen_ai.system_instructions', systemParts(request['system'] ?? request['instructions'])),
    ...attribute('gen_ai.input.messages', inputMessages(request)),
    ...attribute('gen_ai.output.messages', answerOf(answer)),
    ...attribute('gen_ai.tool.definitions', objectsIn(request['tools']).map(definitionOf)),
  }
}

function attribute(name: string, list: readonly unknown[]): Attributes {
  let kept = list.map((entry) => JSON.stringify(entry))
  let length = kept.reduce((sum, text) => sum + text.length, 0)
  while (length > LIMIT) {
    length -= kept[0]?.length ?? length
    kept = kept.slice(1)
  }
  return kept.length === 0 ? {} : { [name]: `[${kept.join(',')}]` }
}

/** Chat and messages have `messages`; responses have `input`, a text or items. */
function inputMessages(request: JsonObject): readonly SpanMessage[] {
  const { input } = request
  if (typeof input === 'string') return [{ role: 'user', parts: partsOf(input) }]
  return objectsIn(request['messages'] ?? input).map((message) => {
    const parts = partsOf(message)
    const isResult = parts.some(({ type }) => type === 'tool_call_response')
    const { role } = message
    return { role: typeof role === 'string' ? role : isResult ? 'tool' : 'assistant', parts }
  })
}

/** Chat keeps a function one level below, messages call its schema otherwise. */
function definitionOf(tool: JsonObject): object {
  const own = isObject(tool['function']) ? tool['function'] : tool
  const { name, description, parameters = own['input_schema'] } = own
  return { type: typeof tool['type'] === 'string' ? tool['type'] : 'function', name, description, parameters }
}
