import { isObject, type JsonObject, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'
import { thinkingOf } from './thinking.ts'

/** What has another name only. */
const NAMES = new Map([
  ['temperature', 'temperature'],
  ['top_p', 'topP'],
  ['top_k', 'topK'],
  ['n', 'candidateCount'],
  ['seed', 'seed'],
  ['presence_penalty', 'presencePenalty'],
  ['frequency_penalty', 'frequencyPenalty'],
  ['logprobs', 'responseLogprobs'],
  ['top_logprobs', 'logprobs'],
])

/** The members of a chat request that are told in `generationConfig`. */
export const CONFIG_MEMBERS: readonly string[] = [
  ...NAMES.keys(),
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'modalities',
  'response_format',
  'reasoning_effort',
]

export function generationConfigOf(request: JsonObject, model: string, losses: Losses): JsonObject {
  const renamed = [...NAMES].flatMap(([name, theirs]) => {
    const value = request[name] ?? null
    return value === null ? [] : [[theirs, value] as const]
  })
  const limit = request['max_completion_tokens'] ?? request['max_tokens'] ?? null
  const thinking = thinkingOf(request['reasoning_effort'], model, losses)
  const { modalities } = request
  return {
    ...Object.fromEntries(renamed),
    ...(limit === null ? {} : { maxOutputTokens: limit }),
    ...stopOf(request['stop']),
    ...(Array.isArray(modalities)
      ? { responseModalities: modalities.map((modality) => textOf(modality).toUpperCase()) }
      : {}),
    ...formatOf(request['response_format'], losses),
    ...(thinking === null ? {} : { thinkingConfig: thinking }),
  }
}

function stopOf(stop: unknown): JsonObject {
  const written: readonly unknown[] = Array.isArray(stop) ? stop : [stop]
  const sequences = written.filter((sequence) => textOf(sequence) !== '')
  return sequences.length === 0 ? {} : { stopSequences: sequences }
}

/** A schema stands without a name, and is always kept to. */
const SCHEMA_MEMBERS = new Set(['name', 'schema', 'strict'])

function formatOf(format: unknown, losses: Losses): JsonObject {
  if (!isObject(format) || format['type'] === 'text') return {}
  const json = { responseMimeType: 'application/json' }
  if (format['type'] === 'json_object') return json
  const told = isObject(format['json_schema']) ? format['json_schema'] : {}
  const { schema } = told
  if (isObject(schema)) {
    losses.addUnknown(told, SCHEMA_MEMBERS, 'response_format.json_schema')
    return { ...json, responseJsonSchema: schema }
  }
  losses.add('response_format')
  return {}
}
