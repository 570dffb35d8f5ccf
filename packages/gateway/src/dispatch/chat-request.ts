import { jsonMembers } from '@inference-gateway/protocol/json'
import { parseBool } from '../kernel/bool.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Quirks, Target } from '../providers/provider.ts'
import { patchJson, type Edit } from './patch.ts'

/** A client's chat request: the bytes as they came, and the few members the gateway must know. */
export interface ChatCall {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The model as the client wrote it; of a list, the names with commas. */
  readonly model: string
  /** The models to ask for, in order: one, or the entries of a list. */
  readonly models: readonly string[]
  /** Whether `model` was written as a list. */
  readonly isList: boolean
  readonly stream: boolean
  /** Whether the client asked for the usage chunk at the end of the stream. */
  readonly wantsUsage: boolean
  /** Names of the top-level members. */
  readonly members: ReadonlySet<string>
}

/** The request as one target gets it. */
export interface EncodedChat {
  readonly body: Uint8Array<ArrayBuffer>
  /** As `x-gateway-changes` tells them; empty when the bytes are the client's own. */
  readonly changes: readonly string[]
  /** The gateway asked for usage that the client did not ask for: the extra chunk is not the client's. */
  readonly hidesUsage: boolean
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads a chat request. Throws invalid_json, missing_field. Only what every provider needs is checked; the rest is theirs. */
export function readChatRequest(bytes: Uint8Array<ArrayBuffer>): ChatCall {
  const body = parseObject(bytes)
  const { model, messages, stream, stream_options: streamOptions } = body
  const models: readonly unknown[] = Array.isArray(model) ? model : [model]
  if (models.length === 0 || models.length > MOST_MODELS || !models.every(isName))
    throw missing('model', 'a non-empty string, such as "openai/gpt-4o", or a list of some')
  if (!Array.isArray(messages) || messages.length === 0) throw missing('messages', 'a non-empty array of messages')
  return {
    bytes,
    model: models.join(','),
    models,
    isList: Array.isArray(model),
    stream: stream === true,
    wantsUsage: isObject(streamOptions) && streamOptions['include_usage'] === true,
    members: new Set(Object.keys(body)),
  }
}

/** Whether a request forbids changes (`x-gateway-strict`, written like a setting). Throws invalid_request. */
export function isStrict(headers: Headers): boolean {
  const written = headers.get('x-gateway-strict')
  const strict = written === null ? false : parseBool(written)
  if (strict !== null) return strict
  throw new GatewayError('invalid_request', 'x-gateway-strict must be `true` or `false` (or `1`, `t`, `0`, `f`).', {
    param: 'x-gateway-strict',
  })
}

/** The JSON object in a body. Throws invalid_json for anything else. */
function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = parse(bytes)
  if (!isObject(value))
    throw new GatewayError('invalid_json', 'Failed to decode request: the body must be one JSON object.')
  return value
}

function parse(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0)
    throw new GatewayError('invalid_json', 'Failed to decode request: the body is empty. Send one JSON object.')
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new GatewayError(
      'invalid_json',
      'Failed to decode request: the body begins with a byte order mark (EF BB BF). Send the JSON without it.',
    )
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'the body is not valid JSON' : 'the body is not JSON in UTF-8'
    throw new GatewayError('invalid_json', `Failed to decode request: ${reason}.`, { cause: error })
  }
}

/** A longer chain of fallbacks is a mistake, or an attack. */
const MOST_MODELS = 10

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const missing = (param: string, expected: string) =>
  new GatewayError('missing_field', `Failed to decode request: \`${param}\` must be ${expected}.`, { param })

/**
 * Fits a request to its target by splicing into the client's bytes: the provider's own model name, fields it refuses,
 * fields it knows under another name, and the question for usage. In strict mode a field that would have to be dropped
 * or renamed throws unsupported_parameter.
 */
export function encodeChatRequest(call: ChatCall, target: Target, strict: boolean): EncodedChat {
  const quirks = target.provider.quirks ?? {}
  const edits: Edit[] = []
  const changes: string[] = []
  // A list is always replaced: providers know only single names.
  if (call.model !== target.model || call.isList) {
    edits.push({ kind: 'replace', name: 'model', value: JSON.stringify(target.model) })
    changes.push(`model=${call.model}>${target.model}`)
  }
  for (const edit of fieldEdits(call, target.model, quirks)) {
    if (strict) throw refusal(target, edit)
    edits.push(edit)
    changes.push(edit.kind === 'rename' ? `renamed=${edit.name}>${edit.to}` : `dropped=${edit.name}`)
  }
  const asksUsage = call.stream && !call.wantsUsage && quirks.streamOptions !== false
  if (asksUsage) {
    edits.push(usageQuestion(call))
    changes.push('added=stream_options.include_usage')
  }
  return { body: patchJson(call.bytes, edits), changes, hidesUsage: asksUsage }
}

const NONE: readonly never[] = []

type FieldEdit = Extract<Edit, { kind: 'remove' | 'rename' }>

function fieldEdits(
  { members }: ChatCall,
  model: string,
  { drop = NONE, rename = NONE }: Quirks,
): readonly FieldEdit[] {
  if (drop.length === 0 && rename.length === 0) return NONE
  const dropped = drop.filter((name) => members.has(name)).map((name): FieldEdit => ({ kind: 'remove', name }))
  const renamed = rename
    .filter(({ from, models }) => members.has(from) && (models === undefined || models.test(model)))
    // Where the client wrote both names, the one the provider knows stays.
    .map(({ from, to }): FieldEdit =>
      members.has(to) ? { kind: 'remove', name: from } : { kind: 'rename', name: from, to },
    )
  return [...dropped, ...renamed]
}

function refusal({ provider, model }: Target, edit: FieldEdit): GatewayError {
  const how = edit.kind === 'rename' ? `knows \`${edit.name}\` as \`${edit.to}\`` : `does not accept \`${edit.name}\``
  const message = `${provider.name} ${how} for ${model}. Change the field, or leave out x-gateway-strict to let the gateway do it.`
  return new GatewayError('unsupported_parameter', message, { param: edit.name })
}

function usageQuestion({ bytes, members }: ChatCall): Edit {
  const asked = '{"include_usage":true}'
  if (!members.has('stream_options')) return { kind: 'add', name: 'stream_options', value: asked }
  const written = jsonMembers(bytes).findLast(({ name }) => name === 'stream_options')
  const options = written === undefined ? new Uint8Array() : bytes.slice(written.valueStart, written.valueEnd)
  if (options[0] !== 0x7b) return { kind: 'replace', name: 'stream_options', value: asked }
  const isWritten = jsonMembers(options).some(({ name }) => name === 'include_usage')
  const patched = patchJson(options, [{ kind: isWritten ? 'replace' : 'add', name: 'include_usage', value: 'true' }])
  return { kind: 'replace', name: 'stream_options', value: new TextDecoder().decode(patched) }
}
