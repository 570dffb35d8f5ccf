import { numberOf } from '../exact-json.ts'
import { entryOf, isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { createLosses, type Losses } from '../losses.ts'
import { chatMessages, type Extensions } from './messages-to-chat.ts'

export interface ChatTargetFacts {
  /** What the provider understands beyond OpenAI's chat. */
  readonly extensions: Extensions
  /** Whether the model knows `reasoning_effort`: others refuse a request that names it. */
  readonly takesEffort: boolean
}

/** A request in OpenAI's words. */
export interface TranslatedRequest {
  /** Without `model`. */
  readonly body: JsonObject
  /** What could not be said, by place: `top_k`, `messages.document`. */
  readonly dropped: readonly string[]
}

/** Top-level members with a counterpart in chat. */
const KNOWN = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'stream',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'metadata',
  'thinking',
  'output_config',
  'output_format',
  'cache_control',
])

/** A request to Anthropic's Messages as one to OpenAI's chat completions. What makes no sense is left to the provider. */
export function requestToChat(request: JsonObject, { extensions, takesEffort }: ChatTargetFacts): TranslatedRequest {
  const losses = createLosses()
  const options = { losses, extensions, keepsCacheControl: extensions.has('cache_control') }
  const { stop_sequences: stop, top_k: topK, stream } = request
  const messages = chatMessages(request, options)
  for (const [name, value] of Object.entries(request)) if (!KNOWN.has(name) && value !== null) losses.add(name)
  if (isObject(request['cache_control'])) losses.add('cache_control')
  const keepsTopK = extensions.has('top_k')
  if ((topK ?? null) !== null && !keepsTopK) losses.add('top_k')
  const body = {
    messages,
    ...pick(request, 'max_tokens', 'temperature', 'top_p', ...(keepsTopK ? ['top_k'] : [])),
    ...(Array.isArray(stop) && stop.length > 0 ? { stop } : {}),
    ...toolsOf(request, losses),
    ...userOf(request['metadata'], losses),
    ...formatOf(request, losses),
    ...effortOf(request, takesEffort, losses),
    ...(stream === true ? { stream } : {}),
  }
  return { body, dropped: losses.names }
}

const pick = (request: JsonObject, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => ((request[name] ?? null) === null ? [] : [[name, request[name]]])))

const TOOL_MEMBERS = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control'])

function toolsOf({ tools, tool_choice: choice }: JsonObject, losses: Losses): JsonObject {
  const functions = objectsIn(tools).flatMap((tool) => functionOf(tool, losses))
  const names = new Set(functions.map(({ function: called }) => (isObject(called) ? called['name'] : null)))
  if (functions.length > 0) return { tools: functions, ...(isObject(choice) ? choiceOf(choice, names, losses) : {}) }
  // Without tools there is nothing to choose, and providers refuse the choice.
  if (isObject(choice) && choice['type'] !== 'auto' && choice['type'] !== 'none') losses.add('tool_choice')
  return {}
}

function functionOf(tool: JsonObject, losses: Losses): readonly JsonObject[] {
  const { type = 'custom', name, description, input_schema: schema, strict } = tool
  if (type !== 'custom' && type !== null) {
    losses.add(`tools.${textOf(type)}`)
    return []
  }
  if ((tool['cache_control'] ?? null) !== null) losses.add('cache_control')
  losses.addUnknown(tool, TOOL_MEMBERS, 'tools')
  const parameters = isObject(schema) ? schema : { type: 'object', properties: {} }
  return [
    {
      type: 'function',
      function: { name, ...pick({ description, strict }, 'description'), parameters, ...pick({ strict }, 'strict') },
    },
  ]
}

const CHOICE_MEMBERS = new Set(['type', 'name', 'disable_parallel_tool_use'])

/** What was left out cannot be chosen: providers refuse that. */
function choiceOf(chosen: JsonObject, names: ReadonlySet<unknown>, losses: Losses): JsonObject {
  const { type, name, disable_parallel_tool_use: isSerial } = chosen
  losses.addUnknown(chosen, CHOICE_MEMBERS, 'tool_choice')
  const choices: Readonly<Record<string, unknown>> = {
    auto: 'auto',
    none: 'none',
    any: 'required',
    ...(names.has(name) && { tool: { type: 'function', function: { name } } }),
  }
  const choice = entryOf(choices, type)
  if (choice === undefined) losses.add('tool_choice')
  return {
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...(isSerial === true ? { parallel_tool_calls: false } : {}),
  }
}

/** Longer ids are refused. */
const USER_LIMIT = 64

function userOf(metadata: unknown, losses: Losses): JsonObject {
  if (!isObject(metadata)) return {}
  const { user_id: user, ...others } = metadata
  losses.addUnknown(others, new Set(), 'metadata')
  if (typeof user !== 'string') return {}
  if (user.length <= USER_LIMIT) return { user }
  losses.add('metadata.user_id')
  return {}
}

/** `output_format` is the older name. */
function formatOf({ output_config: config, output_format: older }: JsonObject, losses: Losses): JsonObject {
  const isNew = isObject(config) && isObject(config['format'])
  const format = isNew ? config['format'] : older
  if (!isObject(format)) return {}
  const place = isNew ? 'output_config.format' : 'output_format'
  if (format['type'] !== 'json_schema') {
    losses.add(place)
    return {}
  }
  losses.addUnknown(format, FORMAT_MEMBERS, place)
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: format['schema'] } } }
}

const FORMAT_MEMBERS = new Set(['type', 'schema'])

/** Efforts that chat has no name for are the highest it has. */
const EFFORTS: Readonly<Record<string, string>> = {
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}

function effortOf({ thinking, output_config: config }: JsonObject, takesEffort: boolean, losses: Losses): JsonObject {
  const asked = isObject(config) ? (config['effort'] ?? null) : null
  const written = entryOf(EFFORTS, asked)
  const budget =
    isObject(thinking) && thinking['type'] === 'enabled' ? (numberOf(thinking['budget_tokens']) ?? 0) : null
  const effort = written ?? (budget === null ? undefined : effortFor(budget))
  if (isObject(config)) losses.addUnknown(config, new Set(['effort', 'format']), 'output_config')
  if (isObject(thinking)) losses.addUnknown(thinking, THINKING_MEMBERS, 'thinking')
  const isTold = takesEffort && effort !== undefined
  // To think as the model finds right is what happens anyway.
  if (isObject(thinking) && thinking['type'] !== 'adaptive' && !isTold) losses.add('thinking')
  if (asked !== null && (!isTold || written === undefined)) losses.add('output_config.effort')
  return isTold ? { reasoning_effort: effort } : {}
}

const THINKING_MEMBERS = new Set(['type', 'budget_tokens'])

const effortFor = (budgetTokens: number): string =>
  budgetTokens < 4096 ? 'low' : budgetTokens < 16_384 ? 'medium' : 'high'
