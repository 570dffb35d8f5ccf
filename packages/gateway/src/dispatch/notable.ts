const QUOTE = 0x22
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const UPPER_D = 0x44
const LOWER_E = 0x65
const LOWER_F = 0x66
const LOWER_U = 0x75

const bytesOf = (text: string) => new TextEncoder().encode(text)
const USAGE = bytesOf('"usage"')
const FINISH_REASON = bytesOf('"finish_reason"')
const ERROR = bytesOf('"error"')

/**
 * Whether events of a chat stream may hold more than a plain delta: usage, a finish reason, an error, the end. Most do
 * not, and this look at the bytes costs a fraction of decoding and parsing them; it runs for every event, so it is a
 * plain loop. Model text is never taken for a member: its quotes are escaped. A wrong yes only costs the parsing.
 */
export function isNotable(bytes: Uint8Array): boolean {
  const end = bytes.length - 1
  for (let at = 0; at < end; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      const next = bytes[at + 1]
      if (next === LOWER_U && startsValue(bytes, at, USAGE, OPEN_BRACE)) return true
      if (next === LOWER_F && startsValue(bytes, at, FINISH_REASON, QUOTE)) return true
      if (next === LOWER_E && startsValue(bytes, at, ERROR, null)) return true
    } else if (byte === OPEN_BRACKET && bytes[at + 1] === UPPER_D) return true // [DONE]
  }
  return false
}

/** Whether the member `name` stands at `start`, with a value that begins with `first`; `null`: with any. */
function startsValue(bytes: Uint8Array, start: number, name: Uint8Array, first: number | null): boolean {
  for (let index = 0; index < name.length; index++) if (bytes[start + index] !== name[index]) return false
  let at = start + name.length
  while (bytes[at] === COLON || (bytes[at] ?? QUOTE) <= 0x20) at++
  return first === null || bytes[at] === first
}
