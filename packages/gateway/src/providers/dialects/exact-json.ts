/**
 * A number that JavaScript would write otherwise than it was written: `1.0`, `1e2`, `-0`, `12345678901234567890`. It is held
 * as its text, and `JSON.stringify` writes this text. See https://github.com/tc39/proposal-json-parse-with-source.
 */
interface WrittenNumber {
  readonly rawJSON: string
}

declare global {
  /** The runtime has them; TypeScript's library does not yet. */
  interface JSON {
    rawJSON(text: string): WrittenNumber
    isRawJSON(value: unknown): value is WrittenNumber
  }
}

/**
 * Parses JSON so that `JSON.stringify` writes its numbers as they were written. What translates passes on whatever it holds;
 * what reads a number does so with `numberOf`. Throws SyntaxError, and RangeError for thousands of levels with such a number
 * among them.
 */
export const parseExactly = (text: string): unknown =>
  // To be told the text of every number makes parsing some five times as slow: only where one would change.
  changesNumbers(text) ? JSON.parse(text, withText) : JSON.parse(text)

/** A number, however it is held; `null`: it is none. */
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' ? value : JSON.isRawJSON(value) ? Number(value.rawJSON) : null

/** A value to be compared with others: a number however it is held, anything else as it is. */
export const comparable = (value: unknown): unknown => numberOf(value) ?? value

/** What a reviver is told besides, for a number: the text it was written in. */
interface Source {
  readonly source?: string
}

const withText = (_name: string, value: unknown, { source }: Source = {}): unknown =>
  typeof value === 'number' && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** Whether JSON holds a number that would be written otherwise. One look at each character; of what is no JSON it means nothing. */
function changesNumbers(text: string): boolean {
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(text, at)
    else if (code === MINUS || isDigit(code)) {
      const end = numberEnd(text, at)
      if (!isShort(text, at, end) && isChanged(text.slice(at, end))) return true
      at = end
    } else at++
  }
  return false
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE

const isChanged = (written: string): boolean => String(Number(written)) !== written

function numberEnd(text: string, start: number): number {
  let at = start + 1
  while (isNumeric(text.charCodeAt(at))) at++
  return at
}

/** Digits, `+`, `-`, `.`, `e`, `E`. */
const isNumeric = (code: number): boolean =>
  isDigit(code) || code === 0x2b || code === MINUS || code === 0x2e || code === 0x65 || code === 0x45

/** As many digits as every number holds. */
const SHORT_NUMBER = 15

/** Whether the number is a short integer without a sign, as nearly all are: that needs no trying. */
function isShort(text: string, start: number, end: number): boolean {
  if (end - start > SHORT_NUMBER) return false
  for (let at = start; at < end; at++) if (!isDigit(text.charCodeAt(at))) return false
  return true
}

/** Most strings are short; the end of a long one the runtime finds faster. */
const SHORT_STRING = 32

/** `start` is at the opening quote; the answer is just past the closing one, or where the text ends. */
function stringEnd(text: string, start: number): number {
  let at = start + 1
  for (const far = at + SHORT_STRING; at < far; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  at = text.indexOf('"', at)
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1)
  return at === -1 ? text.length : at + 1
}

/** After an odd number of backslashes. */
function isEscaped(text: string, at: number): boolean {
  let from = at
  while (text.charCodeAt(from - 1) === BACKSLASH) from--
  return (at - from) % 2 === 1
}
