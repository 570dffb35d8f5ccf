import { isObject, type JsonObject, objectsIn, parseObject, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'

const TOOL_MEMBERS = new Set(['type', 'name', 'description', 'format'])

/** A tool that takes plain text, as a function with one text: chat knows no others. A grammar can only be told. */
export function functionFromCustom(tool: JsonObject, losses: Losses): JsonObject {
  const { name, description, format } = tool
  losses.addUnknown(tool, TOOL_MEMBERS, 'tools')
  const grammar = isObject(format) && format['type'] === 'grammar' ? format : null
  if (grammar !== null) losses.add('tools.custom.format')
  const told = [textOf(description), grammar === null ? '' : grammarInWords(grammar)].filter((text) => text !== '')
  return {
    type: 'function',
    function: { name, ...(told.length === 0 ? {} : { description: told.join('\n\n') }), parameters: TEXT },
  }
}

const TEXT = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }

const grammarInWords = ({ syntax, definition }: JsonObject): string =>
  `\`input\` must follow this grammar (${textOf(syntax)}):\n${textOf(definition)}`

/** The names of a request's tools that take plain text. */
export const customNames = ({ tools }: JsonObject): ReadonlySet<string> =>
  new Set(objectsIn(tools).flatMap(({ type, name }) => (type === 'custom' ? [textOf(name)] : [])))

export const argumentsFromInput = (input: unknown): string => JSON.stringify({ input: textOf(input) })

/** What a model has written for such a function; not all keep to its one parameter. */
export function inputFromArguments(written: string): string {
  const input = parseObject(written)?.['input']
  return typeof input === 'string' ? input : written
}
