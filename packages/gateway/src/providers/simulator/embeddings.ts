import { hash } from './hash.ts'
import { isObject } from './json-value.ts'
import { findEmbedder } from './models.ts'
import { badRequest } from './refusal.ts'
import { countTokens, tokens } from './tokens.ts'

const DIMENSIONS = 256
const MOST_DIMENSIONS = 4096
const MOST_INPUTS = 2048

/**
 * OpenAI's answer to a request for embeddings. Equal texts get equal vectors of length 1, and texts that share words are
 * closer than texts that do not. Throws a Refusal with status 400 that names the field.
 */
export function embeddingsBody(body: unknown) {
  if (!isObject(body)) throw badRequest('The body must be a JSON object.')
  const { model, input, encoding_format: encoding = 'float', dimensions = DIMENSIONS } = body
  const name = findEmbedder(model)
  const inputs = readInputs(input)
  if (encoding !== 'float' && encoding !== 'base64')
    throw badRequest('encoding_format must be "float" or "base64".', 'encoding_format')
  if (typeof dimensions !== 'number' || !Number.isInteger(dimensions) || dimensions < 1 || dimensions > MOST_DIMENSIONS)
    throw badRequest(`dimensions must be a whole number from 1 to ${MOST_DIMENSIONS}.`, 'dimensions')
  const data = inputs.map((words, index) => {
    const vector = vectorOf(words, dimensions)
    return { object: 'embedding', index, embedding: encoding === 'float' ? [...vector] : base64Of(vector) }
  })
  const prompt = inputs.reduce((sum, words) => sum + words.length, 0)
  return { object: 'list', data, model: name, usage: { prompt_tokens: prompt, total_tokens: prompt } }
}

/** A text, texts, or what SDKs send in their place: lists of token numbers. Each as its words. */
function readInputs(input: unknown): readonly (readonly string[])[] {
  const list: readonly unknown[] = Array.isArray(input) && !isTokens(input) ? input : [input]
  if (list.length === 0 || list.length > MOST_INPUTS) throw wrongInput()
  return list.map((item) => {
    if (typeof item === 'string' && countTokens(item) > 0)
      return [...tokens(item)].map((word) => word.trim().toLowerCase())
    if (isTokens(item)) return item.map(String)
    throw wrongInput()
  })
}

const isTokens = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token))

const wrongInput = () =>
  badRequest(`input must be a text, a list of tokens, or a list of 1 to ${MOST_INPUTS} of them, none empty.`, 'input')

/** The sum of one pseudo-random direction for each word. */
function vectorOf(words: readonly string[], dimensions: number): Float32Array<ArrayBuffer> {
  const sum = new Float32Array(dimensions)
  for (const word of words) {
    let seed = Number.parseInt(hash(word).slice(0, 8), 16)
    for (let index = 0; index < dimensions; index++) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      sum[index] = (sum[index] ?? 0) + seed / 2 ** 31 - 1
    }
  }
  const length = Math.hypot(...sum) || 1
  return sum.map((value) => value / length)
}

/** 32-bit floats, little-endian. */
function base64Of(vector: Float32Array<ArrayBuffer>): string {
  const view = new DataView(new ArrayBuffer(vector.byteLength))
  for (const [index, value] of vector.entries()) view.setFloat32(index * 4, value, true)
  return new Uint8Array(view.buffer).toBase64()
}
