/**
 * Where a member of a JSON object stands in the bytes it was written in. All numbers are byte offsets; ends are
 * exclusive. `name` is decoded (`"mod\u0065l"` is `model`).
 */
export interface JsonMember {
  readonly name: string
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

const decoder = new TextDecoder()

/**
 * The top-level members of the JSON object in `bytes`, in the order they were written, duplicates included. The bytes
 * must be valid JSON (parse them first): nothing is checked again here. Linear in the input, whatever its depth.
 */
export function jsonMembers(bytes: Uint8Array): JsonMember[] {
  const members: JsonMember[] = []
  let at = skipBlank(bytes, 0)
  if (bytes[at] !== OPEN_BRACE) return members
  at = skipBlank(bytes, at + 1)
  while (at < bytes.length && bytes[at] !== CLOSE_BRACE) {
    const keyStart = at
    const keyEnd = skipString(bytes, at)
    const valueStart = skipBlank(bytes, skipBlank(bytes, keyEnd) + 1) // past the colon
    const valueEnd = skipValue(bytes, valueStart)
    members.push({ name: readString(bytes, keyStart, keyEnd), keyStart, keyEnd, valueStart, valueEnd })
    at = skipBlank(bytes, valueEnd)
    if (bytes[at] === COMMA) at = skipBlank(bytes, at + 1)
  }
  return members
}

/** Where the elements of the JSON array in `bytes` stand; as with members, the bytes must be valid JSON. */
export function jsonElements(bytes: Uint8Array): { readonly start: number; readonly end: number }[] {
  const elements: { readonly start: number; readonly end: number }[] = []
  let at = skipBlank(bytes, 0)
  if (bytes[at] !== OPEN_BRACKET) return elements
  at = skipBlank(bytes, at + 1)
  while (at < bytes.length && bytes[at] !== CLOSE_BRACKET) {
    const end = skipValue(bytes, at)
    elements.push({ start: at, end })
    at = skipBlank(bytes, end)
    if (bytes[at] === COMMA) at = skipBlank(bytes, at + 1)
  }
  return elements
}

/** Names are nearly always short and plain, and then putting them together costs less than a decoder's call. */
function readString(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start + 1; at < end - 1; at++) {
    const byte = bytes[at] ?? 0
    if (byte === BACKSLASH || byte > 0x7e) return String(JSON.parse(decoder.decode(bytes.subarray(start, end))))
    text += String.fromCharCode(byte)
  }
  return text
}

function skipBlank(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && (bytes[at] ?? 0) <= 0x20) at++
  return at
}

/** `from` is at the opening quote; the answer is just past the closing one. */
function skipString(bytes: Uint8Array, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function skipValue(bytes: Uint8Array, from: number): number {
  const first = bytes[from]
  if (first === QUOTE) return skipString(bytes, from)
  return first === OPEN_BRACE || first === OPEN_BRACKET ? skipNested(bytes, from) : skipScalar(bytes, from)
}

function skipNested(bytes: Uint8Array, from: number): number {
  let depth = 0
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = skipString(bytes, at)
      continue
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
    at++
    if (depth === 0) return at
  }
  return at
}

function skipScalar(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte === COLON || byte <= 0x20) return at
    at++
  }
  return at
}

/**
 * Whether objects and arrays stand in one another deeper than `limit`. Asked before the bytes are parsed, for which
 * millions of levels would take a second; whatever else is wrong with them is not looked at.
 */
export function isNestedDeeper(bytes: Uint8Array, limit: number): boolean {
  let depth = 0
  let at = 0
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = skipString(bytes, at)
      continue
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
    if (depth > limit) return true
    at++
  }
  return false
}
