import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'

/**
 * Chat's functions as one tool of Google's, with their schemas as they are: `parametersJsonSchema` takes what `parameters`,
 * a part of OpenAPI's, refuses. Tools without a `type` are Google's own, such as `{ "googleSearch": {} }`, and pass.
 */
export function toolsFromChat(tools: unknown, losses: Losses): readonly JsonObject[] {
  const listed = objectsIn(tools)
  const declarations = listed.flatMap((tool) => declarationOf(tool, losses))
  const own = listed.filter(({ type }) => type === undefined)
  return [...(declarations.length === 0 ? [] : [{ functionDeclarations: declarations }]), ...own]
}

function declarationOf(tool: JsonObject, losses: Losses): readonly JsonObject[] {
  const { type, function: called, cache_control: mark = null } = tool
  if (type === undefined) return []
  if (type !== 'function' || !isObject(called)) {
    losses.add(`tools.${textOf(type)}`)
    return []
  }
  if (mark !== null) losses.add('cache_control')
  const { name, description, parameters, strict } = called
  if (strict === true) losses.add('tools.strict')
  return [
    {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      ...(isObject(parameters) ? { parametersJsonSchema: parameters } : {}),
    },
  ]
}

const MODES = new Map([
  ['auto', 'AUTO'],
  ['none', 'NONE'],
  ['required', 'ANY'],
])

/** `tool_choice` as a `functionCallingConfig`; `null`: there is nothing to say. */
export function callingOf(choice: unknown, losses: Losses): JsonObject | null {
  if ((choice ?? null) === null) return null
  const mode = MODES.get(textOf(choice))
  if (mode !== undefined) return { mode }
  const called = isObject(choice) ? choice['function'] : null
  if (isObject(called)) return { mode: 'ANY', allowedFunctionNames: [called['name']] }
  const allowed = isObject(choice) && isObject(choice['allowed_tools']) ? choice['allowed_tools'] : {}
  // Under AUTO, Google refuses a list of names.
  if (allowed['mode'] === 'required') return { mode: 'ANY', allowedFunctionNames: namesIn(allowed['tools']) }
  losses.add('tool_choice')
  return null
}

const namesIn = (tools: unknown): readonly unknown[] =>
  objectsIn(tools).flatMap(({ function: called }) => (isObject(called) ? [called['name']] : []))
