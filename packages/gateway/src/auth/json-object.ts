/** A JSON object from outside: nothing is known about its members. */
export type JsonObject = Readonly<Record<string, unknown>>

/** More than any token or metadata document needs, less than what troubles a recursive reader. */
const DEPTH_LIMIT = 32

/** Names with their colon, other strings, and brackets. Linear on valid JSON, where every string ends. */
const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g

/**
 * Reads one JSON object that has a single meaning: valid UTF-8, no name twice in one object (readers disagree on which
 * counts, RFC 8259 section 4), no deep nesting. Throws Error with the reason.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  const value: unknown = JSON.parse(text)
  if (!isJsonObject(value)) throw new Error('not a JSON object')
  refuseAmbiguity(text)
  return value
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuseAmbiguity(text: string): void {
  const open: Set<string>[] = []
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (colon !== undefined) addOnce(open.at(-1), token.slice(0, -colon.length))
    if (open.length > DEPTH_LIMIT) throw new Error('nested too deeply')
  }
}

function addOnce(names: Set<string> | undefined, literal: string): void {
  // "\u0069ss" and "iss" are one name.
  const name = String(JSON.parse(literal))
  if (names?.has(name)) throw new Error('a name occurs twice')
  names?.add(name)
}
