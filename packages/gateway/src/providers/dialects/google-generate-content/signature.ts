import { isObject, type JsonObject } from '../json.ts'

/** What a message or a call of chat keeps for Google, where its OpenAI-compatible endpoint keeps it too. */
export const googleExtra = ({ extra_content: extra }: JsonObject): JsonObject =>
  isObject(extra) && isObject(extra['google']) ? extra['google'] : {}

/** A part with the signature that came with it, byte for byte. */
export function signed(part: JsonObject, extra: JsonObject): JsonObject {
  const { thought_signature: signature } = extra
  return typeof signature === 'string' ? { ...part, thoughtSignature: signature } : part
}

/** The other way: what chat keeps of a part's signature. */
export const signatureIn = ({ thoughtSignature: signature }: JsonObject): JsonObject =>
  typeof signature === 'string' ? { extra_content: { google: { thought_signature: signature } } } : {}

/** Google's word for a call that another model made: Gemini 3 refuses calls without any signature. */
const FOREIGN = 'skip_thought_signature_validator'

/** The calls of one message; where none of them is signed the first is marked as another model's. */
export function marked(calls: readonly JsonObject[]): readonly JsonObject[] {
  if (calls.some((call) => 'thoughtSignature' in call)) return calls
  return calls.map((call, index) => (index === 0 ? { ...call, thoughtSignature: FOREIGN } : call))
}
