import { comparable } from '../exact-json.ts'
import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { createLosses, type Losses } from '../losses.ts'
import { messagesFromChat } from './messages-from-chat.ts'

/** What Cohere calls as chat does, and what is its own. */
const SAME = [
  'temperature',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'logprobs',
  'p',
  'k',
  'stop_sequences',
  'strict_tools',
  'thinking',
  'documents',
  'citation_options',
  'safety_mode',
  'priority',
  'raw_prompting',
] as const

/** What is told in other words. Usage comes with every stream, whatever `stream_options` say. */
const TOLD = [
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'top_p',
  'top_k',
  'stop',
  'tools',
  'tool_choice',
  'response_format',
  'reasoning_effort',
] as const

const KNOWN: ReadonlySet<string> = new Set([...SAME, ...TOLD])

/** What Cohere does anyway. */
const USUAL: JsonObject = { n: 1, parallel_tool_calls: true }

export interface RequestToCohere {
  readonly body: JsonObject
  /** What gets lost, each once. */
  readonly dropped: readonly string[]
}

/** A chat request as one to Cohere's Chat v2, without the model. Members of Cohere's own pass as they are, and win. */
export function requestFromChat(request: JsonObject): RequestToCohere {
  const losses = createLosses()
  for (const [name, value] of Object.entries(request))
    if (!KNOWN.has(name) && value !== null && comparable(value) !== USUAL[name]) losses.add(name)
  const { stream } = request
  const body = {
    messages: messagesFromChat(request['messages'], losses),
    ...(typeof stream === 'boolean' ? { stream } : {}),
    ...told('max_tokens', request['max_completion_tokens'] ?? request['max_tokens']),
    ...told('p', request['top_p']),
    ...told('k', request['top_k']),
    ...stopOf(request['stop']),
    ...thinkingOf(request, losses),
    ...toolsOf(request, losses),
    ...formatOf(request['response_format'], losses),
    ...Object.assign({}, ...SAME.map((name) => told(name, request[name]))),
  }
  return { body, dropped: losses.names }
}

const told = (name: string, value: unknown): JsonObject => ((value ?? null) === null ? {} : { [name]: value })

function stopOf(stop: unknown): JsonObject {
  const sequences = typeof stop === 'string' ? [stop] : stop
  return Array.isArray(sequences) && sequences.length > 0 ? { stop_sequences: sequences } : {}
}

/** As Cohere's compatible endpoint has it; it knows no other efforts. */
function thinkingOf({ reasoning_effort: effort = null, thinking }: JsonObject, losses: Losses): JsonObject {
  if (effort === null || isObject(thinking)) return {}
  if (effort === 'none') return { thinking: { type: 'disabled' } }
  return effort === 'high' ? { thinking: { type: 'enabled' } } : lost('reasoning_effort', losses)
}

/** Cohere can be told to call some function, but not which: to have one called, none but it is offered. */
function toolsOf({ tools, tool_choice: choice }: JsonObject, losses: Losses): JsonObject {
  const functions = objectsIn(tools).flatMap((tool) => functionIn(tool, losses))
  const wanted = isObject(choice) && isObject(choice['function']) ? choice['function']['name'] : null
  const named = functions.filter(({ name }) => name === wanted)
  const offered = named.length > 0 ? named : functions
  return {
    ...(offered.length === 0 ? {} : { tools: offered.map(toolOf) }),
    ...strictOf(offered, losses),
    ...(named.length > 0 ? { tool_choice: 'REQUIRED' } : choiceOf(choice, losses)),
  }
}

function functionIn({ type, function: called, ...others }: JsonObject, losses: Losses): readonly JsonObject[] {
  if (!isObject(called)) {
    losses.add(`tools.${textOf(type) || 'type'}`)
    return []
  }
  losses.addUnknown(others, NONE, 'tools')
  losses.addUnknown(called, FUNCTION, 'tools')
  return [called]
}

const NONE: ReadonlySet<string> = new Set()
const FUNCTION = new Set(['name', 'description', 'parameters', 'strict'])

/** Cohere wants a schema, also where there are no parameters. */
const toolOf = ({ name, description, parameters }: JsonObject): JsonObject => ({
  type: 'function',
  function: {
    name,
    ...told('description', description),
    parameters: isObject(parameters) ? parameters : { type: 'object', properties: {} },
  },
})

/** Cohere keeps strictly to all schemas, or to none. */
function strictOf(functions: readonly JsonObject[], losses: Losses): JsonObject {
  const strict = functions.filter((called) => called['strict'] === true)
  if (strict.length === 0) return {}
  return strict.length === functions.length ? { strict_tools: true } : lost('tools.strict', losses)
}

function choiceOf(choice: unknown, losses: Losses): JsonObject {
  if ((choice ?? null) === null || choice === 'auto') return {} // unless told otherwise, the model is free
  if (choice === 'none' || choice === 'NONE') return { tool_choice: 'NONE' }
  if (choice === 'required' || choice === 'REQUIRED') return { tool_choice: 'REQUIRED' }
  return lost('tool_choice', losses)
}

function lost(name: string, losses: Losses): JsonObject {
  losses.add(name)
  return {}
}

/** Cohere's schema stands without a name, and is always kept to. */
function formatOf(format: unknown, losses: Losses): JsonObject {
  if (!isObject(format)) return {}
  const { type, json_schema: told } = format
  if (type !== 'json_schema' || !isObject(told)) return { response_format: format }
  losses.addUnknown(told, SCHEMA, 'response_format.json_schema')
  const { schema } = told
  return { response_format: { type: 'json_object', ...(isObject(schema) ? { json_schema: schema } : {}) } }
}

const SCHEMA = new Set(['name', 'schema', 'strict'])
