import { parseJson } from '../json.ts'

/** So much is taken off the end in search of something that can be closed: half a word, or the name of a member. */
const LONGEST_CUT = 200

/**
 * JSON that is still being written, as far as it can be read: open strings, lists and objects are closed, a member whose
 * value has not begun is left out. `undefined` when nothing can be read yet.
 */
export function partialJson(text: string): unknown {
  for (let end = text.length; end > Math.max(0, text.length - LONGEST_CUT); end--) {
    const start = text.slice(0, end)
    const value = parseJson(start + closersOf(start))
    if (value !== undefined) return value
  }
  return undefined
}

/** What would have to follow for all that is open to be closed. */
function closersOf(text: string): string {
  let closers = ''
  // Strings whole or open, with what is escaped in them, and the brackets outside of them.
  for (const [token, end] of text.matchAll(/"(?:[^"\\]|\\.)*("?)|[{}[\]]/gs)) {
    if (token === '{') closers = `}${closers}`
    else if (token === '[') closers = `]${closers}`
    else if (token === '}' || token === ']') closers = closers.slice(1)
    else if (end === '') closers = `"${closers}`
  }
  return closers
}
