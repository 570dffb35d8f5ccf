/** Where a text stops being JSON. */
export interface JsonFault {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number
  /** What would have to stand there, in a few words for people. */
  readonly expected: string
}

/** What may come next: a value, a member's name, its colon, or what follows a value. */
type Next = 'value' | 'first element' | 'name' | 'first name' | 'colon' | 'more'

const EXPECTED: Readonly<Record<Exclude<Next, 'more'>, string>> = {
  value: 'a value',
  'first element': 'a value or `]`',
  name: 'a name in double quotes',
  'first name': 'a name in double quotes or `}`',
  colon: '`:`',
}

const QUOTE = 0x22
const COMMA = 0x2c
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const EXPONENT = 0x65
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y

/**
 * Finds what a parser that tells no position has stumbled over; `null` when `text` is JSON. Linear in the input, whatever
 * its depth, and takes no more than a few times as long as the parser.
 */
export function jsonFault(text: string): JsonFault | null {
  /** What closes the objects and arrays around. */
  const closers: number[] = []
  let next: Next = 'value'
  let at = skipBlank(text, 0)
  while (at < text.length || closers.length > 0 || next !== 'more') {
    const code = text.charCodeAt(at) // not a number behind the end
    const closer = closers.at(-1)
    const isName: boolean = next === 'name' || next === 'first name'
    if (code === closer && (next === 'more' || next === 'first element' || next === 'first name')) {
      closers.pop()
      next = 'more'
      at++
    } else if (next === 'more') {
      if (code !== COMMA || closer === undefined) return faultAt(text, at, afterValue(closer))
      next = closer === CLOSE_BRACE ? 'name' : 'value'
      at++
    } else if (next === 'colon') {
      if (code !== COLON) return faultAt(text, at, EXPECTED.colon)
      next = 'value'
      at++
    } else if (code === QUOTE) {
      const end = endOfString(text, at)
      if (end === null) return faultInString(text, at)
      next = isName ? 'colon' : 'more'
      at = end
    } else if (!isName && (code === OPEN_BRACE || code === OPEN_BRACKET)) {
      closers.push(code === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET)
      next = code === OPEN_BRACE ? 'first name' : 'first element'
      at++
    } else {
      const end = isName ? null : endOfScalar(text, at)
      if (end === null) return faultAt(text, at, EXPECTED[next])
      next = 'more'
      at = end
    }
    at = skipBlank(text, at)
  }
  return null
}

const afterValue = (closer: number | undefined): string =>
  closer === undefined ? 'the end' : `\`,\` or \`${String.fromCharCode(closer)}\``

function skipBlank(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code === 0x20 || (code >= 0x09 && code <= 0x0d); code = text.charCodeAt(++at))
    if (code === 0x0b || code === 0x0c) return at
  return at
}

/** Most numbers are whole ones, which are read without a pattern. */
function endOfScalar(text: string, from: number): number | null {
  let at = from
  if (isDigit(text.charCodeAt(at)) && text.charCodeAt(at) !== ZERO) {
    while (isDigit(text.charCodeAt(at))) at++
    const code = text.charCodeAt(at)
    if (code !== POINT && (code | 0x20) !== EXPONENT) return at
  }
  return endOf(SCALAR, text, from)
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE

/** `null`: it is broken. */
function endOfString(text: string, from: number): number | null {
  let at = from + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code < 0x20) return null
    if (code === BACKSLASH) {
      const end = endOf(ESCAPE, text, at)
      if (end === null) return null
      at = end
    } else at++
  }
  return null
}

/** Of a string that is broken. */
function faultInString(text: string, from: number): JsonFault {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20) return faultAt(text, at, 'an escape such as `\\n` instead of a control character in a text')
    if (code !== BACKSLASH) continue
    const end = endOf(ESCAPE, text, at)
    if (end === null) return faultAt(text, at, 'an escape that JSON knows, such as `\\n`, `\\"`, `\\\\` or `\\u00e9`')
    at = end - 1
  }
  return faultAt(text, from, 'a closing `"` for the text that begins here')
}

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}

function faultAt(text: string, at: number, expected: string): JsonFault {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', start)) {
    line++
    start = end + 1
  }
  return { line, column: at - start + 1, expected }
}
