import { isObject, objectsOf, stringsOf, type JsonObject } from './json-value.ts'
import { badRequest } from './refusal.ts'

export interface Message {
  readonly role: string
  /** Text parts joined; other parts by their kind in brackets, such as `[image]`. */
  readonly text: string
  readonly calls: readonly { readonly id: string; readonly name: string }[]
  /** Which call a message of the role `tool` answers. */
  readonly callId: string | null
}

export interface Tool {
  readonly name: string
  /** JSON schema of the arguments. */
  readonly parameters: unknown
}

type ToolChoice = 'none' | 'auto' | 'required' | { readonly name: string }

type ResponseFormat =
  | { readonly kind: 'text' | 'json_object' }
  | { readonly kind: 'json_schema'; readonly schema: unknown }

/** A chat completion request, as far as the simulator minds it. */
export interface ChatRequest {
  /** As written: perhaps with the `simulator/` prefix, perhaps with parameters. */
  readonly model: string
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls: boolean
  readonly responseFormat: ResponseFormat
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly choiceCount: number
  /** Infinity when the client set no limit. */
  readonly maxTokens: number
  readonly stops: readonly string[]
}

const MAX_CHOICES = 8

/** Reads OpenAI's request body. Throws a Refusal with status 400 that names the field. */
export function readRequest(body: unknown): ChatRequest {
  if (!isObject(body)) throw badRequest('The body must be a JSON object.')
  const model = body['model']
  if (typeof model !== 'string' || model === '') throw badRequest('model must be a non-empty string.', 'model')
  const tools = objectsOf(body['tools']).flatMap(readTool)
  return {
    model,
    messages: readMessages(body['messages']),
    tools,
    toolChoice: readToolChoice(body['tool_choice'], tools),
    parallelToolCalls: body['parallel_tool_calls'] !== false,
    responseFormat: readResponseFormat(body['response_format']),
    stream: readFlag(body, 'stream'),
    includeUsage: isObject(body['stream_options']) && readFlag(body['stream_options'], 'include_usage'),
    choiceCount: readCount(body, 'n', MAX_CHOICES) ?? 1,
    maxTokens: readCount(body, 'max_completion_tokens') ?? readCount(body, 'max_tokens') ?? Infinity,
    stops: readStops(body['stop']),
  }
}

/** The text of the latest message of the user; empty when there is none. */
export function lastUserText(request: ChatRequest): string {
  return request.messages.findLast((message) => message.role === 'user')?.text ?? ''
}

function readMessages(value: unknown): readonly Message[] {
  if (!Array.isArray(value) || value.length === 0) throw badRequest('messages must be a non-empty list.', 'messages')
  return value.map((message: unknown, index) => {
    const at = `messages[${index}]`
    if (!isObject(message)) throw badRequest(`${at} must be an object.`, at)
    if (typeof message['role'] !== 'string') throw badRequest(`${at}.role must be a string.`, `${at}.role`)
    return readMessage(message, message['role'])
  })
}

function readMessage(message: JsonObject, role: string): Message {
  const callId = message['tool_call_id']
  return {
    role,
    text: readContent(message['content']),
    calls: objectsOf(message['tool_calls']).map((call) => {
      const called = isObject(call['function']) ? call['function'] : {}
      return { id: String(call['id']), name: String(called['name']) }
    }),
    callId: typeof callId === 'string' ? callId : null,
  }
}

const PART_NAMES: Readonly<Record<string, string>> = { image_url: 'image', input_audio: 'audio' }

function readContent(content: unknown): string {
  if (typeof content === 'string') return content
  return objectsOf(content)
    .map((part) => {
      if (typeof part['text'] === 'string') return part['text']
      const kind = String(part['type'])
      return `[${PART_NAMES[kind] ?? kind}]`
    })
    .join('')
}

function readTool(tool: JsonObject): Tool[] {
  const described = tool['function']
  if (!isObject(described) || typeof described['name'] !== 'string') return [] // a custom tool has no schema to fill
  return [{ name: described['name'], parameters: described['parameters'] ?? { type: 'object', properties: {} } }]
}

function readToolChoice(choice: unknown, tools: readonly Tool[]): ToolChoice {
  if (choice === 'none' || choice === 'required') return choice
  const named = isObject(choice) && isObject(choice['function']) ? choice['function']['name'] : undefined
  if (typeof named !== 'string') return 'auto'
  if (tools.some((tool) => tool.name === named)) return { name: named }
  throw badRequest(`tool_choice names "${named}", which is not among the tools.`, 'tool_choice')
}

function readResponseFormat(format: unknown): ResponseFormat {
  if (!isObject(format)) return { kind: 'text' }
  if (format['type'] === 'json_object') return { kind: 'json_object' }
  if (format['type'] !== 'json_schema') return { kind: 'text' }
  const described = format['json_schema']
  if (isObject(described) && isObject(described['schema'])) return { kind: 'json_schema', schema: described['schema'] }
  throw badRequest('response_format.json_schema.schema must be an object.', 'response_format')
}

function readFlag(object: JsonObject, name: string): boolean {
  const value = object[name] ?? false
  if (typeof value !== 'boolean') throw badRequest(`${name} must be true or false.`, name)
  return value
}

function readCount(body: JsonObject, name: string, most = Infinity): number | undefined {
  const value = body[name] ?? undefined
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
  throw badRequest(`${name} must be a whole number from 1${most === Infinity ? '' : ` to ${most}`}.`, name)
}

function readStops(stop: unknown): readonly string[] {
  return (typeof stop === 'string' ? [stop] : stringsOf(stop)).filter((sequence) => sequence !== '')
}
