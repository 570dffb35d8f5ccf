import type { LanguageModelV4CallOptions, SharedV4Warning } from '@ai-sdk/provider'
import type { ChatRequest, RequestOptions, ToolDefinition } from '../index.ts'
import { closed } from '../schema.ts'
import { messagesOf } from './prompt.ts'

/** The AI SDK's call as OpenAI's request, and what of it got lost. `providerOptions.gateway` joins the body as it is. */
export function requestOf(
  model: string,
  call: LanguageModelV4CallOptions,
): { request: ChatRequest; warnings: SharedV4Warning[] } {
  const warnings: SharedV4Warning[] = []
  if (call.topK !== undefined) warnings.push({ type: 'unsupported', feature: 'topK' })
  const tools = (call.tools ?? []).flatMap((each): ToolDefinition[] => {
    if (each.type === 'provider') {
      warnings.push({ type: 'unsupported', feature: `the provider's tool ${each.id}` })
      return []
    }
    const { name, description, inputSchema, strict } = each
    const parameters = inputSchema as Readonly<Record<string, unknown>> // JSON Schema of an object
    const said = { ...(description === undefined ? {} : { description }), ...(strict === undefined ? {} : { strict }) }
    return [{ type: 'function', function: { name, parameters, ...said } }]
  })
  const fields = {
    max_tokens: call.maxOutputTokens,
    temperature: call.temperature,
    top_p: call.topP,
    presence_penalty: call.presencePenalty,
    frequency_penalty: call.frequencyPenalty,
    stop: call.stopSequences,
    seed: call.seed,
    reasoning_effort: call.reasoning === 'provider-default' ? undefined : call.reasoning,
    response_format: formatOf(call),
    ...(tools.length === 0 ? {} : { tools, tool_choice: choiceOf(call) }),
    ...call.providerOptions?.['gateway'],
  }
  // JSON leaves out what is undefined.
  return { request: { model, messages: messagesOf(call.prompt), ...(fields as Partial<ChatRequest>) }, warnings }
}

function formatOf({ responseFormat: format }: LanguageModelV4CallOptions) {
  if (format?.type !== 'json') return undefined
  if (format.schema === undefined) return { type: 'json_object' }
  const { schema, isStrict } = closed(format.schema as Record<string, unknown>) // JSON Schema of an object
  const { name = 'answer', description } = format
  return { type: 'json_schema', json_schema: { name, description, schema, strict: isStrict } }
}

function choiceOf({ toolChoice: choice }: LanguageModelV4CallOptions) {
  return choice?.type === 'tool' ? { type: 'function', function: { name: choice.toolName } } : choice?.type
}

/** The AI SDK tries again by itself. */
export function optionsOf({
  abortSignal,
  headers = {},
}: Pick<LanguageModelV4CallOptions, 'abortSignal' | 'headers'>): RequestOptions {
  const said = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { maxRetries: 0, headers: Object.fromEntries(said), signal: abortSignal }
}
