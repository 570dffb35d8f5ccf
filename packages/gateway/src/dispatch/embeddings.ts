import type { Endpoint, Target } from '../providers/provider.ts'
import { fitToTarget, type JsonObject, type ModelCall } from './model-request.ts'
import { type Edit, patchJson } from './patch.ts'

interface EncodedEmbeddings {
  readonly body: Uint8Array<ArrayBuffer>
  readonly changes: readonly string[]
}

/** What the gateway can answer itself, whatever the provider knows of it. */
const ENCODINGS = new Set<unknown>(['base64', 'float'])

/**
 * Fits a request for embeddings to its target. `encoding_format` is neither added nor given another value: SDKs write it
 * themselves, and read what they have asked for. A provider that refuses it does not see it, and nothing is lost: floats
 * are what it sends, and base64 is made of them (`base64Embeddings`).
 */
export function encodeEmbeddings(
  call: ModelCall,
  body: JsonObject,
  target: Target,
  { floatsOnly = false, drop = [] }: Endpoint,
  strict: boolean,
): EncodedEmbeddings {
  const { quirks = {} } = target.provider
  const fit = fitToTarget(call, target, { ...quirks, drop: [...(quirks.drop ?? []), ...drop] }, strict)
  const makesEncoding = floatsOnly && ENCODINGS.has(body['encoding_format'])
  const hidden: readonly Edit[] = makesEncoding ? [{ kind: 'remove', name: 'encoding_format' }] : []
  return {
    body: patchJson(call.bytes, [...fit.edits, ...hidden]),
    changes: makesEncoding ? [...fit.changes, 'made=encoding_format'] : fit.changes,
  }
}

/**
 * The answer with its vectors in base64: 32-bit floats, little-endian, as OpenAI writes them. What is base64 already, and
 * all besides the vectors, stays as it is. The order and `index` of the vectors are the provider's.
 */
export function base64Embeddings(bytes: Uint8Array<ArrayBuffer>, answer: unknown): Uint8Array<ArrayBuffer> {
  const data = typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : null
  if (!Array.isArray(data) || !data.some(hasFloats)) return bytes
  const encoded = data.map((item: unknown) =>
    hasFloats(item) ? Object.assign({}, item, { embedding: base64Of(item.embedding) }) : item,
  )
  return patchJson(bytes, [{ kind: 'replace', name: 'data', value: JSON.stringify(encoded) }])
}

function hasFloats(item: unknown): item is { readonly embedding: readonly number[] } {
  if (typeof item !== 'object' || item === null || !('embedding' in item)) return false
  const { embedding } = item
  return Array.isArray(embedding) && embedding.every((value) => typeof value === 'number')
}

function base64Of(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  for (const [index, value] of vector.entries()) view.setFloat32(index * 4, value, true)
  return new Uint8Array(view.buffer).toBase64()
}
