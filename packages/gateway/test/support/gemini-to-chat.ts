import { isObject, type JsonObject, objectsIn, textOf } from '../../src/providers/dialects/json.ts'

/** The way back, for round trips: what a client of chat would have asked to make such a request to Google. */

/** Google reads snake_case as well, and a lone part for a list of them. */
function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel)
  if (!isObject(value)) return value
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(
    members.map(([name, member]) => [
      name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      /^args$|^response$|schema/i.test(name) || name === 'parameters' ? member : camel(member),
    ]),
  )
}

/** A recorded request in Google's documented spelling. */
export function plainRequest(request: JsonObject): JsonObject {
  const plain = camel(request)
  return isObject(plain) ? plain : {}
}

const SAMPLING: Readonly<Record<string, string>> = { temperature: 'temperature', topP: 'top_p', topK: 'top_k' }

export function chatFromGemini(request: JsonObject, model: string): JsonObject {
  const config = isObject(request['generationConfig']) ? request['generationConfig'] : {}
  const { responseJsonSchema: schema, maxOutputTokens, candidateCount, seed, ...rest } = config
  const sampling = Object.entries(rest).flatMap(([name, value]) => (name in SAMPLING ? [[SAMPLING[name], value]] : []))
  // What has no word in chat is said in Google's.
  const own = Object.entries(rest).filter(([name]) => !(name in SAMPLING) && name !== 'responseMimeType')
  return {
    model,
    messages: [...systemOf(request['systemInstruction']), ...messagesOf(request['contents'])],
    ...Object.fromEntries(sampling),
    max_tokens: maxOutputTokens,
    n: candidateCount,
    seed,
    ...(own.length === 0 ? {} : { generationConfig: Object.fromEntries(own) }),
    ...(schema === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }),
    ...toolsOf(request),
    ...Object.fromEntries(['safetySettings', 'cachedContent'].map((name) => [name, request[name]])),
  }
}

const systemOf = (system: unknown): readonly JsonObject[] => {
  const text = partsOf(system)
    .map(({ text: words }) => textOf(words))
    .join('')
  return text === '' ? [] : [{ role: 'system', content: text }]
}

export const partsOf = (content: unknown): readonly JsonObject[] => {
  const parts = isObject(content) ? content['parts'] : null
  return isObject(parts) ? [parts] : objectsIn(parts)
}

const messagesOf = (contents: unknown): readonly JsonObject[] => {
  const teller = new Teller()
  return objectsIn(contents).flatMap((content) =>
    content['role'] === 'model' ? [teller.said(partsOf(content))] : teller.asked(partsOf(content)),
  )
}

/** Calls are known to their results by name and order, where they have no ids. */
class Teller {
  readonly #waiting: { readonly id: string; readonly name: unknown }[] = []
  #calls = 0

  said(parts: readonly JsonObject[]): JsonObject {
    const texts = parts.filter(({ text, thought }) => typeof text === 'string' && thought !== true)
    const bare = parts.find((part) => !('text' in part) && !('functionCall' in part))
    const calls = parts.flatMap((part) => this.#call(part))
    return {
      role: 'assistant',
      content: texts.map(({ text }) => textOf(text)).join('') || null,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...extraOf(bare ?? texts.find(({ thoughtSignature }) => thoughtSignature !== undefined) ?? {}),
    }
  }

  asked(parts: readonly JsonObject[]): readonly JsonObject[] {
    const results = parts.flatMap((part) => this.#result(part))
    const said = parts.filter((part) => !('functionResponse' in part)).flatMap(contentPart)
    return said.length === 0 ? results : results.concat({ role: 'user', content: said })
  }

  #call(part: JsonObject): readonly JsonObject[] {
    const { functionCall: called } = part
    if (!isObject(called)) return []
    const id = textOf(called['id']) || `made_${this.#calls++}`
    this.#waiting.push({ id, name: called['name'] })
    const told = { name: called['name'], arguments: JSON.stringify(called['args'] ?? {}) }
    return [{ id, type: 'function', function: told, ...extraOf(part) }]
  }

  #result({ functionResponse: result }: JsonObject): readonly JsonObject[] {
    if (!isObject(result)) return []
    const at = this.#waiting.findIndex(({ name }) => name === result['name'])
    const [call] = at === -1 ? [] : this.#waiting.splice(at, 1)
    const media = partsOf(result).flatMap(contentPart)
    const text = JSON.stringify(result['response'])
    const content = media.length === 0 ? text : [{ type: 'text', text }, ...media]
    return [{ role: 'tool', tool_call_id: textOf(result['id']) || call?.id, content }]
  }
}

const extraOf = ({ thoughtSignature }: JsonObject): JsonObject =>
  thoughtSignature === undefined ? {} : { extra_content: { google: { thought_signature: thoughtSignature } } }

function contentPart({ text, inlineData, fileData }: JsonObject): readonly JsonObject[] {
  if (isObject(inlineData)) {
    const url = `data:${textOf(inlineData['mimeType'])};base64,${textOf(inlineData['data'])}`
    return [{ type: 'file', file: { file_data: url } }]
  }
  if (isObject(fileData)) return [{ type: 'file', file: { file_id: fileData['fileUri'] } }]
  return text === '' ? [] : [{ type: 'text', text }]
}

function toolsOf(request: JsonObject): JsonObject {
  const tools = objectsIn(request['tools']).flatMap((tool) =>
    'functionDeclarations' in tool
      ? objectsIn(tool['functionDeclarations']).map(
          ({ name, description, parameters, parametersJsonSchema: schema }) => ({
            type: 'function',
            function: { name, description, parameters: schema ?? parameters },
          }),
        )
      : [tool],
  )
  const { toolConfig } = request
  return {
    ...(tools.length === 0 ? {} : { tools }),
    ...(toolConfig === undefined ? {} : { toolConfig }),
  }
}
