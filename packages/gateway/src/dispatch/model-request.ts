import { isNestedDeeper, jsonMembers } from '@inference-gateway/protocol/json'
import { jsonFault } from '@inference-gateway/protocol/json-fault'
import { GatewayError } from '../kernel/errors.ts'
import { comparable } from '../providers/dialects/exact-json.ts'
import type { Quirks, Target } from '../providers/provider.ts'
import { innerEdits } from './inner-edits.ts'
import { patchJson, type Edit } from './patch.ts'

/** A client's request for a model: the bytes as they came, and the few members the gateway must know. */
export interface ModelCall {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The model as the client wrote it; of a list, the names with commas; empty when it named none. */
  readonly model: string
  /** The models to ask for, in order: one, or the entries of a list. */
  readonly models: readonly string[]
  /** Whether `model` was written as a list. */
  readonly isList: boolean
  readonly stream: boolean
  /** Whether the client asked for the usage chunk at the end of the stream. */
  readonly wantsUsage: boolean
  /** How many choices it asks for (`n`); each has to come to its end. */
  readonly choices: number
  /** Names of the top-level members. */
  readonly members: ReadonlySet<string>
}

export type JsonObject = Readonly<Record<string, unknown>>

export interface ReadRequest<Call extends ModelCall = ModelCall> {
  readonly call: Call
  /** The parsed body, for what a kind of request must know besides. */
  readonly body: JsonObject
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A longer chain of fallbacks is a mistake, or an attack. */
const MOST_MODELS = 10

interface ReadOptions {
  readonly modelMayLack?: boolean
  /** For a request that may have to be told in other words: `parseExactly`. */
  readonly parse?: Parse
}

type Parse = (text: string) => unknown

/** Reads a request for a model. Throws invalid_json, and missing_field for a `model` that is none, or is not there. */
export function readModelRequest(
  bytes: Uint8Array<ArrayBuffer>,
  { modelMayLack = false, parse = JSON.parse }: ReadOptions = {},
): ReadRequest {
  const body = parseObject(bytes, parse)
  const { model, stream, stream_options: streamOptions } = body
  const isUnnamed = modelMayLack && (model ?? null) === null
  const models: readonly unknown[] = isUnnamed ? [] : Array.isArray(model) ? model : [model]
  if ((models.length === 0 && !isUnnamed) || models.length > MOST_MODELS || !models.every(isName))
    throw missing('model', 'a non-empty string, such as "openai/gpt-4o", or a list of some', model ?? null)
  const call = {
    bytes,
    model: models.join(','),
    models,
    isList: Array.isArray(model),
    stream: stream === true,
    wantsUsage: isObject(streamOptions) && streamOptions['include_usage'] === true,
    choices: Number.isSafeInteger(body['n']) ? Number(body['n']) : 1,
    members: new Set(Object.keys(body)),
  }
  return { call, body }
}

/** The JSON object in a body. Throws invalid_json for anything else. */
function parseObject(bytes: Uint8Array, parse: Parse): JsonObject {
  const value = parsed(bytes, parse)
  if (!isObject(value))
    throw new GatewayError('invalid_json', 'Failed to decode request: the body must be one JSON object.')
  return value
}

/** No honest request is nested deeper, and up to this size no nesting takes long. */
const DEEPEST = 512
const EASY_BYTES = 64 * 1024

function parsed(bytes: Uint8Array, parse: Parse): unknown {
  if (bytes.byteLength === 0)
    throw new GatewayError('invalid_json', 'Failed to decode request: the body is empty. Send one JSON object.')
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new GatewayError(
      'invalid_json',
      'Failed to decode request: the body begins with a byte order mark (EF BB BF). Send the JSON without it.',
    )
  if (bytes.byteLength > EASY_BYTES && isNestedDeeper(bytes, DEEPEST))
    throw new GatewayError('invalid_json', `Failed to decode request: more than ${DEEPEST} levels of nesting.`)
  const text = decode(bytes)
  try {
    return parse(text)
  } catch (error) {
    const reason = error instanceof RangeError ? 'the body is nested too deeply.' : faultIn(text)
    throw new GatewayError('invalid_json', `Failed to decode request: ${reason}`, { cause: error })
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    const advice = 'Send one JSON object, and files in a form (multipart/form-data).'
    throw new GatewayError('invalid_json', `Failed to decode request: the body is not JSON in UTF-8. ${advice}`, {
      cause: error,
    })
  }
}

function faultIn(text: string): string {
  if (text.startsWith('--'))
    return 'the body is a form. Send one JSON object, or, where a form is taken, say so: `content-type: multipart/form-data; boundary=…`.'
  const fault = jsonFault(text)
  const place = fault === null ? '' : ` at line ${fault.line}, column ${fault.column}: expected ${fault.expected}`
  return `the body is not valid JSON${place}.`
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field is not as it must be. `given` is what stands in its place, `null` for nothing. */
export function missing(param: string, expected: string, given?: unknown): GatewayError {
  const found = given === undefined ? '' : `, but is ${kindOf(given)}`
  return new GatewayError('missing_field', `Failed to decode request: \`${param}\` must be ${expected}${found}.`, {
    param,
  })
}

function kindOf(value: unknown): string {
  if (value === null) return 'missing'
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'empty'
  return Array.isArray(value) ? 'another list' : `of the type ${typeof comparable(value)}`
}

/** How a request is fitted to its target. */
export interface Fit {
  readonly edits: readonly Edit[]
  /** As `x-gateway-changes` tells them. */
  readonly changes: readonly string[]
}

/**
 * What has to change for a target: the provider's own model name, fields it refuses, fields it knows under another name,
 * ids it does not take.
 * In strict mode a field that would have to be dropped or renamed throws unsupported_parameter.
 */
export function fitToTarget(call: ModelCall, target: Target, quirks: Quirks, strict: boolean): Fit {
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
  const inner = innerEdits(call, quirks)
  const [lost] = inner.dropped
  if (strict && lost !== undefined) throw refusal(target, { kind: 'remove', name: lost })
  edits.push(...inner.edits)
  changes.push(...inner.dropped.map((name) => `dropped=${name}`))
  if (inner.replacesIds) changes.push('replaced=messages.tool_calls.id')
  return { edits, changes }
}

/** A request as one target gets it. */
export interface EncodedRequest {
  readonly body: Uint8Array<ArrayBuffer>
  /** As `x-gateway-changes` tells them; empty when the bytes are the client's own. */
  readonly changes: readonly string[]
  /** The gateway asked for usage that the client did not ask for: the extra chunk is not the client's. */
  readonly hidesUsage: boolean
}

/** Fits a request of which a stream may tell its usage, by splicing into the client's bytes, and asks for the usage. */
export function encodeCompletion(call: ModelCall, target: Target, strict: boolean): EncodedRequest {
  const quirks = target.provider.quirks ?? {}
  const { edits, changes } = fitToTarget(call, target, quirks, strict)
  const asksUsage = call.stream && !call.wantsUsage && quirks.streamOptions !== false
  if (!asksUsage) return { body: patchJson(call.bytes, edits), changes, hidesUsage: false }
  return {
    body: patchJson(call.bytes, [...edits, usageQuestion(call)]),
    changes: [...changes, 'added=stream_options.include_usage'],
    hidesUsage: true,
  }
}

const NONE: readonly never[] = []

type FieldEdit = Extract<Edit, { kind: 'remove' | 'rename' }>

function fieldEdits(
  { members }: ModelCall,
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

/** In strict mode: the target would need the field left out or renamed. */
export function refusal({ provider, model }: Target, edit: FieldEdit): GatewayError {
  const how = edit.kind === 'rename' ? `knows \`${edit.name}\` as \`${edit.to}\`` : `does not accept \`${edit.name}\``
  const message = `${provider.name} ${how} for ${model}. Change the field, or leave out x-gateway-strict to let the gateway do it.`
  return new GatewayError('unsupported_parameter', message, { param: edit.name })
}

function usageQuestion({ bytes, members }: ModelCall): Edit {
  const asked = '{"include_usage":true}'
  if (!members.has('stream_options')) return { kind: 'add', name: 'stream_options', value: asked }
  const written = jsonMembers(bytes).findLast(({ name }) => name === 'stream_options')
  const options = written === undefined ? new Uint8Array() : bytes.slice(written.valueStart, written.valueEnd)
  if (options[0] !== 0x7b) return { kind: 'replace', name: 'stream_options', value: asked }
  const isWritten = jsonMembers(options).some(({ name }) => name === 'include_usage')
  const patched = patchJson(options, [{ kind: isWritten ? 'replace' : 'add', name: 'include_usage', value: 'true' }])
  return { kind: 'replace', name: 'stream_options', value: new TextDecoder().decode(patched) }
}
