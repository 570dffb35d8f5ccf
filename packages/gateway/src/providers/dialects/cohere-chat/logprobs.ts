import { numberOf } from '../exact-json.ts'
import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'

/**
 * Cohere's log probabilities as a choice's `logprobs`; `null`: there are none. Cohere tells the text of a piece and the
 * probabilities of its tokens, but not where in the text one token ends: a piece stands for a token, as likely as all of
 * it together.
 */
export function logprobsOf(told: unknown): JsonObject | null {
  const pieces = isObject(told) ? [told] : objectsIn(told)
  if (pieces.length === 0) return null
  return { content: pieces.map(tokenOf), refusal: null }
}

function tokenOf({ text, logprobs }: JsonObject): JsonObject {
  const token = textOf(text)
  const each = Array.isArray(logprobs) ? logprobs.map((one) => numberOf(one) ?? 0) : []
  const logprob = each.reduce((sum, one) => sum + one, 0)
  return { token, logprob, bytes: [...encoder.encode(token)], top_logprobs: [] }
}

const encoder = new TextEncoder()
