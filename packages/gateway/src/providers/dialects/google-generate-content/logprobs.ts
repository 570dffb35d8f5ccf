import { isObject, type JsonObject, objectsIn } from '../json.ts'

/** The tokens that were chosen, and at each place those that might have been; `null`: there are none. */
export function logprobsOf(result: unknown): JsonObject | null {
  if (!isObject(result)) return null
  const places = objectsIn(result['topCandidates'])
  const content = objectsIn(result['chosenCandidates']).map((chosen, index) =>
    Object.assign(tokenOf(chosen), { top_logprobs: objectsIn(places[index]?.['candidates']).map(tokenOf) }),
  )
  return content.length === 0 ? null : { content }
}

const tokenOf = ({ token, logProbability }: JsonObject): JsonObject => ({ token, logprob: logProbability, bytes: null })
