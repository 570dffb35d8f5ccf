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

const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y

/**
 * Finds what a parser that tells no position has stumbled over; `null` when `text` is JSON. Linear in the input, whatever
 * its depth.
 */
export function jsonFault(text: string): JsonFault | null {
  /** What closes the objects and arrays around. */
  const closers: string[] = []
  let next: Next = 'value'
  let at = skipBlank(text, 0)
  while (at < text.length || closers.length > 0 || next !== 'more') {
    const character = text[at] ?? ''
    const closer = closers.at(-1)
    const mayClose = next === 'more' || next.startsWith('first')
    if (mayClose && character !== '' && character === closer) {
      closers.pop()
      next = 'more'
      at++
    } else if (next === 'more') {
      if (character !== ',' || closer === undefined) return faultAt(text, at, afterValue(closer))
      next = closer === '}' ? 'name' : 'value'
      at++
    } else if (next === 'colon') {
      if (character !== ':') return faultAt(text, at, EXPECTED.colon)
      next = 'value'
      at++
    } else if (character === '"') {
      const string = readString(text, at)
      if (string.expected !== null) return faultAt(text, string.at, string.expected)
      next = next.endsWith('name') ? 'colon' : 'more'
      at = string.at
    } else if (!next.endsWith('name') && (character === '{' || character === '[')) {
      closers.push(character === '{' ? '}' : ']')
      next = character === '{' ? 'first name' : 'first element'
      at++
    } else {
      const end = next.endsWith('name') ? null : endOf(SCALAR, text, at)
      if (end === null) return faultAt(text, at, EXPECTED[next])
      next = 'more'
      at = end
    }
    at = skipBlank(text, at)
  }
  return null
}

const afterValue = (closer: string | undefined): string => (closer === undefined ? 'the end' : `\`,\` or \`${closer}\``)

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++
  return at
}

/** Where a string ends, or where it is broken and what would have to stand there. */
function readString(text: string, from: number): { readonly at: number; readonly expected: string | null } {
  let at = from + 1
  while (at < text.length) {
    const character = text.charAt(at)
    if (character === '"') return { at: at + 1, expected: null }
    if (character < ' ') return { at, expected: 'an escape such as `\\n` instead of a control character in a text' }
    const end: number | null = character === '\\' ? endOf(ESCAPE, text, at) : at + 1
    if (end === null) return { at, expected: 'an escape that JSON knows, such as `\\n`, `\\"`, `\\\\` or `\\u00e9`' }
    at = end
  }
  return { at: from, expected: 'a closing `"` for the text that begins here' }
}

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}

function faultAt(text: string, at: number, expected: string): JsonFault {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n'), expected }
}
