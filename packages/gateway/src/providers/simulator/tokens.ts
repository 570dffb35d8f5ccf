/** At most 16 letters or digits, or one other character, each with the blanks before it. Blanks at the end are one. */
const TOKEN = /\s*(?:[\p{L}\p{M}\p{N}]{1,16}|\S)|\s+/gu

/** Cuts a text into the pieces it is streamed in and counted by. Joined again they are the text, to the last blank. */
export function* tokens(text: string): Generator<string> {
  for (const [token] of text.matchAll(TOKEN)) yield token
}

export function countTokens(text: string): number {
  let count = 0
  for (const _token of tokens(text)) count++
  return count
}

/** The first `limit` tokens of a text; the text itself when it has no more. */
export function firstTokens(text: string, limit: number): string {
  let left = limit
  let end = 0
  for (const token of tokens(text)) {
    if (left-- <= 0) return text.slice(0, end)
    end += token.length
  }
  return text
}
