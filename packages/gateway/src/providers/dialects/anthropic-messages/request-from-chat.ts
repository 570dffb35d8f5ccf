import { numberOf } from '../exact-json.ts'
import { entryOf, isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { createLosses, type Losses } from '../losses.ts'
import { conversationFromChat } from './messages-from-chat.ts'
import type { TranslatedRequest } from './request-to-chat.ts'

const KNOWN = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'user',
  'reasoning_effort',
  'response_format',
  'thinking',
  'cache_control',
])

export interface MessagesTargetFacts {
  readonly model: string
  /** Holds where the client set no limit: Anthropic wants one. */
  readonly maxTokens: number
}

/**
 * A chat request as one to Anthropic's Messages. Members of Anthropic's own (`thinking`, `top_k`, `cache_control`) pass as
 * they are.
 */
export function requestFromChat(request: JsonObject, { model, maxTokens }: MessagesTargetFacts): TranslatedRequest {
  const losses = createLosses()
  for (const [name, value] of Object.entries(request)) if (!KNOWN.has(name) && value !== null) losses.add(name)
  const { system, messages } = conversationFromChat(request['messages'], losses)
  const limit = request['max_completion_tokens'] ?? request['max_tokens'] ?? maxTokens
  const { user, stream, temperature } = request
  const heat = numberOf(temperature)
  const body = {
    ...(system.length === 0 ? {} : { system }),
    messages,
    max_tokens: limit,
    ...pick(request, 'temperature', 'top_p', 'top_k', 'thinking', 'cache_control'),
    ...(heat !== null && heat > 1 ? { temperature: 1 } : {}),
    ...stopOf(request['stop']),
    ...toolsOf(request, losses),
    ...(typeof user === 'string' ? { metadata: { user_id: user } } : {}),
    ...outputOf(request, model, losses),
    ...(stream === true ? { stream } : {}),
  }
  if (heat !== null && heat > 1) losses.add('temperature')
  return { body, dropped: losses.names }
}

const pick = (request: JsonObject, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => ((request[name] ?? null) === null ? [] : [[name, request[name]]])))

/** Blank sequences are refused. */
function stopOf(stop: unknown): JsonObject {
  const written: readonly unknown[] = Array.isArray(stop) ? stop : [stop]
  const sequences = written.filter((sequence) => textOf(sequence).trim() !== '')
  return sequences.length === 0 ? {} : { stop_sequences: sequences }
}

function toolsOf({ tools, tool_choice: choice, parallel_tool_calls: isParallel }: JsonObject, losses: Losses) {
  const functions = objectsIn(tools).flatMap((tool) => toolOf(tool, losses))
  if (functions.length === 0) {
    if (!isFree(choice)) losses.add('tool_choice')
    return {}
  }
  const named = choiceOf(choice)
  if (named === null && (choice ?? null) !== null) losses.add('tool_choice')
  const chosen = named ?? (isParallel === false ? { type: 'auto' } : null)
  const serial = isParallel === false ? { disable_parallel_tool_use: true } : {}
  return { tools: functions, ...(chosen === null ? {} : { tool_choice: { ...chosen, ...serial } }) }
}

/** Whether a choice leaves the model free to call nothing. */
const isFree = (choice: unknown): boolean => (choice ?? null) === null || choice === 'auto' || choice === 'none'

const TOOL_MEMBERS = new Set(['type', 'function', 'cache_control'])
const FUNCTION_MEMBERS = new Set(['name', 'description', 'parameters', 'strict'])

function toolOf(tool: JsonObject, losses: Losses): readonly JsonObject[] {
  const { type, function: called, cache_control: mark } = tool
  if (!isObject(called)) {
    losses.add(`tools.${textOf(type)}`)
    return []
  }
  losses.addUnknown(tool, TOOL_MEMBERS, 'tools')
  losses.addUnknown(called, FUNCTION_MEMBERS, 'tools')
  const { name, parameters } = called
  // Anthropic wants the schema, and wants it to be an object's.
  const schema = { type: 'object', ...(isObject(parameters) ? parameters : { properties: {} }) }
  const marked = mark === undefined ? {} : { cache_control: mark }
  return [{ name, ...pick(called, 'description', 'strict'), input_schema: schema, ...marked }]
}

function choiceOf(choice: unknown): JsonObject | null {
  if (choice === 'auto' || choice === 'none') return { type: choice }
  if (choice === 'required') return { type: 'any' }
  const called = isObject(choice) ? choice['function'] : null
  return isObject(called) ? { type: 'tool', name: called['name'] } : null
}

/** Models from 4.6 on know efforts, and think as much as they find right. A date may stand in the place of the minor version. */
const KNOWS_EFFORT = /claude-[a-z]+-(?:4-(?:[6-9]|[1-9]\d)(?!\d)|[5-9](?!\d)|[1-9]\d(?!\d))/

const EFFORTS: Readonly<Record<string, string>> = { minimal: 'low', low: 'low', medium: 'medium', high: 'high' }

/** A schema stands without a name, and is always kept to. */
const SCHEMA_MEMBERS = new Set(['name', 'schema', 'strict'])

/** Asked for as JSON without a schema, Anthropic has no way to promise it. */
function outputOf(request: JsonObject, model: string, losses: Losses): JsonObject {
  const { response_format: format, reasoning_effort: effort } = request
  const told = isObject(format) && isObject(format['json_schema']) ? format['json_schema'] : {}
  const { schema } = told
  if (schema !== undefined) losses.addUnknown(told, SCHEMA_MEMBERS, 'response_format.json_schema')
  if (isObject(format) && schema === undefined && format['type'] !== 'text') losses.add('response_format')
  const known = KNOWS_EFFORT.test(model) ? entryOf(EFFORTS, effort) : undefined
  // An older model refuses efforts: its thinking is asked for with Anthropic's own `thinking`.
  if (known === undefined && textOf(effort) !== '') losses.add('reasoning_effort')
  const output = {
    ...(schema === undefined ? {} : { format: { type: 'json_schema', schema } }),
    ...(known === undefined ? {} : { effort: known }),
  }
  const thinks = known !== undefined && (request['thinking'] ?? null) === null
  return {
    ...(thinks ? { thinking: { type: 'adaptive' } } : {}),
    ...(Object.keys(output).length === 0 ? {} : { output_config: output }),
  }
}
