import { isObject, parseJson } from '../json.ts'
import { notAnAnswer } from './api-error.ts'
import { textOf } from './body.ts'
import type { Sent } from './send.ts'

/** An answer's body, which has to be a JSON object. Throws APIError, `invalid_response`. */
export async function jsonOf<T extends object>(sent: Sent): Promise<T> {
  const text = await textOf(sent)
  const body = parseJson(text)
  if (!isObject(body)) throw notAnAnswer(sent.response, text)
  return body as T // the gateway's contract says what it is
}
