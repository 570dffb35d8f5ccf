import { comparable } from '../exact-json.ts'
import { entryOf, isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { createLosses, type Losses } from '../losses.ts'
import { functionFromCustom } from './custom-tools.ts'
import { chatMessages, type Impossible } from './input-to-chat.ts'

export interface ChatTargetFacts {
  /** What the provider understands beyond OpenAI's chat; see `Quirks.extensions`. */
  readonly extensions: ReadonlySet<string>
  /** Whether the model knows `reasoning_effort`: others refuse a request that names it. */
  readonly takesEffort: boolean
}

/** A request in the words of chat. */
export interface TranslatedRequest {
  readonly body: JsonObject
  /** What could not be said, by place: `include`, `tools.web_search`. */
  readonly dropped: readonly string[]
  /** What could not be said and must not be left out; `null`: nothing. */
  readonly impossible: Impossible | null
}

/** Top-level members that have a counterpart in chat, or that the answer tells without the provider's help. */
const KNOWN = new Set([
  'model',
  'input',
  'instructions',
  'max_output_tokens',
  'temperature',
  'top_p',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'stream',
  'stream_options',
  'user',
  'metadata',
])

/** Values that ask for what happens anyway. */
const USUAL: Readonly<Record<string, readonly unknown[]>> = {
  store: [false],
  background: [false],
  truncation: ['disabled'],
  service_tier: ['auto', 'default'],
  include: [],
  top_logprobs: [0],
}

/** Members that point to what a provider keeps: left out, the answer would be to another question. */
const KEPT: Readonly<Record<string, string>> = {
  previous_response_id: 'its provider keeps no responses: send the earlier items in `input` again',
  conversation: 'its provider keeps no conversations: send the earlier items in `input` again',
  prompt: 'its provider keeps no prompts: send the text itself',
}

/** A request to OpenAI's Responses as one to its chat completions. What makes no sense is left to the provider. */
export function requestToChat(request: JsonObject, { extensions, takesEffort }: ChatTargetFacts): TranslatedRequest {
  const losses = createLosses()
  let impossible: Impossible | null = null
  const refuse = (found: Impossible): void => void (impossible ??= found)
  for (const [name, value] of Object.entries(request)) {
    const why = entryOf(KEPT, name)
    if (value === null || KNOWN.has(name)) continue
    if (why !== undefined) refuse({ param: name, why })
    else if (name === 'background' && value === true) refuse({ param: name, why: 'its provider answers at once only' })
    else if (!isUsual(name, value)) losses.add(name)
  }
  const { max_output_tokens: limit, stream } = request
  const body = {
    model: request['model'],
    messages: chatMessages(request, { losses, extensions, refuse }),
    ...pick(request, 'temperature', 'top_p', 'user'),
    ...((limit ?? null) === null ? {} : { max_tokens: limit }),
    ...toolsOf(request, losses),
    ...formatOf(request['text'], losses),
    ...effortOf(request['reasoning'], takesEffort, losses),
    ...(stream === true ? { stream } : {}),
  }
  return { body, dropped: losses.names, impossible }
}

const isUsual = (name: string, value: unknown): boolean =>
  (Array.isArray(value) && value.length === 0) || (entryOf(USUAL, name) ?? []).includes(comparable(value))

const pick = (request: JsonObject, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => ((request[name] ?? null) === null ? [] : [[name, request[name]]])))

const TOOL_MEMBERS = new Set(['type', 'name', 'description', 'parameters', 'strict'])

function toolsOf(request: JsonObject, losses: Losses): JsonObject {
  const functions = objectsIn(request['tools']).flatMap((tool) => functionOf(tool, losses))
  const { tool_choice: choice = null } = request
  if (functions.length > 0)
    return { tools: functions, ...choiceOf(choice, losses), ...pick(request, 'parallel_tool_calls') }
  // Without tools there is nothing to choose, and providers refuse the choice.
  if (choice !== null && choice !== 'auto' && choice !== 'none') losses.add('tool_choice')
  return {}
}

function functionOf(tool: JsonObject, losses: Losses): readonly JsonObject[] {
  const { type, name, parameters } = tool
  if (type === 'custom') return [functionFromCustom(tool, losses)]
  if (type !== 'function') {
    losses.add(`tools.${textOf(type)}`)
    return []
  }
  losses.addUnknown(tool, TOOL_MEMBERS, 'tools')
  const described = {
    name,
    ...pick(tool, 'description'),
    parameters: parameters ?? NO_PARAMETERS,
    ...pick(tool, 'strict'),
  }
  return [{ type, function: described }]
}

const NO_PARAMETERS = { type: 'object', properties: {} }

function choiceOf(choice: unknown, losses: Losses): JsonObject {
  if (typeof choice === 'string') return { tool_choice: choice }
  if (!isObject(choice)) return {}
  const { type, name } = choice
  if (type === 'function' || type === 'custom') return { tool_choice: { type: 'function', function: { name } } }
  losses.add(`tool_choice.${textOf(type)}`)
  return {}
}

function formatOf(text: unknown, losses: Losses): JsonObject {
  if (!isObject(text)) return {}
  losses.addUnknown(text, new Set(['format']), 'text')
  const { format } = text
  if (!isObject(format) || format['type'] === 'text') return {}
  const { type, ...schema } = format
  return { response_format: type === 'json_schema' ? { type, json_schema: schema } : { type } }
}

/** A summary of the reasoning is told whenever the provider tells its reasoning. */
const REASONING_MEMBERS = new Set(['effort', 'summary', 'generate_summary'])

function effortOf(reasoning: unknown, takesEffort: boolean, losses: Losses): JsonObject {
  if (!isObject(reasoning)) return {}
  losses.addUnknown(reasoning, REASONING_MEMBERS, 'reasoning')
  const { effort } = reasoning
  if (typeof effort !== 'string') return {}
  if (takesEffort) return { reasoning_effort: effort }
  losses.add('reasoning.effort')
  return {}
}
