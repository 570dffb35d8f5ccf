/** Longer texts are compared by their beginnings: it bounds the work, and few models are told apart so late. */
const COMPARED_LENGTH = 64

/** Candidates beyond are not looked at: a wrong model name must stay cheap to refuse. */
const MOST_CANDIDATES = 20_000

/** Below this likeness a suggestion puzzles more than it helps. */
const LEAST_LIKENESS = 0.4

/**
 * The texts most like `wanted`, best first; none when nothing is close. Likeness is told from the pairs of neighbouring
 * letters two texts share, in any letter case: typing errors, missing parts and other orders all leave most pairs
 * whole, and 20,000 candidates cost a few milliseconds, which an edit distance would not. Beginning and end count as
 * letters: of short names they are most of what stays whole.
 */
export function closest(wanted: string, candidates: Iterable<string>, limit = 3): readonly string[] {
  const pairs = pairsOf(wanted)
  const marked = new Uint8Array(PAIRS)
  for (const pair of pairs) marked[pair] = 1
  let best: { readonly text: string; readonly likeness: number }[] = []
  let seen = 0
  for (const text of candidates) {
    if (++seen > MOST_CANDIDATES) break
    const likeness = likenessOf(marked, pairs.length, pairsOf(text))
    if (likeness < LEAST_LIKENESS || (best.length === limit && likeness <= (best.at(-1)?.likeness ?? 0))) continue
    if (best.some((other) => other.text === text)) continue
    best = [...best, { text, likeness }].sort((one, other) => other.likeness - one.likeness).slice(0, limit)
  }
  return best.map(({ text }) => text)
}

/**
 * From 0 to 1: the mean of two views. Shared pairs in both texts together: `gpt-4o` is more like `gpt-4` than like
 * `gpt-4o-mini-audio`. Shared pairs in the shorter one: `llama3` is all but a part of `llama-3.3-70b`.
 */
function likenessOf(marked: Uint8Array, markedLength: number, pairs: readonly number[]): number {
  let shared = 0
  for (const pair of pairs) shared += marked[pair] ?? 0
  const shorter = Math.min(markedLength, pairs.length)
  const ofBoth = (2 * Math.min(shared, shorter)) / Math.max(1, markedLength + pairs.length)
  // A text of one or two pairs, such as `o1`, is a part of nearly everything.
  const ofShorter = Math.min(shared, shorter) / Math.max(3, shorter)
  return (ofBoth + ofShorter) / 2
}

const LETTER_BITS = 7
const LETTER_MASK = (1 << LETTER_BITS) - 1
const PAIRS = 1 << (2 * LETTER_BITS)

/** Each pair of neighbours as one number. Exact for ASCII, which model ids are; near enough for the rest. */
function pairsOf(text: string): readonly number[] {
  const letters = `\n${text.slice(0, COMPARED_LENGTH).toLowerCase()}\n`
  const pairs: number[] = []
  for (let index = 1; index < letters.length; index++) {
    const before = letters.charCodeAt(index - 1) & LETTER_MASK
    pairs.push((before << LETTER_BITS) | (letters.charCodeAt(index) & LETTER_MASK))
  }
  return pairs
}
