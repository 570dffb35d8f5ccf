/** Letters to insert, remove or replace to turn one word into the other (Levenshtein). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [row, letter] of a.split('').entries()) {
    const current = [row + 1]
    for (const [column, other] of b.split('').entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1)
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    previous = current
  }
  return previous.at(-1) ?? 0
}

/**
 * The word somebody may have meant, if one is near: two edits away (two swapped letters are two edits),
 * or a quarter of the length for long words, unless `reach` says how many.
 */
export function nearest(
  word: string,
  words: readonly string[],
  reach = Math.max(2, Math.floor(word.length / 4)),
): string | null {
  let best: string | null = null
  let bestDistance = Math.min(reach, word.length - 1) + 1
  for (const candidate of words) {
    // No fewer edits than letters too many: most words are told by their length.
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue
    const edits = distance(word, candidate)
    if (edits >= bestDistance) continue
    best = candidate
    bestDistance = edits
  }
  return best
}
