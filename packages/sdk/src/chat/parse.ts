import { ParseError } from '../errors.ts'
import type { Reply } from '../http/reply.ts'
import { closed, jsonSchemaOf, type OutputOf, parseWith, type StandardSchema } from '../schema.ts'
import { type Completion, withHidden } from './completion.ts'
import { type ChatFields, type ChatRequest, messagesOf, type ToolDefinition } from './request.ts'

/** A chat request whose answer is an object by schema. */
export interface ParseRequest<Schema extends StandardSchema> extends ChatFields {
  readonly tools?: readonly ToolDefinition[]
  /** What the model shall write. */
  readonly schema: Schema
  /** Told to the model; `answer` when absent. */
  readonly name?: string
  /** How often the model is shown its mistakes and asked again. 0 when absent. */
  readonly repairs?: number
}

/** An answer together with the object that was asked for. */
export type ParsedCompletion<T> = Completion & {
  /** The answer, checked by the schema. */
  readonly parsed: T
}

/** Sends a chat request: `gw.chat`. */
export type Ask = (request: ChatRequest) => Reply<Completion>

/** Asks for an object by schema. Throws ParseError when the model writes something else. */
export async function parse<Schema extends StandardSchema>(
  ask: Ask,
  { schema, name = 'answer', repairs = 0, ...request }: ParseRequest<Schema>,
): Promise<ParsedCompletion<OutputOf<Schema>>> {
  const { schema: json, isStrict } = closed(jsonSchemaOf(schema))
  const format = { type: 'json_schema', json_schema: { name, schema: json, strict: isStrict } } as const
  const messages = [...messagesOf(request)]
  for (let left = repairs; ; left--) {
    const completion = await ask({ ...request, messages, response_format: format })
    try {
      requireWhole(completion)
      return withHidden(completion, { parsed: await parseWith(schema, completion.text) })
    } catch (error) {
      if (!(error instanceof ParseError) || left <= 0) throw error
      const hint = `${error.message} Answer again, with nothing but JSON that fits the schema.`
      messages.push({ role: 'assistant', content: completion.text }, { role: 'user', content: hint })
    }
  }
}

function requireWhole({ finishReason, message, text }: Completion): void {
  if (message.refusal) throw new ParseError(`The model refused: ${message.refusal}`, text)
  if (finishReason === 'length') throw new ParseError('The answer was cut off by max_tokens before its end.', text)
}
