import type { Tool, ToolContext } from './chat/run.ts'
import type { ToolCall } from './chat/request.ts'
import { ParseError } from './errors.ts'
import { parseJson } from './json.ts'
import { jsonSchemaOf, type OutputOf, parseWith, type StandardSchema } from './schema.ts'

/** What a tool is made of. */
export interface ToolOptions<Schema extends StandardSchema> {
  /** What the model calls it by. */
  readonly name: string
  /** When to use it, told to the model. */
  readonly description?: string
  /** What it takes. */
  readonly input: Schema
  /** Whatever it returns is told to the model: a text as it is, anything else as JSON. */
  readonly run: (input: OutputOf<Schema>, context: ToolContext) => unknown
}

/** A tool for `gw.chat.run`. Throws TypeError when the schema does not tell its JSON Schema. */
export function tool<Schema extends StandardSchema>({ name, description, input, run }: ToolOptions<Schema>): Tool {
  const about = description === undefined ? {} : { description }
  return {
    name,
    definition: { type: 'function', function: { name, ...about, parameters: jsonSchemaOf(input) } },
    async prepare(text) {
      const value = await parseWith(input, text.trim() === '' ? '{}' : text) // a model with nothing to say may say nothing
      return (context) => run(value, context)
    },
  }
}

/** The arguments of a tool call. Throws ParseError when the model wrote something that is no JSON. */
export function parseArguments({ function: called }: Pick<ToolCall, 'function'>): unknown {
  const value = parseJson(called.arguments)
  if (value === undefined) throw new ParseError(`The arguments of ${called.name} are not JSON.`, called.arguments)
  return value
}

export type { Tool, ToolContext } from './chat/run.ts'
